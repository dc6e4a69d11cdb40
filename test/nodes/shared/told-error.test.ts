import assert from 'node:assert/strict';
import type { NodeInitializer } from 'node-red';
import helper from 'node-red-node-test-helper';

import { DeviceError } from '../../../lib/core/errors';
import { onInput } from '../../../nodes/shared/input-runner';
import { nodeRedCore } from '../../support/find-node-red';
import {
  catching,
  completing,
  errorOf,
  LEVEL,
  loadFlow,
  PLACED,
  sink,
  TAB,
  unloadFlow,
} from '../../support/flow';

const LONG =
  `${'It did not switch. '.repeat(6)}${'The command may yet arrive, so look before. '.repeat(4)}`.trim();

/** Fails with the payload as its text. */
const failing: NodeInitializer = (RED) => {
  RED.nodes.registerType('failing', function (this, config) {
    RED.nodes.createNode(this, config);
    onInput(RED, this, ({ payload }) => {
      throw new DeviceError('UNREACHABLE', String(payload), { reason: 'none' });
    });
  });
};
const MODULES = [
  failing,
  nodeRedCore('common/25-catch.js') as NodeInitializer,
  nodeRedCore('common/24-complete.js') as NodeInitializer,
];
const NODE = { id: 'n', type: 'failing', ...PLACED };

/** What the debug sidebar gets: an object is shown folded, a text as a whole. */
const logged = (): unknown[] =>
  helper
    .log()
    .args.filter(([entry]) => entry.id === 'n' && entry.level === LEVEL.error)
    .map(([entry]) => entry.msg);

describe('an error of a message', () => {
  afterEach(unloadFlow);

  const UNCAUGHT = [
    { name: 'no Catch node', others: [] },
    { name: 'a Catch node of another node', others: [catching(['other']), sink('caught')] },
    { name: 'a Complete node', others: [completing('n'), sink('completed')] },
  ];
  for (const { name, others } of UNCAUGHT) {
    it(`is one text in the debug sidebar: ${name}`, async () => {
      const flow = await loadFlow(MODULES, [TAB, NODE, ...others]);
      flow.send('n', { payload: 'nobody there' });
      assert.deepEqual(logged(), ['nobody there']);
    });
  }

  it('is cut at a sentence where it is long', async () => {
    const flow = await loadFlow(MODULES, [TAB, NODE]);
    flow.send('n', { payload: LONG });
    const [text] = logged();
    assert.ok(typeof text === 'string' && text.length <= 150, String(text));
    assert.match(text, /\. …$/);
  });

  it('has its whole text and its code for a Catch node', async () => {
    const flow = await loadFlow(MODULES, [TAB, NODE, catching(), sink('caught')]);
    flow.send('n', { payload: LONG });
    const { message, code } = errorOf(await flow.at('caught').waitFor(() => true, 'error'));
    assert.deepEqual([message, code], [LONG, 'UNREACHABLE']);
    assert.deepEqual(logged(), []);
  });
});
