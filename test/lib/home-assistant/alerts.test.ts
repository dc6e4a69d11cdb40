import assert from 'node:assert/strict';

import { begin } from '../../support/home-assistant-export';

const EMS = { vendor: 'enapter', id: 'e1', model: 'LUA', name: 'Electrolyser' };
const TOPIC = 'energy-devices/enapter_e1/event';
const MANIFEST = { alerts: { hot: { display_name: 'Too hot', severity: 'error' }, dry: 'nonsense' } };

describe('alerts of a device in Home Assistant', () => {
  const start = () => {
    const begun = begin();
    const { connect, clock, own, broker } = begun;
    connect();
    const get = async (names: unknown, manifest: unknown = MANIFEST): Promise<unknown[]> => {
      own.take({ device: EMS, payload: { blueprintId: 'b', raisedAlertNames: names, manifest } });
      await clock.advance(5000);
      return broker
        .take()
        .filter(({ topic }) => topic === TOPIC)
        .map(({ payload, retain }) => {
          assert.equal(retain, false);
          return JSON.parse(payload) as unknown;
        });
    };
    return { ...begun, get };
  };

  it('are events when they come and go, with the words of the manifest', async () => {
    const { get, broker } = start();
    assert.deepEqual(await get([]), []);
    const document = JSON.parse(
      broker.retained.get('homeassistant/device/nred_enapter_e1/config') ?? '{}',
    ) as { components: Record<string, object> };
    assert.deepEqual(document.components.alert, {
      ...{ platform: 'event', unique_id: 'nred_enapter_e1_alert', name: 'alert' },
      ...{ default_entity_id: 'event.electrolyser_alert', state_topic: TOPIC },
      event_types: ['raised', 'cleared'],
    });
    assert.deepEqual(await get(['hot', 'dry']), [
      { event_type: 'raised', alert: 'hot', label: 'Too hot', severity: 'error' },
      { event_type: 'raised', alert: 'dry', label: 'dry' },
    ]);
    assert.deepEqual(await get(['hot', 'dry']), [], 'those that last are told once');
    // A device told without its manifest has the same alerts.
    assert.deepEqual(await get(['dry'], undefined), [
      { event_type: 'cleared', alert: 'hot', label: 'Too hot', severity: 'error' },
    ]);
  });

  it('that were raised before the first look are no events, since they may have been told before a restart', async () => {
    const { get } = start();
    assert.deepEqual(await get(['hot']), []);
    assert.deepEqual(await get([]), [
      { event_type: 'cleared', alert: 'hot', label: 'Too hot', severity: 'error' },
    ]);
  });

  it('stay as they are while nobody tells them, and bear what is no name', async () => {
    const { get } = start();
    await get(['hot']);
    assert.deepEqual(await get(null), []);
    assert.deepEqual(await get(['hot', 7, '', null, '__proto__']), [
      { event_type: 'raised', alert: '__proto__', label: '__proto__' },
    ]);
    const many = await get(Array.from({ length: 500 }, (_, i) => `a${i}`));
    assert.equal(many.length, 20, 'the newest of them');
  });
});
