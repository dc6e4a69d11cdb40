import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { Transport } from '../../lib/core/http/transport';
import { EnapterClient } from '../../lib/enapter/rest/client';
import type { LatestValue } from '../../lib/enapter/rest/latest';
import { enapter } from '../../scripts/demo/systems/enapter';
import { poweropti } from '../../scripts/demo/systems/poweropti';
import { powersentrix } from '../../scripts/demo/systems/powersentrix';
import type { DemoSystem } from '../../scripts/demo/system';
import { projectRoot } from '../../scripts/support/project-root';
import { IDS } from '../../simulators/enapter';
import { type Runtime, startRuntime } from '../support/runtime';
import type { FlowNode } from '../support/user-dir';

/** A flow of the demo, with its environment variables filled in. */
function demoFlow(file: string, variables: Readonly<Record<string, string>>): FlowNode[] {
  const text = readFileSync(path.join(projectRoot(), 'scripts/demo/flows', file), 'utf8');
  const fill = (_whole: string, name: string): string => JSON.stringify(variables[name] ?? '').slice(1, -1);
  return JSON.parse(text.replace(/\$\{(DEMO_\w+)\}/g, fill)) as FlowNode[];
}

describe('the Enapter tab of the demo', () => {
  let systems: DemoSystem[];
  let runtime: Runtime;
  let transport: Transport;
  let ems: EnapterClient;
  let variables: Record<string, string>;

  before(async () => {
    systems = await Promise.all([
      poweropti({}),
      powersentrix({ DEMO_NODE_RED: 'http://127.0.0.1:9' }),
      enapter({}),
    ]);
    variables = Object.assign({}, ...systems.map((one) => one.variables)) as Record<string, string>;
    transport = new Transport();
    ems = new EnapterClient(
      { url: variables.DEMO_ENAPTER_URL, token: variables.DEMO_ENAPTER_TOKEN },
      transport,
    );
    runtime = await startRuntime();
    const files = ['10-poweropti.json', '20-powersentrix.json', '50-enapter.json'];
    await runtime.deploy(files.flatMap((file) => demoFlow(file, variables)));
  });
  after(async () => {
    await runtime.stop();
    transport.close();
    await Promise.all(systems.map((one) => one.close()));
  });

  /** Asks the EMS until an attribute has a value that will do. */
  async function inEms(id: string, name: string, will: (value: unknown) => boolean): Promise<LatestValue> {
    for (;;) {
      const found = (await ems.latest(id, { attributes: name }))[name];
      if (found && will(found.value)) return found;
    }
  }

  it('shows the readings of the meter and of the UPS of the other tabs', async () => {
    await inEms(IDS.meter, 'power', (value) => typeof value === 'number');
    await inEms(IDS.ups, 'power_source', (value) => value === 'mains');
    await inEms(IDS.ups, 'battery_voltage', (value) => typeof value === 'number' && value > 0);
  });

  it('generates a configuration of either kind for a device, as the button in the dialog does, and connects with it', async () => {
    const fields = { url: variables.DEMO_ENAPTER_URL, deviceId: IDS.gateway };
    const credentials = { token: variables.DEMO_ENAPTER_TOKEN };
    for (const protocol of ['MQTTS', 'MQTT']) {
      const generated = await runtime.post('energy-devices/enapter-account/new/generate', {
        settings: { ...fields, protocol },
        credentials,
      });
      const { config } = JSON.parse(generated.text) as { config: string };
      const tested = await runtime.post('energy-devices/enapter-connection/new/test', {
        settings: {},
        credentials: { config },
      });
      assert.equal((JSON.parse(tested.text) as { protocol: string }).protocol, protocol, tested.text);
    }
  });

  it('switches an output of that UPS, and says why it does not', async function () {
    this.timeout(120_000);
    const { value } = await inEms(IDS.ups, 'nas_on', (one) => typeof one === 'boolean');
    const command = (args: object): ReturnType<EnapterClient['execute']> =>
      ems.execute(IDS.ups, { name: 'set_output', arguments: args });
    const done = await command({ port: 4, on: !value });
    assert.equal(done.state, 'SUCCESS', JSON.stringify(done));
    assert.deepEqual(done.response?.payload, {
      port: 4,
      action: value ? 'off' : 'on',
      on: !value,
      changed: true,
      verified: true,
    });
    await inEms(IDS.ups, 'nas_on', (one) => one === !value);
    for (const wrong of [{ port: 12, on: true }, { port: 4 }]) {
      assert.equal((await command(wrong)).state, 'ERROR');
    }
  });
});
