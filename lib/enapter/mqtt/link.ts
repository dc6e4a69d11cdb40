import { randomBytes } from 'node:crypto';

import type * as mqtt from 'mqtt';

import { DeviceError } from '../../core/errors';
import type { TlsFault } from '../../core/http/tls-errors';
import { LONGEST_COMMAND } from './command';
import type { ConnectionConfig } from './config';
import { explain } from './link-errors';
import { openSocket } from './socket';

export type MqttModule = Pick<typeof mqtt, 'MqttClient'>;

/** As a user may choose it: what the vendor's SDK speaks, or 5, whose brokers say what they do not take. */
export type MqttVersion = '3.1.1' | '5';

export interface LinkOptions {
  config: ConnectionConfig;
  version: MqttVersion;
  /** without it the connection is of no use */
  topic: string;
  /** subscribed to as well; a broker that refuses it is not asked again */
  companion?: string | undefined;
  /** what is wrong with our own certificate, should the connection break without a word */
  own?: TlsFault | undefined;
  /** ms that the broker may take to answer the subscription */
  patience: number;
}

export interface LinkEvents {
  /** connected and subscribed; `longest`: bytes of a packet, where the broker says how much it takes */
  up: (longest: number | undefined) => void;
  message: (topic: string, payload: Buffer, isRetained: boolean) => void;
  /** a message that is longer than any command, or that the client would have to keep, was left out unread */
  skipped: () => void;
  /** the socket took a value that was written, or did not; must not throw */
  written: (taken: boolean) => void;
  /**
   * the end, whether it ever was up or not; called once
   *
   * @param companion whether the subscription to the companion was answered; `undefined`: not asked for
   */
  down: (error: DeviceError, companion: 'answered' | 'open' | undefined) => void;
}

const CONNECT_TIMEOUT = 15_000;
const KEEPALIVE = 60;
/** Bytes of a packet beside its body: topic, and properties of MQTT 5. */
const LONGEST_ENVELOPE = 4096;
const LONGEST_PACKET = LONGEST_COMMAND + LONGEST_ENVELOPE;
const AT_MOST_ONCE: mqtt.IClientPublishOptions = { qos: 0, retain: false };
/** `rh`, which MQTT 5 alone knows: retained messages are not wanted. */
const SUBSCRIPTION = { '3.1.1': { qos: 0 }, '5': { qos: 0, rh: 2 } } as const;

function optionsOf(config: ConnectionConfig, version: MqttVersion): mqtt.IClientOptions {
  return {
    ...(version === '5'
      ? { protocolVersion: 5, properties: { maximumPacketSize: LONGEST_PACKET } }
      : { protocolVersion: 4 }),
    clientId: `nr${randomBytes(10).toString('hex')}`,
    clean: true,
    keepalive: KEEPALIVE,
    connectTimeout: CONNECT_TIMEOUT,
    // Reconnecting is decided in one place, by the connection.
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    // Its own debug log is asked five times for each message, and costs as much as a check of the message's values.
    log: () => undefined,
    ...(config.protocol === 'MQTT' ? config.login : {}),
  };
}

/** One connection to the broker, from its first packet to its last. A new try is a new link. */
export class Link {
  private readonly client: mqtt.MqttClient;
  private lost = false;
  /** what waits for a word of the broker or of the socket; gets an error when the link is lost */
  private readonly waiting = new Set<(error?: Error) => void>();
  private readonly onWritten: (error?: Error | null) => void;
  private unwritten = 0;
  private readonly pongs: (() => void)[] = [];
  private awaited: (() => void) | undefined;
  private reason: DeviceError | undefined;
  private unresponded: NodeJS.Timeout | undefined;
  private companion: 'answered' | 'open' | undefined;

