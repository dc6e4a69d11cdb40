import net, { type AddressInfo, type Socket } from 'node:net';
import tls from 'node:tls';

import type { Aedes, Client } from 'aedes' with { 'resolution-mode': 'import' };

export interface BrokerOptions {
  /** Default: any free port. */
  port?: number;
  /** PEM; with it the broker speaks TLS and demands a client certificate that `ca` signed. */
  tls?: { key: string; cert: string; ca: string };
  /** Which users may connect; default everyone. Not asked for over TLS, where the certificate says who it is. */
  admit?: (username: string, password: string) => boolean;
  /** Refuses every subscription. */
  deaf?: boolean;
  /** Subscriptions for which it ends the connection without a response, as brokers do where a policy forbids them. */
  killsAt?: (topic: string) => boolean;
  /** Publications for which it ends the connection, as brokers do for topics and sizes that they do not allow. */
  punishes?: (topic: string, body: Buffer) => boolean;
}

/** A message that a client published. */
export interface Published {
  topic: string;
  body: string;
  json: unknown;
  qos: number;
  retain: boolean;
  clientId: string;
}

interface Waiter {
  match: (message: Published) => boolean;
  resolve: (message: Published) => void;
}

const LOG_SIZE = 5000;

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** A real MQTT broker on loopback that can be killed and started again on the same port. */
export class SimBroker {
  port = 0;
  /** The last 5000 messages of clients, oldest first, through all restarts. */
  readonly published: Published[] = [];
  /** Connections accepted, and clients that were let in, through all restarts. */
  readonly counters = { connections: 0, clients: 0, refused: 0, punished: 0 };
  /** Called with each message of a client. */
  onPublish: ((message: Published) => void) | undefined;
  private aedes: Aedes | undefined;
  private server: net.Server | undefined;
  private readonly sockets = new Set<Socket>();
  private waiters: Waiter[] = [];
  private subscribers: { topic: string; resolve: () => void }[] = [];
  private readonly leavers: (() => void)[] = [];
  private readonly arrivals: (() => void)[] = [];
  private readonly subscribed = new Map<string, Set<string>>();

  /** Use {@link startBroker}. */
  constructor(private readonly options: BrokerOptions) {
    this.port = options.port ?? 0;
  }

  /** TCP connections that are open now. */
  get open(): number {
    return this.sockets.size;
  }

  get running(): boolean {
    return this.server !== undefined;
  }

