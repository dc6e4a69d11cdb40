import mqtt from 'mqtt';

import { Feed } from './feed';
import type { FlowNode, Runtime } from './runtime';

/** A flow that feeds a `home-assistant-device` node over HTTP, and somebody who sees what the broker gets. */

export interface FlowOptions {
  port: number;
  /** settings of the node */
  node?: object;
  /** of the broker node */
  broker?: object;
  /** further nodes */
  more?: FlowNode[];
  /** where commands go, beside the debug node */
  commandsTo?: string[];
}

/** A retained birth, will and close message on one topic. */
export const WITH_WILL = {
  ...{ birthTopic: 'node-red/status', birthPayload: 'online', birthRetain: 'true', birthQos: '1' },
  ...{ willTopic: 'node-red/status', willPayload: 'offline', willRetain: 'true', willQos: '1' },
  ...{ closeTopic: 'node-red/status', closePayload: 'offline', closeRetain: 'true', closeQos: '1' },
};

export function homeAssistantFlow({
  port,
  node,
  broker,
  more = [],
  commandsTo = [],
}: FlowOptions): FlowNode[] {
  const placed = { z: 'tab', x: 100, y: 100 };
  return [
    { id: 'tab', type: 'tab', label: 'test' },
    {
      ...{ id: 'broker', type: 'mqtt-broker', broker: '127.0.0.1', port: String(port), protocolVersion: '5' },
      ...{ clientid: '', autoConnect: true, keepalive: '60', cleansession: true, ...broker },
    },
    { ...placed, id: 'in', type: 'http in', url: '/feed', method: 'post', wires: [['spread']] },
    {
      ...{ ...placed, id: 'spread', type: 'function', outputs: 2, wires: [['ha'], ['out']] },
      func: 'for (const one of [].concat(msg.payload)) node.send([one, null]);\nreturn [null, { ...msg, payload: {} }];',
    },
    { ...placed, id: 'out', type: 'http response', wires: [] },
    {
      ...{ ...placed, id: 'ha', type: 'home-assistant-device', name: '', broker: 'broker', configVersion: 1 },
      ...{ prefix: 'homeassistant', root: 'energy-devices', birth: '', every: 10, watch: 15 },
      ...{ allowSwitch: true, allowRestart: false, allowTarget: false, allowLimit: false },
      ...{ largestPower: 100, onDelete: 'remove', wires: [['commands', ...commandsTo]], ...node },
    },
    { ...placed, id: 'commands', type: 'debug', active: true, tosidebar: true, complete: 'true', wires: [] },
    { ...placed, id: 'caught', type: 'catch', scope: null, wires: [['errors']] },
    { ...placed, id: 'errors', type: 'debug', active: true, tosidebar: true, complete: 'error', wires: [] },
    ...more,
  ];
}

/** Sends messages into the flow's node. */
export async function feed(runtime: Runtime, ...messages: object[]): Promise<void> {
  const reply = await runtime.post('feed', messages);
  if (reply.status !== 200) throw new Error(`feed: ${reply.status} ${reply.text}`);
}

export interface Seen {
  topic: string;
  payload: string;
  retain: boolean;
  /** ms, monotonic */
  at: number;
}

/** Sees all that a broker gets, and knows what it keeps. */
export class Observer {
  readonly seen = new Feed<Seen>();
  /** as the broker would tell a new subscriber */
  readonly retained = new Map<string, string>();

  private constructor(readonly client: mqtt.MqttClient) {
    client.on('error', () => undefined);
    client.on('message', (topic, payload, { retain }) => {
      const text = payload.toString('utf8');
      if (retain && text === '') this.retained.delete(topic);
      else if (retain) this.retained.set(topic, text);
      this.seen.push({ topic, payload: text, retain, at: performance.now() });
    });
  }

  static async of(port: number): Promise<Observer> {
    const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, {
      ...{ reconnectPeriod: 0, protocolVersion: 5 },
    });
    const observer = new Observer(client);
    // As published, so that a message that is kept is told from one that is not.
    await client.subscribeAsync('#', { qos: 1, rap: true });
    return observer;
  }

  /**
   * Messages a second of the topic that has most of them, by the time between its first and its last: a count within a
   * span of time is one too many where the span begins just before a message.
   */
  highestRate(of: (topic: string) => boolean, from: number): number {
    const times = new Map<string, number[]>();
    for (const { topic, at } of this.seen.items.slice(from)) {
      if (of(topic)) times.set(topic, [...(times.get(topic) ?? []), at]);
    }
    const rates = [...times.values()].flatMap((all) => {
      const span = (all.at(-1) ?? 0) - (all[0] ?? 0);
      return span > 0 ? [((all.length - 1) * 1000) / span] : [];
    });
    return Math.max(...rates);
  }

  /** What a topic holds, or will. */
  async holds(
    topic: string,
    matches: (payload: string) => boolean = () => true,
    timeout = 20_000,
  ): Promise<string> {
    const held = this.retained.get(topic);
    if (held !== undefined && matches(held)) return held;
    const { payload } = await this.seen.waitFor(
      (one) => one.topic === topic && matches(one.payload),
      `message on ${topic}`,
      { timeout, from: this.seen.items.length },
    );
    return payload;
  }

  /** Resolves when a topic holds nothing. */
  async empties(topic: string): Promise<void> {
    if (!this.retained.has(topic)) return;
    await this.seen.waitFor((one) => one.topic === topic && one.payload === '', `empty ${topic}`, {
      ...{ timeout: 20_000, from: this.seen.items.length },
    });
  }

  async end(): Promise<void> {
    await this.client.endAsync(true).catch(() => undefined);
  }
}
