import assert from 'node:assert/strict';

import { startBench } from '../nut/bench';
import { runClient } from '../support/nut-clients';
import type { HomeAssistant } from '../support/home-assistant';

/** Home Assistant's own integration `nut` beside our server: what it shows follows the UPS, and it switches a port. */
export async function usesNutServer(assistant: HomeAssistant): Promise<void> {
  const bench = await startBench({ commandPorts: '0' });
  let remove = (): Promise<void> => Promise.resolve();
  try {
    await bench.shows('OL');
    const login = { host: '127.0.0.1', port: bench.port, username: 'admin', password: '123456' };
    remove = await assistant.addIntegration('nut', { user: login, ups: { alias: 'ups' } });
    const state = async (id: string): Promise<string | undefined> =>
      (await assistant.states()).get(id)?.state;
    assert.equal(await state('sensor.ups_status'), 'Online');
    const { out } = await runClient('upsc', [`ups@127.0.0.1:${bench.port}`]);
    const told = new Map(out.split('\n').map((line) => line.split(': ') as [string, string]));
    for (const port of [1, 6, 12]) {
      const name = told.get(`outlet.${port}.desc`)?.toLowerCase().replaceAll(' ', '_');
      const power = await state(`sensor.ups_outlet_${String(name)}_real_power`);
      assert.equal(Number(power), Number(told.get(`outlet.${port}.realpower`)), `port ${port}`);
    }
    bench.ups.model.setMains(false);
    await bench.shows('OB');
    // It polls once a minute.
    await assistant.callService('homeassistant', 'update_entity', 'sensor.ups_status');
    await assistant.waitFor('sensor.ups_status', (one) => one?.state.startsWith('On Battery') === true);
    const outlets = [...(await assistant.states()).keys()].filter((id) => id.startsWith('switch.ups_'));
    assert.deepEqual(outlets, ['switch.ups_power_outlet_router'], 'the port that is listed');
    const from = bench.runtime.debug.length;
    await assistant.callService('switch', 'turn_off', 'switch.ups_power_outlet_router');
    assert.equal((await bench.waitForEvent('outcome', from)).ok, true);
    await bench.shows('OB');
    await assistant.callService('homeassistant', 'update_entity', 'sensor.ups_status');
    await assistant.waitFor('switch.ups_power_outlet_router', (one) => one?.state === 'off');
    assert.deepEqual([bench.ups.model.outputs[0], bench.ups.model.toggles], [false, 1]);
  } finally {
    await remove();
    await bench.close();
  }
}
