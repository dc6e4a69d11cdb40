import assert from 'node:assert/strict';

import type { NodeStatus } from 'node-red';

import { settle } from '../../support/fake-clock';
import {
  catching,
  codeOf,
  completing,
  loadFlow,
  PLACED,
  sink,
  TAB,
  type TestFlow,
  unloadFlow,
} from '../../support/flow';
import { INPUT_CASES, type InputBench, type InputCase } from '../../support/input-cases';
import { nodeSet } from '../../support/node-set';

const COMMON = [TAB, ...['out', 'state', 'caught', 'completed'].map(sink), catching(['n']), completing('n')];

/** A flow with one node under test. */
class Bench {
  private constructor(
    readonly device: InputBench,
    readonly flow: TestFlow,
  ) {}

  static async start(one: InputCase): Promise<Bench> {
    const device = await one.start();
    const [type] = one.types;
    const node = { id: 'n', type, ...PLACED, wires: [['out'], ['state']], ...one.settings };
    const flow = await loadFlow(
      one.types.map(nodeSet),
      [...COMMON, ...device.nodes, node],
      device.credentials,
    );
    const bench = new Bench(device, flow);
    if (one.polls) await bench.shows(({ fill }) => fill === 'green', 'first reading');
    return bench;
  }

  shows(matches: (status: NodeStatus) => boolean, what: string, from = 0): Promise<NodeStatus> {
    return this.flow.statusOf('n').waitFor(matches, what, { from });
  }

  get shown(): NodeStatus | undefined {
    return this.flow.statusOf('n').items.at(-1);
  }

  /** of the first error */
  get code(): string {
    const [first] = this.flow.at('caught').items;
    return String(first && codeOf(first));
  }

  async ends(caught: number, completed: number): Promise<void> {
    const { flow } = this;
    const all = (id: string, count: number): Promise<unknown> =>
      count === 0
        ? Promise.resolve()
        : flow.at(id).waitFor(() => flow.at(id).items.length >= count, `${count} at ${id}`);
    await Promise.all([all('caught', caught), all('completed', completed)]);
    // What would come twice comes in the next turns.
    for (let i = 0; i < 5; i++) await settle();
    const codes = flow.at('caught').items.map(codeOf);
    const counts = [codes.length, flow.at('completed').items.length];
    assert.deepEqual(counts, [caught, completed], `caught and completed; ${String(codes)}`);
  }

  async send(): Promise<void> {
    this.flow.send('n', await this.device.ok(this.flow));
  }

  async stop(): Promise<void> {
    await unloadFlow();
    await this.device.close();
  }
}

describe('every node that takes messages', () => {
  for (const one of INPUT_CASES) {
    describe(one.name, () => {
      let bench: Bench;
      beforeEach(async () => (bench = await Bench.start(one)));
      afterEach(() => bench.stop());

      it('completes a message once, and shows green', async () => {
        const before = bench.flow.at('out').items.length;
        await bench.send();
        await bench.ends(0, 1);
        assert.equal(bench.shown?.fill, 'green');
        if (!one.silent) assert(bench.flow.at('out').items.length > before);
      });

      it('works on a second message while the first is under way, and shows green in the end', async () => {
        const messages = [await bench.device.ok(bench.flow), await bench.device.ok(bench.flow)];
        for (const msg of messages) bench.flow.send('n', msg);
        await bench.ends(0, 2);
        assert.equal(bench.shown?.fill, 'green');
      });

      const { refused } = one;
      if (refused) {
        it('catches a refused message once, sends nothing to the device, and works afterwards', async () => {
          const before = bench.device.http?.counters.requests;
          bench.flow.send('n', { ...refused });
          await bench.ends(1, 0);
          const code = bench.code;
          assert.match(code, /^(INVALID_INPUT|NOT_FOUND)$/);
          const { shown } = bench;
          assert.deepEqual(shown, { fill: 'red', shape: 'ring', text: `status.${code}` });
          assert.equal(bench.device.http?.counters.requests, before);
          await bench.send();
          await bench.ends(1, 1);
          assert.equal(bench.shown?.fill, 'green');
        });
      }

      if (one.withoutHttp) return;

      it('catches a failure of the device once, and shows its code', async () => {
        const { faults } = bench.device;
        assert(faults);
        faults.add({ kind: 'status', status: 403 });
        await bench.send();
        await bench.ends(1, 0);
        const { text } = bench.shown ?? {};
        assert.equal(text, `status.${bench.code}`);
      });

      it('gives up when it closes, with one error, and shows nothing more', async () => {
        const { faults, http } = bench.device;
        assert(faults && http);
        faults.add({ kind: 'hang' });
        const asked = http.nextRequest();
        await bench.send();
        await bench.send();
        await asked;
        const shown = bench.flow.statusOf('n').items.length;
        await bench.flow.node('n').close(false);
        await bench.ends(2, 0);
        for (const msg of bench.flow.at('caught').items) {
          assert.match(String(codeOf(msg)), /^(CANCELLED|OUTCOME_UNKNOWN)$/);
        }
        assert.deepEqual(bench.flow.statusOf('n').items.slice(shown), []);
      });
    });
  }
});
