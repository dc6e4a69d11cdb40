import type { Node, NodeInitializer, NodeStatus } from 'node-red';
import helper from 'node-red-node-test-helper';

import { systemClock } from '../../lib/core/clock';
import { Feed } from './feed';
import { findNodeRed, nodeRedModule } from './find-node-red';

helper.init(nodeRedModule(findNodeRed()));

const drawn = systemClock.random.bind(systemClock);

export type Message = Record<string, unknown> & { payload?: unknown };

/** A node of a flow under test, as a flow file has it. */
export type FlowNode = Record<string, unknown>;

export const TAB: FlowNode = { id: 'tab', type: 'tab' };

/** Where flow nodes are: one that has no place counts as a config node. */
export const PLACED = { z: 'tab', x: 1, y: 1 };

/** A node whose messages `TestFlow.at` tells. */
export const sink = (id: string): FlowNode => ({ id, type: 'helper', ...PLACED, wires: [] });

/** Sends errors to the sink `caught`: those of all nodes, or of the ones in `scope`. */
export const catching = (scope: string[] | null = null): FlowNode => ({
  id: 'catch',
  type: 'catch',
  ...PLACED,
  scope,
  wires: [['caught']],
});

/** Tells the sink `completed` of every message that one of these nodes has done with. */
export const completing = (...scope: string[]): FlowNode => ({
  id: 'complete',
  type: 'complete',
  ...PLACED,
  scope,
  wires: [['completed']],
});

export const payloadOf = (msg: Message): Record<string, unknown> => msg.payload as Record<string, unknown>;

/** The error that a Catch node passes on. */
export const errorOf = (msg: Message): { code: string; message: string } =>
  msg.error as { code: string; message: string };

export const codeOf = (msg: Message): unknown => (msg.error as { code?: unknown } | undefined)?.code;

/** One line that a node has logged. */
export interface LogLine {
  level: number;
  msg: string;
  id?: string;
}

/** Levels of Node-RED's log. */
export const LEVEL = { error: 20, warn: 30, info: 40 } as const;

/** What a flow under test sends, logs and shows, each as something to await. */
export interface TestFlow {
  node: (id: string) => Node;
  /** messages that have arrived at a `helper` node */
  at: (id: string) => Feed<Message>;
  /** states that a node has shown */
  statusOf: (id: string) => Feed<NodeStatus>;
  /** lines that nodes have logged, oldest first */
  log: (level?: number) => LogLine[];
  send: (id: string, msg: Message) => void;
}

/**
 * Loads nodes and a flow into a runtime inside this process. A node without `x` and `y` is run as a config node.
 */
export async function loadFlow(
  modules: NodeInitializer[],
  flow: FlowNode[],
  credentials: Record<string, Record<string, string>> = {},
): Promise<TestFlow> {
  const messages = new Map<string, Feed<Message>>();
  const states = new Map<string, Feed<NodeStatus>>();
  // A device's first reading comes at a drawn moment within a second; under test it comes at once.
  systemClock.random = () => 0;
  await helper.load(modules, flow, credentials);
  for (const { id, type } of flow as { id: string; type: string }[]) {
    const node = helper.getNode(id);
    if (!node || type === 'tab') continue;
    const shown = new Feed<NodeStatus>();
    states.set(id, shown);
    node.on('call:status' as 'input', (call: unknown) =>
      shown.push((call as { firstArg: NodeStatus }).firstArg),
    );
    if (type !== 'helper') continue;
    const arrived = new Feed<Message>();
    messages.set(id, arrived);
    node.on('input', (msg) => arrived.push(msg));
  }
  const known = <T>(feeds: Map<string, Feed<T>>, id: string): Feed<T> => {
    const feed = feeds.get(id);
    if (!feed) throw new Error(`no node ${id}`);
    return feed;
  };
  return {
    node: (id) => {
      const node = helper.getNode(id);
      if (!node) throw new Error(`no node ${id}`);
      return node;
    },
    at: (id) => known(messages, id),
    statusOf: (id) => known(states, id),
    log: (level) =>
      helper
        .log()
        .args.map(([entry]) => ({ ...entry, msg: String(entry.msg) }))
        .filter((entry) => entry.id !== undefined && (level === undefined || entry.level === level)),
    send: (id, msg) => helper.getNode(id)?.receive(msg),
  };
}

/** Stops the flow and waits until every node has closed. */
export async function unloadFlow(): Promise<void> {
  await helper.unload();
  systemClock.random = drawn;
}

/** Sends to the admin API of the runtime under test. */
export function admin(): ReturnType<typeof helper.request> {
  return helper.request();
}
