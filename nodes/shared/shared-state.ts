import type { Node, NodeAPI } from 'node-red';

import { Transport } from '../../lib/core/http/transport';
import { FirstTurns } from '../../lib/core/poll/first-turns';
import { type Closing, onClose } from './on-close';

/** The connections of one Node-RED, until the last of those that use them closes. */
class SharedTransport implements Closing {
  readonly transport = new Transport();
  private users = 0;

  constructor(private readonly onLast: () => void) {}

  /** @param node uses them until its end */
  use(node: Node): Transport {
    this.users++;
    onClose(node, this);
    return this.transport;
  }

  /** For the end of one that uses them. */
  closing(): void {
    if (--this.users > 0) return;
    this.onLast();
    this.transport.close();
  }
}

/** What the nodes of one Node-RED share: its connections, who looks after which device, and who follows whom. */
interface SharedRuntime {
  connections: SharedTransport | undefined;
  /** of all its devices */
  readonly firsts: FirstTurns;
  /** by what is claimed: the config nodes that look after it, each id once */
  claims: Map<string, readonly Node[]>;
  /** by a config node's id: who wants to hear of its replacement */
  followers: Map<string, readonly Follower[]>;
  /** config nodes that have ended, until the flows run again */
  ended: Set<string>;
}

/** Hears that the config node of an id is replaced or has ended. */
export interface Follower {
  replaced(): void;
}

/** Takes one out of those that share a key; with the last one goes the key. */
function leave<T>(all: Map<string, readonly T[]>, key: string, one: T): void {
  const left = (all.get(key) ?? []).filter((other) => other !== one);
  if (left.length > 0) all.set(key, left);
  else all.delete(key);
}

/** A claim of a config node, given up with it. */
class Claim implements Closing {
  constructor(
    private readonly claims: SharedRuntime['claims'],
    private readonly key: string,
    private readonly node: Node,
  ) {}

  closing(): void {
    leave(this.claims, this.key, this.node);
  }
}

/**
 * Keyed by the runtime's event bus: every node file gets a `RED` of its own, but the bus is one. A weak map, so that
 * nothing outlives its runtime (tests start several).
 */
const runtimes = new WeakMap<object, SharedRuntime>();

function sharedOf(RED: NodeAPI): SharedRuntime {
  let shared = runtimes.get(RED.events);
  if (!shared) {
    shared = {
      connections: undefined,
      firsts: new FirstTurns(),
      claims: new Map(),
      followers: new Map(),
      ended: new Set(),
    };
    runtimes.set(RED.events, shared);
  }
  return shared;
}

/**
 * The runtime's connections, for the life of a config node. When the last user closes, they close too.
 */
export function useTransport(RED: NodeAPI, node: Node): Transport {
  const shared = sharedOf(RED);
  shared.connections ??= new SharedTransport(() => (shared.connections = undefined));
  return shared.connections.use(node);
}

/** The turns that the first readings of all devices take. */
export function firstTurns(RED: NodeAPI): FirstTurns {
  return sharedOf(RED).firsts;
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
  const transport = new Transport(RED && runtimes.get(RED.events)?.connections?.transport);
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
  // Node-RED starts a node anew when the end of the one before takes too long.
  const others = (claims.get(key) ?? []).filter(({ id }) => id !== node.id);
  if (exclusive && others.length > 0) return false;
  claims.set(key, others.concat(node));
  onClose(node, new Claim(claims, key, node));
  return others.length === 0;
}

/** Tells `follower` whenever the config node of this id is replaced or has ended, until `unfollow`. */
export function follow(RED: NodeAPI, id: string, follower: Follower): void {
  const { followers } = sharedOf(RED);
  followers.set(id, (followers.get(id) ?? []).concat(follower));
}

export function unfollow(RED: NodeAPI, id: string, follower: Follower): void {
  leave(sharedOf(RED).followers, id, follower);
}

/** Tells those who follow a config node that another one stands under its id, or none. */
export function announceReplaced(RED: NodeAPI, id: string): void {
  for (const follower of sharedOf(RED).followers.get(id) ?? []) follower.replaced();
}

/** The same when the flows run again: most often another config node stands in the place of one that has ended then. */
export function announceEnded(RED: NodeAPI, id: string): void {
  const { ended } = sharedOf(RED);
  ended.add(id);
  if (ended.size > 1) return;
  RED.events.once('flows:started', () => {
    const those = [...ended];
    ended.clear();
    for (const one of those) announceReplaced(RED, one);
  });
}
