import { setImmediate as nextTurn } from 'node:timers/promises';

import type { NodeAPI, NodeMessage } from 'node-red';

/** Feeds messages to nodes inside a measured Node-RED and notices those that come out at the other end. */

export interface DriveOptions {
  /** the nodes that get a message in turn */
  nodes: string[];
  /** how many messages are under way at a time */
  inFlight: number;
  /** how many in all */
  count: number;
  /** what each message holds */
  message?: Record<string, unknown>;
  /** whether a response comes in parts, of which the last has `payload.complete` */
  untilComplete?: boolean;
}

export interface Driven {
  /** µs of this process's CPU for one message */
  cpuPerMessage: number;
  /** ms for all of them */
  wall: number;
  /** the payload of the last one, for the bench to look at */
  last: unknown;
}

/** ms */
const PATIENCE = 60_000;

let nodeApi: NodeAPI | undefined;
let arrived: ((message: DrivenMessage) => void) | undefined;
let drives = 0;
let varied = 0;

/** `bench` tells the messages of a drive from what nodes send by themselves. */
interface DrivenMessage extends NodeMessage {
  bench?: number;
}

/** Called by the bench's own node types. */
export function join(RED: NodeAPI): void {
  nodeApi = RED;
}

/** Who listens for what Node-RED tells all, by the name of the event. */
export function listeners(): Record<string, number> {
  const bus = nodeApi?.events;
  if (!bus) throw new Error('no node of the bench is in the flow');
  return Object.fromEntries(bus.eventNames().map((name) => [String(name), bus.listenerCount(name)]));
}

/** A message came out of what is measured. */
export function deliver(message: DrivenMessage): void {
  arrived?.(message);
}

/** Sends `count` messages, each of which has to come out again. */
export function drive({ nodes, inFlight, count, message, untilComplete }: DriveOptions): Promise<Driven> {
  const RED = nodeApi;
  if (!RED) throw new Error('no node of the bench is in the flow');
  const targets = nodes.map((id) => RED.nodes.getNode(id));
  return new Promise((resolve, reject) => {
    const bench = ++drives;
    let begun = 0;
    let ended = 0;
    const start = performance.now();
    const before = process.cpuUsage();
    const next = (): void => {
      const target = targets[begun++ % targets.length];
      target?.receive({ ...message, bench });
    };
    const timer = setTimeout(() => {
      arrived = undefined;
      reject(new Error(`${ended} of ${count} messages came out`));
    }, PATIENCE);
    arrived = ({ payload, bench: from }) => {
      if (from !== bench || (untilComplete && !isComplete(payload))) return;
      if (++ended === count) {
        const { user, system } = process.cpuUsage(before);
        clearTimeout(timer);
        arrived = undefined;
        resolve({
          cpuPerMessage: (user + system) / count,
          wall: performance.now() - start,
          last: payload,
        });
      } else if (begun < count) next();
    };
    for (let index = 0; index < Math.min(inFlight, count); index++) next();
  });
}

function isComplete(payload: unknown): boolean {
  return typeof payload === 'object' && payload !== null && Reflect.get(payload, 'complete') === true;
}

export interface FireOptions {
  node: string;
  count: number;
  /** how many before the event loop goes round */
  atATime: number;
  message: Record<string, unknown>;
  /** a number of the payload that is another one in each message */
  varies?: string;
}

/** Sends messages to a node from which nothing comes back. */
export async function fire({ node, count, atATime, message, varies }: FireOptions): Promise<void> {
  const target = nodeApi?.nodes.getNode(node);
  if (!target) throw new Error(`no node ${node}`);
  for (let sent = 0; sent < count; sent++) {
    const copy = structuredClone(message);
    if (varies !== undefined) Reflect.set(copy.payload as object, varies, 1000 + (varied++ % 997));
    target.receive(copy);
    if (sent % atATime === 0) await nextTurn();
  }
}
