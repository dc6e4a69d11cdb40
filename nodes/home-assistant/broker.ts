import type { Node, NodeAPI, NodeStatus } from 'node-red';

import { type DeviceError, invalidInput } from '../../lib/core/errors';
import { isRecord } from '../../lib/core/values';
import type { BrokerPresence } from '../../lib/home-assistant/documents';
import type { Publication } from '../../lib/home-assistant/publisher';

/** The core `mqtt-broker` node, which tells nobody when it is connected but by the status of those who use it. */

interface Packet {
  retain?: boolean;
}

export type Heard = (topic: string, payload: unknown, packet: Packet) => void;

/** What a core node `mqtt-broker` has that is used here; nothing of it is documented. */
interface BrokerNode extends Node {
  connected: boolean;
  brokerurl?: string;
  clientid?: string;
  options?: { will?: unknown };
  birthMessage?: unknown;
  closeMessage?: unknown;
  register: (user: { id: string }) => void;
  deregister: (user: { id: string }, done: () => void, disconnects?: boolean) => void;
  subscribe: (topic: string, options: object, heard: Heard, ref: string) => void;
  unsubscribe: (topic: string, ref: string, removes: boolean) => void;
  publish: (message: object, done: (error?: unknown) => void) => void;
  v5?: () => boolean;
}

export interface BrokerUse {
  connected: () => void;
  disconnected: () => void;
}

/** ms that the last words may take. */
const LAST_WORDS = 5000;
const LONGEST_TOPIC = 1000;

function noBroker(): DeviceError {
  return invalidInput('No MQTT broker is selected, or it is disabled.', 'homeAssistantNoBroker');
}

/** The user's own way to a broker, in place of a node: it is told of the connection by its status. */
export class BrokerAccess {
  private readonly pending = new Set<Promise<void>>();
  private readonly subscribed: string[] = [];
  private readonly facade: { id: string; type: string; status: (status: NodeStatus | string) => void };
  private isConnected = false;

  private constructor(
    private readonly broker: BrokerNode,
    private readonly ref: string,
    private readonly use: BrokerUse,
  ) {
    this.facade = { id: ref, type: 'home-assistant-device', status: () => this.look() };
  }

  /** @throws DeviceError INVALID_INPUT where there is no such broker */
  static of(RED: NodeAPI, id: string, ref: string, use: BrokerUse): BrokerAccess {
    const found = RED.nodes.getNode(id) as BrokerNode | null | undefined;
    if (typeof found?.register !== 'function' || typeof found.publish !== 'function') throw noBroker();
    return new BrokerAccess(found, ref, use);
  }

  get connected(): boolean {
    return this.broker.connected;
  }

  /** What two nodes of one broker have in common, whichever broker node they use. */
  get key(): string {
    return this.broker.brokerurl ?? this.broker.id;
  }

  /** The user has chosen the client's id: the broker lets only one connection have it. */
  get isNamed(): boolean {
    return (this.broker.clientid ?? '') !== '';
  }

  begin(subscriptions: readonly { topic: string; options: object; heard: Heard }[]): void {
    // Before it connects, so that what the broker keeps comes with the connection.
    this.broker.register(this.facade);
    for (const { topic, options, heard } of subscriptions) {
      this.subscribed.push(topic);
      this.broker.subscribe(topic, options, heard, this.ref);
    }
    this.look();
  }

  /** The status that the broker shows by itself may come in any order; only what it is counts. */
  private look(): void {
    const { connected } = this;
    if (connected === this.isConnected) return;
    this.isConnected = connected;
    if (connected) this.use.connected();
    else this.use.disconnected();
  }

  publish({ topic, payload, retain, qos, expiry }: Publication): void {
    // Without a connection it would neither be sent nor ever answered.
    if (!this.connected) return;
    const expires = expiry === undefined ? {} : { messageExpiryInterval: expiry };
    const done = new Promise<void>((resolve) => {
      this.broker.publish({ topic, payload, retain, qos, ...expires }, () => resolve());
    });
    this.pending.add(done);
    void done.then(() => this.pending.delete(done));
  }

  /**
   * Whether the broker itself says when Node-RED is gone: a retained birth and will on one topic, and no other last word.
   */
  get presence(): BrokerPresence | undefined {
    const { options, birthMessage, closeMessage } = this.broker;
    const will = lastWord(options?.will);
    const birth = lastWord(birthMessage);
    const close = closeMessage ? lastWord(closeMessage) : will;
    if (!will || !birth || !close) return undefined;
    const isOne = will.topic === birth.topic && will.topic === close.topic && will.payload === close.payload;
    if (!isOne || will.payload === birth.payload) return undefined;
    return { topic: will.topic, online: birth.payload, offline: will.payload };
  }

  /** Resolves when the last words are with the broker, or have had their time. */
  async end(removed: boolean): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tooLong = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LAST_WORDS);
    });
    await Promise.race([Promise.all(this.pending), tooLong]);
    for (const topic of this.subscribed.splice(0)) this.broker.unsubscribe(topic, this.ref, true);
    await Promise.race([
      new Promise<void>((resolve) => this.broker.deregister(this.facade, () => resolve(), removed)),
      tooLong,
    ]);
    clearTimeout(timer);
  }
}

function lastWord(message: unknown): { topic: string; payload: string } | undefined {
  if (!isRecord(message)) return undefined;
  const { topic, retain } = message;
  const payload = Buffer.isBuffer(message.payload) ? message.payload.toString('utf8') : message.payload;
  const isRetained = retain === true || retain === 'true';
  if (typeof topic !== 'string' || typeof payload !== 'string' || !isRetained) return undefined;
  return topic === '' || topic.length > LONGEST_TOPIC || payload === '' ? undefined : { topic, payload };
}
