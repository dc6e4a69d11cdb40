import assert from 'node:assert/strict';
import diagnosticsChannel from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { SYSTEMS } from '../../scripts/demo/simulators';
import type { DemoSystem } from '../../scripts/demo/system';
import { projectRoot } from '../../scripts/support/project-root';
import { dialogDefinitions } from '../support/dialogs';
import { ownTypes } from '../support/examples';
import { type DebugMessage, type Runtime, startRuntime } from '../support/runtime';
import type { FlowNode } from '../support/user-dir';
import { secretsOf, spellingsOf } from '../support/secrets';

const OWN = ownTypes();
const FLOWS = join(projectRoot(), 'scripts/demo/flows');

/** All flows of the demo, with every output of ours, every error and every status wired to one debug node a tab. */
function watchedFlows(): FlowNode[] {
  const nodes = readdirSync(FLOWS)
    .filter((file) => file.endsWith('.json'))
    .flatMap((file) => JSON.parse(readFileSync(join(FLOWS, file), 'utf8')) as FlowNode[]);
  const tabs = nodes.filter(({ type }) => type === 'tab').map(({ id }) => id);
  const place = { x: 900, y: 20 };
  const watch = tabs.flatMap((z) => [
    {
      id: `${z}-debug`,
      type: 'debug',
      z,
      ...place,
      active: true,
      tosidebar: true,
      complete: 'true',
      wires: [],
    },
    { id: `${z}-catch`, type: 'catch', z, ...place, scope: null, uncaught: false, wires: [[`${z}-debug`]] },
    { id: `${z}-status`, type: 'status', z, ...place, scope: null, wires: [[`${z}-debug`]] },
  ]);
  const wired = nodes.map((node) =>
    OWN.includes(node.type) && Array.isArray(node.wires)
      ? { ...node, wires: (node.wires as string[][]).map((output) => [...output, `${String(node.z)}-debug`]) }
      : node,
  );
  return [...wired, ...watch];
}

/** A message that none of our nodes can make sense of, sent to every one that takes messages. */
function nonsense(nodes: readonly FlowNode[]): FlowNode[] {
  return nodes
    .filter(({ type }) => OWN.includes(type) && INPUTS.has(type))
    .map(({ id, z }) => ({
      ...{ id: `${id}-nonsense`, type: 'inject', z, x: 20, y: 20, once: false, repeat: '' },
      props: [{ p: 'payload', v: '{"command":"\\u0000","port":99,"on":"maybe"}', vt: 'json' }],
      wires: [[id]],
    }));
}

const textOf = (message: DebugMessage): string => JSON.stringify(message).replaceAll('\\', '');
const isReading = (message: DebugMessage): boolean => textOf(message).includes('"power":');
const isFailure = (message: DebugMessage): boolean =>
  /"code":"(?!INVALID_INPUT)[A-Z_]+"/.test(textOf(message));
const isRefusal = (message: DebugMessage): boolean => textOf(message).includes('"code":"AUTH_FAILED"');

type Credentials = Record<string, string>;
type WithCredentials = FlowNode & { credentials?: Credentials };

/** A credential as the runtime sees it. */
function resolved(text: string, env: Readonly<Record<string, string>>): string {
  const name = /^\$\{(.+)\}$/.exec(text)?.[1];
  return name === undefined ? text : (env[name] ?? '');
}

/** A longer password is a wrong one; it shows the right one to whoever sees it. */
function withWrongCredentials(
  nodes: readonly WithCredentials[],
  env: Readonly<Record<string, string>>,
): FlowNode[] {
  return nodes.map((node) => {
    if (!node.credentials) return node;
    const wrong = Object.entries(node.credentials).map(([name, text]): [string, string] => {
      const value = resolved(text, env);
      // A document has to stay one.
      return [name, value === '' || value.startsWith('{') ? value : `${value}-wrong`];
    });
    return { ...node, credentials: Object.fromEntries(wrong) };
  });
}

const INPUTS = new Set(
  [...dialogDefinitions()].filter(([, { inputs }]) => (inputs ?? 0) > 0).map(([type]) => type),
);

