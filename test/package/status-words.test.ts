import assert from 'node:assert/strict';

import { type FlowNode, type Runtime, startRuntime } from '../support/runtime';

const PLACE = { x: 1, y: 1 };
/** A node that refuses any message that is no command. */
const TYPE = 'enapter-command-response';
const FLOWS: FlowNode[] = [
  {
    id: 'sub',
    type: 'subflow',
    name: 'sub',
    in: [{ ...PLACE, wires: [{ id: 'inner' }] }],
    out: [],
    status: { ...PLACE, wires: [{ id: 'inner-status', port: 0 }] },
  },
  { id: 'inner', type: TYPE, z: 'sub', ...PLACE, result: 'completed', wires: [] },
  { id: 'inner-status', type: 'status', z: 'sub', ...PLACE, scope: null, wires: [[]] },
  { id: 'tab', type: 'tab', label: 'tab' },
  { id: 'instance', type: 'subflow:sub', z: 'tab', ...PLACE, wires: [] },
  { id: 'node', type: TYPE, z: 'tab', ...PLACE, result: 'completed', wires: [] },
  { id: 'status', type: 'status', z: 'tab', ...PLACE, scope: ['node'], wires: [['debug']] },
  { id: 'debug', type: 'debug', z: 'tab', ...PLACE, complete: 'status.text', active: true, wires: [] },
  {
    id: 'inject',
    type: 'inject',
    z: 'tab',
    ...PLACE,
    props: [{ p: 'payload' }],
    wires: [['node', 'instance']],
  },
];

const WORDS = 'not found';

describe('a state of a node', () => {
  let runtime: Runtime;
  before(async () => {
    runtime = await startRuntime();
    await runtime.deploy(FLOWS);
    assert.equal((await runtime.post('inject/inject', {})).status, 200);
  });
  after(async () => {
    await runtime.stop();
  });

  it('is a key below the node itself, which the editor translates', async () => {
    await runtime.waitForStatus('node', ({ text }) => text === 'status.NOT_FOUND');
    assert.deepEqual(runtime.statusOf('node'), { fill: 'red', shape: 'ring', text: 'status.NOT_FOUND' });
  });

  it('is in words for a Status node', async () => {
    const { msg } = await runtime.waitForDebug(({ id }) => id === 'debug');
    assert.equal(msg, WORDS);
  });

  it('is in words below a subflow that shows it', async () => {
    const shown = await runtime.waitForStatus('instance', ({ text }) => text === WORDS);
    assert.equal(shown.text, WORDS);
  });
});
