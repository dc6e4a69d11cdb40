import type { Node, NodeAPI } from 'node-red';

import { Transport } from '../../lib/core/transport';
import { onClose } from './input-runner';

/** What the nodes of one Node-RED share: its connections, who looks after which device, and who follows whom. */
interface SharedRuntime {
  transport: Transport | undefined;
  users: number;
  claims: Map<string, Set<string>>;
  /** by a config node's id: who wants to hear of its replacement */
  followers: Map<string, Set<() => void>>;
}

/**
 * Keyed by the runtime's event bus: every node file gets a `RED` of its own, but the bus is one. A weak map, so that
 * nothing outlives its runtime (tests start several).
 */
const runtimes = new WeakMap<object, SharedRuntime>();

function sharedOf(RED: NodeAPI): SharedRuntime {
  let shared = runtimes.get(RED.events);
  if (!shared) {
    shared = { transport: undefined, users: 0, claims: new Map(), followers: new Map() };
    runtimes.set(RED.events, shared);
  }
  return shared;
}

/**
 * The runtime's connections, for the life of a config node. When the last user closes, they close too.
 */
export function useTransport(RED: NodeAPI, node: Node): Transport {
  const shared = sharedOf(RED);
  const transport = (shared.transport ??= new Transport());
  shared.users++;
  onClose(node, () => {
    shared.users--;
    if (shared.users > 0) return Promise.resolve();
    shared.transport = undefined;
    transport.close();
    return Promise.resolve();
  });
  return transport;
}

/**
 * Runs one call with connections that live no longer than it, for the dialogs' test buttons.
 *
 * @param RED given for devices that may serve one connection at a time: the runtime's own then make way
 */
export async function withTransport<T>(
  call: (transport: Transport) => Promise<T>,
  RED?: NodeAPI,
): Promise<T> {
  const transport = new Transport(RED && runtimes.get(RED.events)?.transport);
  try {
    return await call(transport);
  } finally {
    transport.close();
  }
}

/**
 * Notes that a config node looks after a device.
 *
 * @param key what identifies the device, e.g. type and address
 * @param exclusive a second one gets no claim, because it will not work either: else it would be in the way of the first
 *   one when that is deployed again
 * @returns `false` when another config node does already: twice the load, and two histories of one device
 */
export function claimDevice(RED: NodeAPI, node: Node, key: string, exclusive = false): boolean {
  const { claims } = sharedOf(RED);
  const holders = claims.get(key) ?? new Set<string>();
  if (exclusive && holders.size > 0) return false;
  claims.set(key, holders);
  holders.add(node.id);
  onClose(node, () => {
    holders.delete(node.id);
    if (holders.size === 0) claims.delete(key);
    return Promise.resolve();
  });
  return holders.size === 1;
}

/** Calls `tell` whenever the config node of this id is replaced or ends, for the life of `node`. */
export function onReplaced(RED: NodeAPI, node: Node, id: string, tell: () => void): void {
  const { followers } = sharedOf(RED);
  const those = followers.get(id) ?? new Set<() => void>();
  followers.set(id, those);
  those.add(tell);
  onClose(node, () => {
    those.delete(tell);
    if (those.size === 0 && followers.get(id) === those) followers.delete(id);
    return Promise.resolve();
  });
}

/** Tells those who follow a config node that another one stands under its id, or none. */
export function announceReplaced(RED: NodeAPI, id: string): void {
  for (const tell of [...(sharedOf(RED).followers.get(id) ?? [])]) tell();
}
