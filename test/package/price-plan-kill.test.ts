import assert from 'node:assert/strict';

import { startPowercontroller } from '../../simulators/powercontroller';
import { type FlowNode, startRuntime } from '../support/runtime';

const HOUR = 3_600_000;
const PLACE = { z: 'tab', x: 100, y: 100 };

describe('a plan that a power controller keeps', () => {
  it('goes on when Node-RED is killed', async function () {
    this.timeout(300_000);
    let ahead = 0;
    const simulator = await startPowercontroller({ now: () => Date.now() + ahead });
    const hour = Math.floor(Date.now() / HOUR) * HOUR;
    // The next hour but one, and the one after the next, are cheap.
    const priceData = [9, 8, 2, 7, 1, 9].map((value, i) => ({
      value,
      start: new Date(hour + i * HOUR).toISOString(),
      end: new Date(hour + (i + 1) * HOUR).toISOString(),
    }));
    const clock = (ms: number): string => new Date(ms).toISOString().slice(11, 16);
    const flows: FlowNode[] = [
      { id: 'tab', type: 'tab', label: 'plan' },
      {
        ...{ id: 'account', type: 'powercontroller-account', url: simulator.url },
        credentials: { token: simulator.token },
      },
      {
        ...PLACE,
        ...{
          id: 'inject',
          type: 'inject',
          props: [{ p: 'payload' }],
          payload: JSON.stringify({ priceData }),
        },
        ...{ payloadType: 'json', once: true, onceDelay: 0.1, wires: [['plan']] },
      },
      {
        ...PLACE,
        ...{ id: 'plan', type: 'energy-price-plan', hours: 2, schedule: true, zone: 'UTC' },
        ...{ from: clock(hour - HOUR), to: clock(hour + 6 * HOUR), wires: [[], [], ['command']] },
      },
      {
        ...PLACE,
        ...{ id: 'command', type: 'powercontroller-command', account: 'account', operation: 'msg' },
        ...{ deviceId: simulator.deviceId, wires: [['read']] },
      },
      {
        ...PLACE,
        ...{ id: 'read', type: 'powercontroller-status', account: 'account', operation: 'get' },
        ...{ deviceId: simulator.deviceId, wires: [['plan', 'debug']] },
      },
      { ...PLACE, id: 'debug', type: 'debug', active: true, complete: 'payload', wires: [] },
    ];
    const runtime = await startRuntime();
    try {
      await runtime.deploy(flows);
      await runtime.waitForDebug(({ id }) => id === 'debug');
      await runtime.waitForStatus('plan', ({ fill }) => fill === 'grey');
    } finally {
      await runtime.kill();
    }
    const controller = simulator.controller(simulator.deviceId);
    const seen: boolean[] = [];
    for (let i = 0; i < 6; i++) {
      ahead = hour + (i + 0.5) * HOUR - Date.now();
      if (i === 0) continue;
      controller.describe();
      seen.push(controller.on);
    }
    const switched = controller
      .statuses(hour, hour + 6 * HOUR)
      .filter(({ type }) => type === 'relay')
      .reverse()
      .map(({ date, reason, info }) => [(Date.parse(date) - hour) / HOUR, reason, info.on]);
    await simulator.close();
    assert.deepEqual(seen, [false, true, false, true, false]);
    assert.deepEqual(switched, [
      [2, 'timer', true],
      [3, 'timer', false],
      [4, 'timer', true],
      [5, 'timer', false],
    ]);
    assert.equal(simulator.carriedOut.length, 1, 'written once, and read back');
  });
});
