import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import type { NodeAPI, NodeInitializer } from 'node-red';

import { projectRoot, readManifest } from '../../../scripts/support/project-root';
import { loadFlow, TAB, unloadFlow } from '../../support/flow';
import { settle } from '../../support/fake-clock';

const load = createRequire(__filename);
const FLOWS = join(projectRoot(), 'scripts/demo/flows');
const ENTRIES = Object.entries(readManifest(projectRoot())['node-red'].nodes);

const MODULES = ENTRIES.map(([, file]) => load(join(projectRoot(), file)) as NodeInitializer);

/** Looks at what a runtime keeps, from within. */
let runtime: NodeAPI | undefined;
const observer: NodeInitializer = (RED) => {
  runtime = RED;
};

/** Every node of ours that the demo has, at addresses where nothing answers. */
function everyNode(): Record<string, unknown>[] {
  const own = new Set(ENTRIES.map(([type]) => type));
  const text = readdirSync(FLOWS)
    .filter((file) => file.endsWith('.json'))
    .map((file) => readFileSync(join(FLOWS, file), 'utf8').trim().slice(1, -1))
    .join(',');
  const nodes = JSON.parse(`[${text.replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:9')}]`) as Record<
    string,
    unknown
  >[];
  const ours = nodes.filter(({ type }) => own.has(String(type)));
  return [TAB, ...ours.map((node) => ({ ...node, ...(node.z ? { z: 'tab' } : {}) }))];
}

function credentialsFor(nodes: readonly Record<string, unknown>[]): Record<string, Record<string, string>> {
  const some = { apiKey: 'a-key', email: 'a@b.c', username: 'user', password: 'pass', token: 'token' };
  return Object.fromEntries(nodes.map(({ id }) => [String(id), some]));
}

function kept(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1;
  const events = runtime?.events;
  for (const name of events?.eventNames() ?? []) {
    counts[`event ${String(name)}`] = events?.listenerCount(name) ?? 0;
  }
  const app = runtime?.httpNode as unknown as { _router?: { stack: unknown[] } } | undefined;
  counts.routes = app?._router?.stack.length ?? 0;
  return counts;
}

describe('a hundred deploys of every node', () => {
  afterEach(unloadFlow);

  it('leave no timer, socket, listener, route or unhandled rejection behind', async function () {
    this.timeout(120_000);
    const nodes = everyNode();
    const types = new Set(nodes.map(({ type }) => type));
    for (const [type] of ENTRIES) assert.ok(types.has(type), `the demo does not show ${type}`);
    const unhandled: unknown[] = [];
    const note = (error: unknown): unknown => unhandled.push(error);
    process.on('unhandledRejection', note);
    try {
      const cycle = async (): Promise<void> => {
        await loadFlow([observer, ...MODULES], nodes, credentialsFor(nodes));
        await settle();
        await unloadFlow();
      };
      for (let i = 0; i < 3; i++) await cycle();
      const before = kept();
      for (let i = 0; i < 100; i++) await cycle();
      const after = kept();
      for (const [name, count] of Object.entries(after)) {
        // What the machine itself keeps may come and go by one or two; what leaks comes a hundred times.
        assert.ok(count <= (before[name] ?? 0) + 3, `${name}: ${before[name]} before, ${count} after`);
      }
      assert.deepEqual(unhandled, []);
    } finally {
      process.off('unhandledRejection', note);
    }
  });
});