describe('secrets, over a run of the whole demo', function () {
  this.timeout(120_000);
  const systems: DemoSystem[] = [];
  const secrets = new Set<string>();
  const nodes: WithCredentials[] = watchedFlows();
  const texts = new Map<string, string>();
  let runtime: Runtime;

  /** What a simulator is sent in place of a password is as secret as the password. */
  const onRequest = (message: unknown): void => {
    const { headers } = (message as { request: IncomingMessage }).request;
    for (const [name, value] of Object.entries(headers)) {
      if (!/authorization|key|token|secret|cookie/i.test(name)) continue;
      for (const secret of secretsOf(String(value).replace(/^(Bearer|Basic) /i, ''))) secrets.add(secret);
    }
  };

  before(async () => {
    diagnosticsChannel.subscribe('http.server.request.start', onRequest);
    for (const start of SYSTEMS) systems.push(await start({}));
    const env = Object.fromEntries(systems.flatMap(({ variables }) => Object.entries(variables)));
    const definitions = dialogDefinitions();
    for (const { type, credentials = {} } of nodes as (FlowNode & {
      credentials?: Record<string, string>;
    })[]) {
      for (const [name, text] of Object.entries(credentials)) {
        if (definitions.get(type)?.credentials?.[name]?.type !== 'password') continue;
        const value = /^\$\{(.+)\}$/.exec(text)?.[1];
        for (const secret of secretsOf(value === undefined ? text : (env[value] ?? ''))) secrets.add(secret);
      }
    }
    runtime = await startRuntime({ env, logLevel: 'trace' });
    await runtime.deploy([...nodes, ...nonsense(nodes)]);

    await runtime.waitForDebug(isReading);
    for (const { id } of nonsense(nodes)) await runtime.post(`inject/${id}`, {});
    await pressButtons();
    await runtime.waitForDebug(isFailure);
    await collect('first');

    // The same with credentials that are refused, and hold the right ones.
    const from = runtime.debug.length;
    await runtime.deploy(withWrongCredentials(nodes, env));
    await pressButtons();
    // A tab that reaches no device is refused by none.
    const configs = new Set(
      nodes.filter(({ z, type }) => z === undefined && type !== 'tab').map(({ id }) => id),
    );
    const reaching = nodes.filter((node) => Object.values(node).some((value) => configs.has(String(value))));
    const tabs = new Set(reaching.map(({ z }) => z));
    for (const { id } of nodes.filter((node) => node.type === 'tab' && tabs.has(node.id))) {
      const refused = (message: DebugMessage): boolean => message.id === `${id}-debug` && isRefusal(message);
      await runtime.waitForDebug(refused, { from, timeout: 60_000 });
    }
    await collect('second');

    // Closing writes to the log as well.
    await runtime.deploy([{ id: 'empty', type: 'tab', label: 'empty' }]);
    texts.set('log', runtime.log.join('\n'));
  });

  /** The demo's buttons, but for those that mend what the others break. */
  const pressButtons = async (): Promise<void> => {
    for (const { id, type, name } of nodes) {
      if (type === 'inject' && !/again|heal/i.test(String(name))) await runtime.post(`inject/${id}`, {});
    }
  };

  const collect = async (run: string): Promise<void> => {
    for (const { id, type } of nodes) {
      if (!OWN.includes(type) || INPUTS.has(type)) continue;
      const reply = await runtime.get(`energy-devices/${type}/${id}/diagnostics`);
      if (reply.status === 200) texts.set(`diagnostics of ${type}, ${run} run`, reply.text);
    }
    texts.set(`flows, ${run} run`, JSON.stringify(await runtime.flows()));
    texts.set(`messages, ${run} run`, JSON.stringify(runtime.debug));
  };

  after(async () => {
    diagnosticsChannel.unsubscribe('http.server.request.start', onRequest);
    await runtime.stop();
    await Promise.all(systems.map((system) => system.close()));
  });

  it('are known to this test, for each system', () => {
    assert.ok(secrets.size >= systems.length, [...secrets].map((secret) => secret.length).join(' '));
  });

  it('have been at stake: messages, errors, a log at trace, and diagnostics of every config node type', () => {
    assert.match(texts.get('log') ?? '', /\[trace\]/);
    assert.match(texts.get('messages, second run') ?? '', /AUTH_FAILED/);
    for (const [type, { category }] of dialogDefinitions()) {
      if (category === 'config') assert.ok(texts.has(`diagnostics of ${type}, second run`), type);
    }
  });

  for (const what of ['flows', 'messages', 'log', 'diagnostics']) {
    it(`are nowhere in ${what}`, () => {
      const found = [...texts].filter(([name]) => name.startsWith(what));
      assert.ok(found.length > 0);
      for (const [name, text] of found) {
        for (const secret of secrets) {
          for (const spelling of spellingsOf(secret)) {
            const at = text.indexOf(spelling);
            assert.equal(at, -1, `${name}: …${text.slice(Math.max(0, at - 100), at)}«here»`);
          }
        }
      }
    });
  }
});