  constructor(module: MqttModule, options: LinkOptions, events: LinkEvents) {
    const { config, version, own } = options;
    this.client = new module.MqttClient(
      () => openSocket(config, LONGEST_PACKET, events.skipped),
      optionsOf(config, version),
    );
    this.onWritten = (error) => {
      this.unwritten--;
      if (!this.lost) events.written(!error);
    };
    this.client.on('connect', (response) => this.subscribe(options, () => events.up(longestOf(response))));
    this.client.on('message', (topic, payload, { retain }) => events.message(topic, payload, retain));
    this.client.on('error', (error) => (this.reason ??= explain(error, own)));
    // Pings answer in order, so each response belongs to the oldest ping, also to those of the keep-alive.
    this.client.on('packetsend', ({ cmd }) => {
      if (cmd === 'pingreq') this.pongs.push(this.awaited ?? (() => undefined));
    });
    this.client.on('packetreceive', ({ cmd }) => {
      if (cmd === 'pingresp') this.pongs.shift()?.();
    });
    this.client.once('close', () => {
      clearTimeout(this.unresponded);
      this.lost = true;
      for (const settle of [...this.waiting]) settle(new Error('lost'));
      events.down(this.reason ?? explain(undefined, own), this.companion);
    });
  }

  /** How many values the socket has not taken yet. */
  get writing(): number {
    return this.unwritten;
  }

  /** Writes a value, which the broker does not confirm; `written` tells when the socket took it. It is gone when the link is lost. */
  write(topic: string, body: string): void {
    this.unwritten++;
    try {
      this.client.publish(topic, body, AT_MOST_ONCE, this.onWritten);
    } catch (thrown) {
      this.onWritten(thrown as Error);
    }
  }

  /** Resolves when it was written to the socket, which says nothing about the broker. @throws when the link is lost */
  publish(topic: string, body: string): Promise<void> {
    return promised((done) =>
      this.whileUp(done, (settle) =>
        this.client.publish(topic, body, AT_MOST_ONCE, (error) => settle(error ?? undefined)),
      ),
    );
  }

  /** Resolves when the broker has read everything that was published before. @throws when the link is lost */
  confirm(): Promise<void> {
    return promised((done) =>
      this.whileUp(done, (settle) => {
        this.awaited = () => settle();
        this.client.sendPing();
        this.awaited = undefined;
      }),
    );
  }

  /** Says goodbye where that is possible, and ends at once where not. Resolves when the socket is closed. */
  close(patience: number): Promise<void> {
    if (this.lost) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.client.stream.destroy(), patience);
      this.waiting.add(() => {
        clearTimeout(timer);
        resolve();
      });
      // Not by the callback of `end`: it does not come when the broker is gone.
      this.client.end(!this.client.connected);
      if (!this.client.connected) this.client.stream.destroy();
    });
  }

  private subscribe({ topic, companion, version, patience }: LinkOptions, onSubscribed: () => void): void {
    const { client } = this;
    this.unresponded = setTimeout(() => {
      const seconds = patience / 1000;
      this.reason = new DeviceError('TIMEOUT', `No complete answer within ${seconds} s.`, {
        params: { seconds },
      });
      client.stream.destroy();
    }, patience);
    client.subscribe(topic, SUBSCRIPTION[version], (error) => {
      clearTimeout(this.unresponded);
      if (!error) {
        // Nothing of the flow depends on it, so that a refusal is no fault.
        if (companion !== undefined) this.askForCompanion(companion, version);
        onSubscribed();
        return;
      }
      // Still connected, so it was the broker that said no.
      if (client.connected) {
        this.reason = new DeviceError('FORBIDDEN', 'The broker does not let this device receive commands.', {
          reason: 'enapterNoSubscription',
        });
      }
      client.stream.destroy();
    });
  }

  private askForCompanion(topic: string, version: MqttVersion): void {
    const { client } = this;
    this.companion = 'open';
    client.subscribe(topic, SUBSCRIPTION[version], (error) => {
      // Lost before the broker said anything: it may be this that it does not take.
      if (!error || client.connected) this.companion = 'answered';
    });
  }

  private whileUp(done: (error?: Error) => void, work: (settle: (error?: Error) => void) => void): void {
    if (this.lost) {
      done(new Error('lost'));
      return;
    }
    const settle = (error?: Error): void => {
      if (this.waiting.delete(settle)) done(error);
    };
    this.waiting.add(settle);
    try {
      work(settle);
    } catch (thrown) {
      settle(thrown instanceof Error ? thrown : new Error(String(thrown)));
    }
  }
}

/** What an MQTT 5 broker says of the packets that it takes. */
function longestOf({ properties }: mqtt.IConnackPacket): number | undefined {
  return properties?.maximumPacketSize;
}

function promised(work: (done: (error?: Error) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => work((error) => (error ? reject(error) : resolve())));
}