  async start(): Promise<void> {
    const { Aedes } = await import('aedes');
    const aedes = await Aedes.createBroker({
      authenticate: (_client, username, password, done) => {
        const admitted = this.options.admit?.(username ?? '', password?.toString() ?? '') ?? true;
        if (admitted || this.options.tls) {
          done(null, true);
          return;
        }
        this.counters.refused += 1;
        done(Object.assign(new Error('bad user name or password'), { returnCode: 4 }), false);
      },
    });
    // A subscription that comes back as null is answered with the code of a refusal.
    if (this.options.deaf) aedes.authorizeSubscribe = (_client, _subscription, done) => done(null, null);
    const { killsAt } = this.options;
    if (killsAt) {
      aedes.authorizeSubscribe = (client, subscription, done) => {
        if (killsAt(subscription.topic)) client.close();
        else done(null, subscription);
      };
    }
    aedes.authorizePublish = (client, { topic, payload }, done) => {
      const isPunished = client && this.options.punishes?.(topic, Buffer.from(payload));
      if (isPunished) this.counters.punished += 1;
      done(isPunished ? new Error('not allowed') : null);
    };
    aedes.on('clientReady', () => {
      this.counters.clients += 1;
      for (const tell of this.arrivals.splice(0)) tell();
    });
    aedes.on('publish', (packet, client) => {
      if (client) this.record(packet, client);
    });
    aedes.on('subscribe', (subscriptions, client) => {
      for (const { topic } of subscriptions) this.noteSubscription(topic, client);
    });
    aedes.on('clientDisconnect', (client) => this.subscribed.forEach((clients) => clients.delete(client.id)));

    const { tls: secrets } = this.options;
    const handle = (socket: Socket): void => void aedes.handle(socket);
    const server = secrets
      ? tls.createServer({ ...secrets, requestCert: true, rejectUnauthorized: true }, handle)
      : net.createServer(handle);
    server.on('connection', (socket: Socket) => {
      this.counters.connections += 1;
      this.sockets.add(socket);
      socket.once('close', () => {
        this.sockets.delete(socket);
        for (const tell of this.leavers.splice(0)) tell();
      });
      socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.port, '127.0.0.1', () => resolve());
    });
    this.port = (server.address() as AddressInfo).port;
    this.aedes = aedes;
    this.server = server;
  }

  /** Ends as a killed process does: no goodbye, all connections reset. */
  async kill(): Promise<void> {
    const { server, aedes } = this;
    this.server = undefined;
    this.aedes = undefined;
    this.subscribed.clear();
    const closed = new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
    for (const socket of this.sockets) socket.resetAndDestroy();
    await closed;
    await new Promise<void>((resolve) => (aedes ? aedes.close(() => resolve()) : resolve()));
  }

  /** Resolves when a client is subscribed to the topic, now or later. */
  subscription(topic: string): Promise<void> {
    if (this.subscribed.get(topic)?.size) return Promise.resolve();
    return new Promise((resolve) => this.subscribers.push({ topic, resolve }));
  }

  /** Resolves with the next message of a client (that satisfies `match`). */
  nextPublish(match: (message: Published) => boolean = () => true): Promise<Published> {
    return new Promise((resolve) => this.waiters.push({ match, resolve }));
  }

  /** Resolves when a client is let in. */
  nextConnection(): Promise<void> {
    return new Promise((resolve) => this.arrivals.push(resolve));
  }

  /** Resolves when a connection ends. */
  departure(): Promise<void> {
    return new Promise((resolve) => this.leavers.push(resolve));
  }

  /** Sends a message to whoever is subscribed, and, if it is retained, to whoever subscribes later. */
  publish(topic: string, body: string | Buffer, { retain = false } = {}): Promise<void> {
    const { aedes } = this;
    if (!aedes) return Promise.reject(new Error('the broker does not run'));
    return new Promise((resolve, reject) => {
      const packet = { cmd: 'publish', topic, payload: body, qos: 0, dup: false, retain } as const;
      aedes.publish(packet, (error) => (error ? reject(error) : resolve()));
    });
  }

  close(): Promise<void> {
    return this.kill();
  }

  private noteSubscription(topic: string, client: Client): void {
    const clients = this.subscribed.get(topic) ?? new Set();
    this.subscribed.set(topic, clients.add(client.id));
    const reached = this.subscribers.filter((one) => one.topic === topic);
    this.subscribers = this.subscribers.filter((one) => one.topic !== topic);
    for (const { resolve } of reached) resolve();
  }

  private record(
    packet: { topic: string; payload: string | Buffer; qos: number; retain: boolean },
    client: Client,
  ): void {
    const body = packet.payload.toString();
    const { topic, qos, retain } = packet;
    const message: Published = { topic, body, json: parse(body), qos, retain, clientId: client.id };
    this.published.push(message);
    if (this.published.length > LOG_SIZE) this.published.shift();
    this.onPublish?.(message);
    const reached = this.waiters.filter((waiter) => waiter.match(message));
    this.waiters = this.waiters.filter((waiter) => !reached.includes(waiter));
    for (const waiter of reached) waiter.resolve(message);
  }
}

/** Starts a broker on loopback. */
export async function startBroker(options: BrokerOptions = {}): Promise<SimBroker> {
  const broker = new SimBroker(options);
  await broker.start();
  return broker;
}
