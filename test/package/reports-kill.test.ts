import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type FlowNode, type Runtime, startRuntime } from '../support/runtime';

const HOUR = 3_600_000;
const KILLS = 4;
const PLACE = { z: 'tab', x: 100, y: 100 };

const FLOWS: FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'kill' },
  { ...PLACE, id: 'in', type: 'http in', url: '/sessions', method: 'post', wires: [['report']] },
  {
    ...PLACE,
    ...{ id: 'report', type: 'charging-report', price: 'fixed', fixedPrice: 0.3, zone: 'UTC', settle: 0 },
    wires: [['out'], ['debug']],
  },
  { ...PLACE, id: 'out', type: 'http response', statusCode: '200', wires: [] },
  { ...PLACE, id: 'in2', type: 'http in', url: '/signal', method: 'post', wires: [['of']] },
  {
    ...PLACE,
    ...{ id: 'of', type: 'change', wires: [['log']] },
    rules: [
      {
        t: 'set',
        p: 'device',
        pt: 'msg',
        to: '{"id":"site","vendor":"powerflex","name":"Garage"}',
        tot: 'json',
      },
      { t: 'set', p: 'operation', pt: 'msg', to: 'set_external_signal', tot: 'str' },
    ],
  },
  // Answered when the message has been worked on, and what it began has been written.
  { ...PLACE, id: 'worked', type: 'complete', scope: ['log'], wires: [['done']] },
  { ...PLACE, id: 'done', type: 'http response', statusCode: '200', wires: [] },
  {
    ...PLACE,
    ...{ id: 'log', type: 'grid-event-log', zone: 'UTC', longestGap: 1, wires: [['debug'], []] },
  },
  { ...PLACE, id: 'debug', type: 'debug', active: true, complete: 'payload', wires: [] },
];

describe('a charging report in a Node-RED that is killed', () => {
  it(`bills each session once, whatever was under way: ${KILLS} kills`, async function () {
    this.timeout(300_000);
    const folder = mkdtempSync(join(tmpdir(), 'reports-kill-'));
    const now = new Date();
    const start = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1) - 40 * 24 * HOUR;
    const session = (i: number): object => ({
      ...{
        start: new Date(start + i * HOUR).toISOString(),
        end: new Date(start + (i + 0.5) * HOUR).toISOString(),
      },
      ...{ startSeen: true, endSeen: true, energy: 1000, evseAddress: 'A1' },
    });
    let runtime: Runtime | undefined;
    let billed = 0;
    let asked = 0;
    try {
      for (let kill = 0; kill <= KILLS; kill++) {
        runtime = await startRuntime({ userDir: folder, flows: FLOWS });
        // What was under way is asked for again, as a flow does that asks for the last days.
        const list = Array.from({ length: (kill + 1) * 50 }, (_, i) => session(i));
        const reply = await runtime.post('sessions', list);
        assert.equal(reply.status, 200);
        asked = list.length;
        const answer = reply.json() as { taken: { new: number; known: number } };
        // All that was answered before is known.
        assert.equal(answer.taken.known, kill * 50);
        billed += answer.taken.new;
        const underWay = runtime.post(
          'sessions',
          [...list, session(asked), session(asked + 1)].slice(0, asked),
        );
        await Promise.all([runtime.kill(), underWay.catch(() => undefined)]);
      }
      assert.equal(billed, asked);
    } finally {
      await runtime?.kill();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('a log of grid events in a Node-RED that is killed', () => {
  it('knows what went on, tells it once, and nothing that nobody saw', async function () {
    this.timeout(300_000);
    const folder = mkdtempSync(join(tmpdir(), 'reports-kill-'));
    const signal = (enabled: boolean): object => ({ name: 'GRID', maxLoad: 4, maxLoadUnit: 'kW', enabled });
    let runtime: Runtime | undefined;
    try {
      runtime = await startRuntime({ userDir: folder, flows: FLOWS });
      await runtime.post('signal', signal(true));
      await runtime.kill();
      runtime = await startRuntime({ userDir: folder, flows: FLOWS });
      await runtime.post('signal', signal(false));
      const { msg } = await runtime.waitForDebug(({ id }) => id === 'debug');
      const event = JSON.parse(String(msg)) as Record<string, unknown>;
      assert.deepEqual(
        [event.signal, event.startSeen, event.endSeen, event.compliant, event.repeated],
        ['GRID', true, true, 'unknown', undefined],
      );
      await runtime.kill();
      runtime = await startRuntime({ userDir: folder, flows: FLOWS });
      await runtime.post('signal', signal(false));
      assert.equal(runtime.debug.length, 0);
    } finally {
      await runtime?.kill();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
