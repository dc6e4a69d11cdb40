import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { projectRoot } from '../../scripts/support/project-root';
import { onPort, ownTypes, readDashboardExamples, readExamples } from '../support/examples';
import { dashboardVersion } from '../support/dashboard';
import { hashPassword } from '../support/find-node-red';
import { fixture } from '../support/fixture';
import { type Runtime, type RuntimeOptions, startRuntime } from '../support/runtime';
import type { FlowNode } from '../support/user-dir';

const OWN = ownTypes();
const EXAMPLES = readExamples();
// Deployed by test/editor/dashboard.test.ts, which installs the dashboard that they need.
const DASHBOARD = readDashboardExamples();
const ALL = [...EXAMPLES, ...DASHBOARD];

/** Where a node names a config node. */
const CONFIG_KEYS = ['device', 'account', 'site', 'connection', 'receiver', 'tls', 'broker'];
const DASHBOARD_KEYS = ['ui', 'page', 'group', 'theme'];

/** Properties of a node that hold the id of another one. */
function references(node: FlowNode): string[] {
  const wires = (node.wires as string[][] | undefined) ?? [];
  const configs = Object.entries(node)
    .filter(
      ([key]) =>
        // What a broker node calls its broker is a host.
        (CONFIG_KEYS.includes(key) && node.type !== 'mqtt-broker') ||
        (node.type.startsWith('ui-') && DASHBOARD_KEYS.includes(key)),
    )
    .map(([, value]) => value)
    .filter((value): value is string => typeof value === 'string' && value !== '');
  // A property of a subflow stands for what its instances name.
  const named = ((node.env as { value: string; type: string }[] | undefined) ?? [])
    .filter(({ type, value }) => type === 'conf-type' && value !== '')
    .map(({ value }) => value);
  const lists = [node.scope, node.links].filter((list): list is string[] => Array.isArray(list));
  return [...wires.flat(), ...configs.filter((id) => !id.startsWith('${')), ...named, ...lists.flat()];
}

describe('examples', () => {
  it('show every node type that is no config node', () => {
    const used = new Set(EXAMPLES.flatMap(({ nodes }) => nodes.map((node) => node.type)));
    const missing = OWN.filter((type) => !used.has(type));
    assert.deepEqual(missing, []);
  });

  it('have ids that are unique, also among all examples', () => {
    const ids = ALL.flatMap(({ nodes }) => nodes.map((node) => node.id));
    assert.deepEqual(
      ids.filter((id, i) => ids.indexOf(id) !== i),
      [],
    );
  });

  it('answer on paths that are unique among all examples', () => {
    const routes = ALL.flatMap(({ nodes }) =>
      nodes
        .filter((node) => node.type === 'http in')
        .map((node) => `${String(node.method)} ${String(node.url)}`),
    );
    assert.deepEqual(
      routes.filter((route, i) => routes.indexOf(route) !== i),
      [],
    );
  });

  for (const { name, nodes } of ALL) {
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
        // The editor of a comment does not wrap.
        const info = typeof node.info === 'string' ? node.info : '';
        const longest = Math.max(...info.split('\n').map((line) => line.length));
        assert.ok(longest <= 72, `${node.id}: a line of its info has ${longest} characters`);
      }
    });
  }

  for (const { name, nodes } of DASHBOARD) {
    it(`${name} names the dashboard that it needs, and has a page of its own`, () => {
      const used = nodes.filter((node) => node.type.startsWith('ui-'));
      const modules = nodes.find((node) => node.type === 'global-config')?.modules;
      assert.deepEqual(modules, dashboardVersion());
      const page = (node: FlowNode): boolean => node.type === 'ui-page';
      assert.equal(used.filter(page).length, 1);
      const paths = DASHBOARD.flatMap((example) => example.nodes.filter(page)).map(({ path }) => path);
      assert.equal(new Set(paths).size, DASHBOARD.length);
    });
  }

  const HOMES: [where: string, options: RuntimeOptions, server: (port: number) => string][] = [
    ['in a real Node-RED', {}, (port) => `http://127.0.0.1:${port}`],
    [
      'in one over HTTPS, with roots of its own, and with passwords for editor and HTTP nodes',
      {
        adminAuth: true,
        // For what pushes to Node-RED itself.
        env: { NODE_EXTRA_CA_CERTS: join(projectRoot(), 'test', 'fixtures', 'tls', 'ca.pem') },
        settings: {
          https: { key: fixture('tls/server-key.pem'), cert: fixture('tls/server.pem') },
          httpAdminRoot: '/editor',
          httpNodeRoot: '/flows',
          httpNodeAuth: { user: 'ups', pass: hashPassword('node-password') },
        },
      },
      (port) => `https://ups:node-password@127.0.0.1:${port}/flows`,
    ],
  ];
  for (const [where, options, server] of HOMES) {
    describe(where, () => {
      let runtime: Runtime;
      before(async () => {
        runtime = await startRuntime(options);
      });
      after(async () => {
        await runtime.stop();
      });

      for (const example of EXAMPLES) {
        it(`${example.name} runs on import and shows readings, and writes no file`, async () => {
          const from = runtime.debug.length;
          const logged = runtime.log.length;
          const files = listFiles(runtime.userDir);
          const nodes = onPort(example, runtime.port, server(runtime.port));
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
          assert.deepEqual(listFiles(runtime.userDir), files);
        });
      }
    });
  }
});

/** What a flow could have written: everything in Node-RED's folder but its flows and our own nodes' state. */
function listFiles(userDir: string): string[] {
  return readdirSync(userDir).filter((name) => !/^\.?flows|^energy-devices$/.test(name));
}
