import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';

import type * as mqtt from 'mqtt';

import { DeviceError } from '../../core/errors';
import type { ConnectionConfig } from './config';

export type MqttModule = Pick<typeof mqtt, 'connect'>;

export interface LinkEvents {
  /** connected and subscribed */
  up: () => void;
  message: (payload: Buffer) => void;
  /** the socket took a value that was written, or did not; must not throw */
  written: (taken: boolean) => void;
  /** the end, whether it ever was up or not; called once */
  down: (error: DeviceError) => void;
}

const CONNECT_TIMEOUT = 15_000;
const KEEPALIVE = 60;
const AT_MOST_ONCE: mqtt.IClientPublishOptions = { qos: 0, retain: false };
/** CONNACK and SUBACK codes by which a broker says that the credentials do not suffice */
const REFUSED_LOGIN = new Set([4, 5]);

function optionsOf(config: ConnectionConfig): mqtt.IClientOptions {
  // `mqtt` hands all options to `tls.connect`, although its types do not name this one.
  const secrets: mqtt.IClientOptions & Pick<ConnectionOptions, 'checkServerIdentity'> =
    config.protocol === 'MQTT'
      ? config.login
      : {
          ...config.tls,
          rejectUnauthorized: true,
          // The broker's certificate does not carry its name. Who it is, is proved by the chain of trust alone.
          checkServerIdentity: () => undefined,
          ...(isIP(config.host) === 0 ? { servername: config.host } : {}),
        };
  return {
    protocol: config.protocol === 'MQTTS' ? 'mqtts' : 'mqtt',
    host: config.host,
    port: config.port,
    protocolVersion: 4,
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
    ...secrets,
  };
}

function codeOf(error: unknown): string | number {
  const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' || typeof code === 'number' ? code : '';
}

const TLS_CODE = /^(CERT_|DEPTH_ZERO|UNABLE_TO_|SELF_SIGNED|ERR_TLS|ERR_SSL|ERR_OSSL|EPROTO)/;

/** The error for a connection that ended; the foreign error is read, never kept. */
function explain(error: unknown): DeviceError {
  const code = codeOf(error);
  if (typeof code === 'number' && REFUSED_LOGIN.has(code)) {
    return new DeviceError('AUTH_FAILED', 'The broker refuses the configuration. Generate a new one.', {
      reason: 'enapterBrokerRefused',
      sent: false,
    });
  }
  if (typeof code === 'string' && TLS_CODE.test(code)) {
    return new DeviceError(
      'UNREACHABLE',
      `The TLS connection to the broker was refused (${code}). The configuration and the broker do not belong together.`,
      { reason: 'enapterTls', sent: false, params: { code } },
    );
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return new DeviceError('UNREACHABLE', 'No such host. Set another host, or use its IP.', {
      reason: 'enapterNoHost',
      sent: false,
    });
  }
  if (code === 'ECONNREFUSED') {
    return new DeviceError('UNREACHABLE', 'Nothing listens at the address and port of the broker.', {
      reason: 'refusedConnection',
      sent: false,
    });
  }
  return new DeviceError('UNREACHABLE', 'The connection to the broker is lost.', { reason: 'enapterLost' });
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

  /** @param patience ms that the broker may take to answer the subscription */
  constructor(
    module: MqttModule,
    config: ConnectionConfig,
    topic: string,
    patience: number,
    events: LinkEvents,
  ) {
    this.client = module.connect(optionsOf(config));
    this.onWritten = (error) => {
      this.unwritten--;
      if (!this.lost) events.written(!error);
    };
    let unanswered: NodeJS.Timeout | undefined;
    this.client.on('connect', () => {
      unanswered = setTimeout(() => {
        const seconds = patience / 1000;
        this.reason = new DeviceError('TIMEOUT', `No complete answer within ${seconds} s.`, {
          params: { seconds },
        });
        this.client.stream.destroy();
      }, patience);
      this.client.subscribe(topic, { qos: 0 }, (error) => {
        clearTimeout(unanswered);
        if (!error) {
          events.up();
          return;
        }
        // Still connected, so it was the broker that said no.
        if (this.client.connected) {
          this.reason = new DeviceError(
            'FORBIDDEN',
            'The broker does not let this device receive commands.',
            { reason: 'enapterNoSubscription' },
          );
        }
        this.client.stream.destroy();
      });
    });
    this.client.on('message', (_topic, payload) => events.message(payload));
    this.client.on('error', (error) => (this.reason ??= explain(error)));
    // Pings answer in order, so each answer belongs to the oldest ping, also to those of the keep-alive.
    this.client.on('packetsend', ({ cmd }) => {
      if (cmd === 'pingreq') this.pongs.push(this.awaited ?? (() => undefined));
    });
    this.client.on('packetreceive', ({ cmd }) => {
      if (cmd === 'pingresp') this.pongs.shift()?.();
    });
    this.client.once('close', () => {
      clearTimeout(unanswered);
      this.lost = true;
      for (const settle of [...this.waiting]) settle(new Error('lost'));
      events.down(this.reason ?? explain(undefined));
    });
  }

  /** How many values the socket has not taken yet. */
  get writing(): number {
    return this.unwritten;
  }

  /** Writes a value, which nobody confirms; `written` tells when the socket took it. It is gone when the link is lost. */
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

function promised(work: (done: (error?: Error) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => work((error) => (error ? reject(error) : resolve())));
}
