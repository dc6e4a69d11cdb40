import assert from 'node:assert/strict';

import { onPort, ownTypes, readExamples } from '../support/examples';
import { type Runtime, startRuntime } from '../support/runtime';
import type { FlowNode } from '../support/user-dir';

const OWN = ownTypes();
const EXAMPLES = readExamples();

/** Properties of a node that hold the id of another one. */
function references(node: FlowNode): string[] {
  const wires = (node.wires as string[][] | undefined) ?? [];
  const configs = Object.entries(node)
    .filter(([key]) => ['device', 'account', 'site', 'connection', 'receiver', 'tls'].includes(key))
    .map(([, value]) => value)
    .filter((value): value is string => typeof value === 'string' && value !== '');
  return [...wires.flat(), ...configs];
}

describe('examples', () => {
  it('show every node type that is no config node', () => {
    const used = new Set(EXAMPLES.flatMap(({ nodes }) => nodes.map((node) => node.type)));
    const missing = OWN.filter((type) => !used.has(type));
    assert.deepEqual(missing, []);
  });

  it('have ids that are unique, also among all examples', () => {
    const ids = EXAMPLES.flatMap(({ nodes }) => nodes.map((node) => node.id));
    assert.deepEqual(
      ids.filter((id, i) => ids.indexOf(id) !== i),
      [],
    );
  });

  it('answer on paths that are unique among all examples', () => {
    const routes = EXAMPLES.flatMap(({ nodes }) =>
      nodes
        .filter((node) => node.type === 'http in')
        .map((node) => `${String(node.method)} ${String(node.url)}`),
    );
    assert.deepEqual(
      routes.filter((route, i) => routes.indexOf(route) !== i),
      [],
    );
  });

  for (const { name, nodes } of EXAMPLES) {
    it(`${name} is whole: a tab with a description, a comment, no loose ends, on the grid`, () => {
      const ids = new Set(nodes.map((node) => node.id));
      const tab = nodes.find((node) => node.type === 'tab');
      assert.ok(tab?.info, 'the tab says what the example does');
      assert.ok(nodes.some((node) => node.type === 'comment' && node.info));
      for (const node of nodes) {
        for (const id of references(node)) assert.ok(ids.has(id), `${node.id} refers to ${id}`);
        const { x, y } = node as { x?: number; y?: number };
        if (y !== undefined) assert.equal(y % 20, 0, `${node.id} lies off the grid`);
        if (x !== undefined) assert.equal(x % 10, 0, `${node.id} lies off the grid`);
        if (node.type === 'function') assert.ok(node.name, `${node.id} has no name`);
      }
    });
  }

  describe('in a real Node-RED', () => {
    let runtime: Runtime;
    before(async () => {
      runtime = await startRuntime();
    });
    after(async () => {
      await runtime.stop();
    });

    for (const example of EXAMPLES) {
      it(`${example.name} runs on import and shows readings`, async () => {
        const from = runtime.debug.length;
        const logged = runtime.log.length;
        const nodes = onPort(example, runtime.port);
        await runtime.deploy(nodes);
        const debugs = new Set(nodes.filter((node) => node.type === 'debug').map((node) => node.id));
        await runtime.waitForDebug((message) => debugs.has(message.id), { from, timeout: 15_000 });

        const own = nodes.filter((node) => OWN.includes(node.type) && 'x' in node);
        for (const node of own) {
          const status = runtime.statusOf(node.id);
          assert.notEqual(status?.fill, 'red', `${node.id} (${node.type}): ${JSON.stringify(status)}`);
        }
        const complaints = runtime.log.slice(logged).filter((line) => /\[(error|warn)\]/.test(line));
        assert.deepEqual(complaints, []);
      });
    }
  });
});
