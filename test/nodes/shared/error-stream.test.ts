import assert from 'node:assert/strict';
import type { NodeInitializer } from 'node-red';

import { DeviceError, invalidInput } from '../../../lib/core/errors';
import { ErrorStream } from '../../../nodes/shared/error-stream';
import { NOTHING, onInput } from '../../../nodes/shared/input-runner';
import { FakeClock, settle, until } from '../../support/fake-clock';
import { nodeRedCore } from '../../support/find-node-red';
import { LEVEL, loadFlow, type TestFlow, unloadFlow } from '../../support/flow';

const MINUTE = 60_000;
let clock: FakeClock;

/** A node that fails as its messages say, and works where they say nothing. */
const streamNode: NodeInitializer = (RED) => {
  // The texts of the package belong to its own files.
  const withTexts = Object.assign(Object.create(RED) as typeof RED, {
    _: (key: string) => `${key} __count__`,
  });
  RED.nodes.registerType('stream', function (this, config) {
    RED.nodes.createNode(this, config);
    onInput(
      RED,
      this,
      ({ payload }) => {
        if (payload === 'busy') throw new DeviceError('UNREACHABLE', 'nobody there');
        if (typeof payload === 'string') throw invalidInput(`bad ${payload}`, payload);
        return NOTHING;
      },
      { errors: new ErrorStream(withTexts, this, clock) },
    );
  });
};

const MODULES = [
  streamNode,
  nodeRedCore('common/25-catch.js') as NodeInitializer,
  nodeRedCore('common/24-complete.js') as NodeInitializer,
];

/** What the stream node has logged as an error, or told as one of the past. */
function told(flow: TestFlow, level: number): string[] {
  return flow
    .log(level)
    .filter(({ id }) => id === 'n')
    .map(({ msg }) => msg);
}

async function feed(flow: TestFlow, payloads: readonly (string | undefined)[]): Promise<void> {
  for (const payload of payloads) flow.send('n', payload === undefined ? {} : { payload });
  await settle();
  await settle();
}

const times = (count: number, ...payloads: (string | undefined)[]): (string | undefined)[] =>
  Array.from({ length: count }, () => payloads).flat();

const TAB = { id: 't', type: 'tab' };
const NODE = { id: 'n', type: 'stream', z: 't', x: 1, y: 1 };
const EAR = { id: 'ear', type: 'helper', z: 't', x: 1, y: 1 };
const watcher = (type: string, more: object): Record<string, unknown> => ({
  id: 'w',
  type,
  z: 't',
  x: 1,
  y: 1,
  wires: [['ear']],
  ...more,
});

describe('ErrorStream', () => {
  beforeEach(() => {
    clock = new FakeClock();
  });
  afterEach(unloadFlow);

  describe('without anybody who listens', () => {
    let flow: TestFlow;
    beforeEach(async () => {
      flow = await loadFlow(MODULES, [TAB, NODE]);
    });

    const CASES: { name: string; payloads: (string | undefined)[]; errors: number }[] = [
      { name: 'one failure', payloads: ['a'], errors: 1 },
      { name: 'nine of one kind', payloads: times(9, 'a'), errors: 1 },
      { name: 'ten of one kind', payloads: times(10, 'a'), errors: 2 },
      { name: '3,600 of one kind', payloads: times(3600, 'a'), errors: 6 },
      { name: 'two kinds in turn', payloads: times(50, 'a', 'busy'), errors: 4 },
      { name: 'failures and successes in turn', payloads: times(50, 'a', undefined), errors: 2 },
      {
        name: '30 kinds in turn',
        payloads: times(20, ...times(30, 'k').map((k, i) => `${k}${i}`)),
        errors: 16 * 2 + 3,
      },
    ];
    for (const { name, payloads, errors } of CASES) {
      it(`tells ${errors}: ${name}`, async () => {
        await feed(flow, payloads);
        assert.equal(told(flow, LEVEL.error).length, errors);
      });
    }

    it('says how many there were when it has worked for a minute, and tells the next one', async () => {
      await feed(flow, times(47, 'a'));
      await feed(flow, [undefined]);
      assert.deepEqual(told(flow, LEVEL.info), []);
      await clock.advance(MINUTE);
      await feed(flow, [undefined, undefined]);
      assert.equal(told(flow, LEVEL.info).length, 1);
      assert.match(String(told(flow, LEVEL.info)[0]), /37/);
      await feed(flow, ['a']);
      assert.equal(told(flow, LEVEL.error).length, 3);
    });

    it('tells each of those that are ten minutes apart', async () => {
      for (let i = 0; i < 5; i++) {
        await feed(flow, ['a']);
        await clock.advance(10 * MINUTE);
      }
      assert.equal(told(flow, LEVEL.error).length, 5);
    });
  });

  describe('with somebody who listens', () => {
    const CASES: { name: string; flow: Record<string, unknown>[]; heard: number }[] = [
      { name: 'Catch of the tab', flow: [watcher('catch', { scope: null })], heard: 20 },
      { name: 'Catch of this node', flow: [watcher('catch', { scope: ['n'] })], heard: 20 },
      {
        name: 'Catch of what nobody catches',
        flow: [watcher('catch', { scope: null, uncaught: true })],
        heard: 20,
      },
      { name: 'Catch of another node', flow: [watcher('catch', { scope: ['x'] })], heard: 0 },
      { name: 'Catch that is disabled', flow: [watcher('catch', { scope: null, d: true })], heard: 0 },
      {
        name: 'Catch of another tab',
        flow: [{ id: 't2', type: 'tab' }, watcher('catch', { scope: null, z: 't2' })],
        heard: 0,
      },
      {
        name: 'Catch of a group that it is not in',
        flow: [
          { id: 'g', type: 'group', z: 't', nodes: ['w'] },
          watcher('catch', { scope: 'group', g: 'g' }),
        ],
        heard: 0,
      },
    ];
    for (const { name, flow: more, heard } of CASES) {
      it(`passes ${heard} of 20 on to a ${name}`, async () => {
        const flow = await loadFlow(MODULES, [TAB, NODE, EAR, ...more]);
        await feed(flow, times(20, 'a'));
        if (heard > 0) await until(() => flow.at('ear').items.length >= heard);
        assert.equal(flow.at('ear').items.length, heard);
        assert.equal(told(flow, LEVEL.error).length, heard > 0 ? 0 : 2);
      });
    }

    it('does not tell a Complete node that a failed message has ended well', async () => {
      const flow = await loadFlow(MODULES, [TAB, NODE, EAR, watcher('complete', { scope: ['n'] })]);
      await feed(flow, [...times(20, 'a'), undefined]);
      await until(() => flow.at('ear').items.length > 0);
      assert.equal(flow.at('ear').items.length, 1);
    });
  });
});
