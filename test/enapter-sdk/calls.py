"""Makes every call of the vendor's SDK against an EMS, and prints a line of JSON for each.

Arguments: base URL, token, id of a site, id of a blueprint, id of a gateway. A device that the SDK itself speaks for
answers the commands, so the calls of its HTTP client and of its MQTT client hang together as they do in the field.
"""

import asyncio
import base64
import contextlib
import datetime
import json
import sys
import traceback

from enapter import mqtt, standalone
from enapter.http import api
from enapter.standalone.mqtt_adapter import MQTTAdapter

BASE_URL, TOKEN, SITE, BLUEPRINT, GATEWAY = sys.argv[1:6]


def report(name, problem=None):
    print(json.dumps({"name": name, "problem": problem}), flush=True)


async def call(name, work):
    """Awaits a call and reports it. Returns what it gave, or None."""
    try:
        result = await asyncio.wait_for(work, 20)
        report(name)
        return result
    except Exception:
        report(name, traceback.format_exc()[-1500:])
        return None


async def collect(stream_manager):
    async with stream_manager as stream:
        return [item async for item in stream]


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


class Meter(standalone.Device):
    """A device as the SDK's users write them."""

    async def run(self):
        while True:
            await self.send_properties({"model": "sdk", "serial": "1"})
            await self.send_telemetry({"power": 1.5, "state": "ok", "alerts": ["over_load"]})
            await self.logger.info("hello")
            await asyncio.sleep(0.2)

    async def cmd_double(self, value):
        return value * 2


@contextlib.asynccontextmanager
async def device_of(config):
    """Speaks for a device with a configuration that the EMS generated."""
    blob = base64.b64encode(json.dumps(config.to_dto()).encode()).decode()
    communication = standalone.CommunicationConfig.from_blob(blob)
    async with mqtt.api.Client(config=communication.mqtt_api) as client:
        async with MQTTAdapter(
            hardware_id=communication.hardware_id,
            channel_id=communication.channel_id,
            mqtt_api_client=client,
            device=Meter(),
            task_group=None,
        ):
            yield communication


async def until(ask, good):
    while True:
        found = await ask()
        if good(found):
            return found
        await asyncio.sleep(0.05)


async def sites(client):
    location = api.sites.Location(name="Here", latitude=48.1, longitude=17.1)
    site = await call("sites.create", client.sites.create("Lab", "Europe/Berlin", location))
    await call("sites.get", client.sites.get(SITE))
    await call("sites.get of the gateway", client.sites.get(None))
    await call("sites.list", collect(client.sites.list()))
    await call("sites.update", client.sites.update(site.id, name="Laboratory"))
    await call("sites.update of the gateway", client.sites.update(None, timezone="Europe/Bratislava"))

    async def kept():
        found = await client.sites.get(site.id)
        expect((found.name, found.timezone) == ("Laboratory", "Europe/Berlin"), found)

    await call("sites.update leaves what is not given", kept())
    await call("sites.delete", client.sites.delete(site.id))


async def devices(client):
    device = await call("devices.create_standalone", client.devices.create_standalone("Meter", SITE, "sdk-meter"))
    await call("devices.create_standalone with a name alone", client.devices.create_standalone("Unnamed"))
    await call("devices.create_vucm", client.devices.create_vucm("Module", None, SITE))
    await call("devices.create_lua", client.devices.create_lua(GATEWAY, BLUEPRINT, "Script"))
    await call("devices.get", client.devices.get(device.id))
    await call("devices.get with all", client.devices.get(device.id, True, True, True, True, True))
    await call("devices.list", collect(client.devices.list()))
    await call("devices.list with all", collect(client.devices.list(True, True, True, True, True)))
    await call("devices.list of a site", collect(client.devices.list(site_id=SITE, offset=1, limit=2)))
    await call("devices.update name", client.devices.update(device.id, name="Renamed"))
    await call("devices.update slug", client.devices.update(device.id, slug="renamed"))

    async def kept():
        found = await client.devices.get(device.id)
        expect((found.name, found.slug) == ("Renamed", "renamed"), found)

    await call("devices.update leaves what is not given", kept())
    await call("devices.assign_blueprint", client.devices.assign_blueprint(device.id, BLUEPRINT))
    return device


async def telemetry(client, device):
    now = datetime.datetime.now(datetime.timezone.utc)
    hour = datetime.timedelta(hours=1)
    selectors = [
        api.telemetry.Selector(device=device.id, attributes=["power", "voltage"]),
        api.telemetry.Selector(device=GATEWAY, attributes=["load"]),
    ]

    async def latest():
        found = await client.telemetry.latest({device.id: ["power", "none"]}, 60)
        expect(found[device.id]["power"].value == 1.5 and found[device.id]["none"] is None, found)

    async def wide():
        found = await client.telemetry.wide_timeseries(now - hour, now, 60, selectors)
        expect([column.labels.telemetry for column in found.columns] == ["power", "voltage", "load"], found)
        expect(len(found.timestamps) == 60, len(found.timestamps))

    async def long():
        async with client.telemetry.long_timeseries(now - hour, now, 60, selectors) as stream:
            rows = [row async for row in stream]
        expect({row.device_id for row in rows} == {device.id, GATEWAY}, rows[:2])

    await call("telemetry.latest", latest())
    await call("telemetry.wide_timeseries", wide())
    await call("telemetry.long_timeseries", long())


