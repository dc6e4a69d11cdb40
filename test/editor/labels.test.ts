import assert from 'node:assert/strict';

import { openEditor } from '../support/browser';
import type { Editor } from '../support/editor';
import { type Runtime, startRuntime } from '../support/runtime';

const PLACE = { z: 'tab', x: 200, y: 100, wires: [] };

/** Nodes without a name, and what stands on them. */
const CASES: { node: { type: string } & Record<string, unknown>; label: string }[] = [
  { node: { type: 'ups-port', port: '0', action: 'restart' }, label: 'Port 0 · restart' },
  {
    node: { type: 'ups-port', port: '0', portName: 'Router', action: 'restart' },
    label: '0 Router · restart',
  },
  { node: { type: 'ups-port', port: '4', portName: 'NAS', action: 'msg' }, label: '4 NAS' },
  { node: { type: 'ups-port', port: '', portName: 'NAS', action: 'msg' }, label: 'PowerSentrix UPS port' },
  { node: { type: 'ups-port', port: '3', action: 'msg' }, label: 'Port 3' },
  { node: { type: 'ups-port', port: '', action: 'msg' }, label: 'PowerSentrix UPS port' },
  { node: { type: 'ups-port', name: 'Router', port: '0', action: 'on' }, label: 'Router' },
  {
    node: { type: 'powerflex-dcm', operation: 'set_target_peak_power' },
    label: 'PowerFlex: Set monthly targets',
  },
];

describe('labels of nodes without a name', () => {
  let runtime: Runtime;
  let editor: Editor;
  after(async () => {
    await editor.close();
    await runtime.stop();
  });

  it('tell port and operation', async () => {
    const nodes = CASES.map(({ node }, i) => ({ id: `n${i}`, ...PLACE, ...node }));
    runtime = await startRuntime({ flows: [{ id: 'tab', type: 'tab', label: 'home' }, ...nodes] });
    editor = await openEditor(runtime);
    const labels = await editor.page.evaluate<string[]>(
      `${JSON.stringify(nodes.map(({ id }) => id))}.map((id) => {
        const node = RED.nodes.node(id);
        return node._def.label.call(node);
      })`,
    );
    assert.deepEqual(
      labels,
      CASES.map(({ label }) => label),
    );
    assert.deepEqual(editor.pageErrors, []);
  });
});