async def commands(client, device):
    async def execute():
        found = await client.commands.execute(device.id, "double", {"value": 21}, expand_log=True)
        expect(found.state is api.commands.ExecutionState.SUCCESS, found)
        expect(found.response.payload == {"result": 42} and len(found.log) == 1, found)

    async def fail():
        found = await client.commands.execute(device.id, "unknown")
        expect(found.state is api.commands.ExecutionState.ERROR, found)

    await call("commands.execute", execute())
    await call("commands.execute of one that fails", fail())
    started = await call("commands.create_execution", client.commands.create_execution(device.id, "double", {"value": 1}))
    await call("commands.get_execution", client.commands.get_execution(device.id, started.id, expand_log=True))
    order = api.commands.ListExecutionsOrder.CREATED_AT_DESC
    state = [api.commands.ExecutionState.ERROR]

    async def listed():
        found = await collect(client.commands.list_executions(device_id=device.id))
        expect([one.request.name for one in found][-3:] == ["double", "unknown", "double"], found)

    await call("commands.list_executions", listed())
    await call("commands.list_executions of a site", collect(client.commands.list_executions(site_id=SITE, device_id=device.id, order=order)))

    async def filtered():
        found = await collect(client.commands.list_executions(device_id=device.id, state=state, name="unknown"))
        expect(len(found) == 1, found)

    await call("commands.list_executions by state and name", filtered())


async def answering(client, device):
    """Commands arrive when the device has subscribed."""
    await until(
        lambda: client.commands.execute(device.id, "double", {"value": 21}),
        lambda found: found.state is api.commands.ExecutionState.SUCCESS,
    )


async def as_device(client, device):
    """The same device over MQTT and over MQTTS."""
    for protocol in (api.devices.MQTTProtocol.MQTT, api.devices.MQTTProtocol.MQTTS):
        config = await call(
            f"devices.generate_communication_config {protocol.value}",
            client.devices.generate_communication_config(device.id, protocol),
        )
        if config is None:
            continue

        async def speak():
            async with device_of(config):
                await until(
                    lambda: client.telemetry.latest({device.id: ["power"]}, 60),
                    lambda found: found[device.id]["power"] is not None,
                )
                await until(
                    lambda: client.devices.get(device.id, expand_properties=True),
                    lambda found: (found.properties or {}).get("model") == "sdk",
                )
                found = await client.devices.get(device.id, expand_raised_alert_names=True)
                expect(found.raised_alert_names == ["over_load"], found)
                await answering(client, device)

        await call(f"a device of the SDK over {protocol.value}", speak())


async def blueprints(client):
    await call("blueprints.upload", client.blueprints.upload(b"PK\x05\x06" + bytes(18)))
    await call("blueprints.get", client.blueprints.get(BLUEPRINT))
    await call("blueprints.validate", client.blueprints.validate(b"PK\x05\x06" + bytes(18)))
    await call("blueprints.download", client.blueprints.download(BLUEPRINT))
    await call("blueprints.download_device_profiles", client.blueprints.download_device_profiles())


async def rules(client):
    engine = client.rule_engine
    script = api.rule_engine.RuleScript(code="return 1", runtime_version=api.rule_engine.RuntimeVersion.V3)
    for site in (None, SITE):
        of = "" if site is None else " of a site"
        await call(f"rule_engine.get{of}", engine.get(site))
        await call(f"rule_engine.suspend{of}", engine.suspend(site))
        await call(f"rule_engine.resume{of}", engine.resume(site))
    rule = await call("rule_engine.create_rule", engine.create_rule(script, "a-rule"))
    await call("rule_engine.list_rules", collect(engine.list_rules()))
    await call("rule_engine.get_rule", engine.get_rule(rule.id))
    await call("rule_engine.update_rule", engine.update_rule(rule.id, "b-rule"))
    await call("rule_engine.update_rule_script", engine.update_rule_script(rule.id, script))
    await call("rule_engine.disable_rule", engine.disable_rule(rule.id))
    await call("rule_engine.enable_rule", engine.enable_rule(rule.id))
    await call("rule_engine.delete_rule", engine.delete_rule(rule.id))


async def main():
    async with api.Client(api.Config(base_url=BASE_URL, token=TOKEN)) as client:
        await sites(client)
        device = await devices(client)
        await as_device(client, device)
        config = await client.devices.generate_communication_config(device.id, api.devices.MQTTProtocol.MQTT)
        async with device_of(config):
            await answering(client, device)
            await telemetry(client, device)
            await commands(client, device)
        await blueprints(client)
        await rules(client)
        await call("devices.delete", client.devices.delete(device.id))
    report("end")


asyncio.run(main())
