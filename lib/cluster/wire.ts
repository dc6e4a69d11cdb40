import { type Clock, systemClock } from '../core/clock';
import { DeviceError, invalidInput } from '../core/errors';
import { createRedactor, type Redactor } from '../core/redact';
import { engineError, unreachable } from './engine-error';
import type { ClusterSettings } from './settings';

/** ms that a call or a connection may take */
export const LONGEST_CALL = 2000;
/** ms between two tries to connect */
const PAUSE = 500;
/** ms between two tries where somebody has to do something first */
const LONG_PAUSE = 5000;

/** What is used of `@redis/client`. */
interface Client {
  connect(): Promise<unknown>;
  sendCommand(args: string[]): Promise<unknown>;
  destroy(): void;
  readonly isReady: boolean;
  on(event: 'error' | 'end', heard: (error?: unknown) => void): unknown;
}

export interface WireOptions {
  settings: Pick<ClusterSettings, 'url' | 'username' | 'password'>;
  /** the connection stands, and nothing has been asked over it */
  onReady: (ask: (args: readonly string[]) => Promise<unknown>) => Promise<void>;
  onLost: (reason: DeviceError) => void;
  clock?: Clock;
}

/** One connection to Redis or Valkey, made anew whenever it is lost: a call that finds none fails at once. */
export class Wire {
  private readonly clock: Clock;
  private client: Client | undefined;
  private ready = false;
  private closed = false;
  private cancelTimer: (() => void) | undefined;
  private redact: Redactor = createRedactor([]);

  constructor(private readonly options: WireOptions) {
    this.clock = options.clock ?? systemClock;
  }

  get connected(): boolean {
    return this.ready;
  }

  start(): void {
    this.connect().then(
      () => undefined,
      (thrown: unknown) => this.lose(this.errorOf(thrown)),
    );
  }

  /**
   * @param allowed ms
   * @throws DeviceError UNREACHABLE, TIMEOUT, `sent` where the engine may have done it; BAD_RESPONSE for what it refuses
   */
  async ask(args: readonly string[], allowed = LONGEST_CALL): Promise<unknown> {
    const { client } = this;
    if (!client || !this.ready) throw unreachable('');
    return this.over(client, args, allowed);
  }

  close(): void {
    this.closed = true;
    this.cancelTimer?.();
    this.drop();
  }

  private async over(client: Client, args: readonly string[], allowed: number): Promise<unknown> {
    try {
      if (!client.isReady) throw unreachable('');
      return await this.within(allowed, client.sendCommand([...args]));
    } catch (thrown) {
      // Those that are under way when their connection is lost may have been done as well.
      const error = this.errorOf(thrown, true);
      // What hangs once hangs on; and its answer must not be taken for the next one's.
      if (error.code !== 'BAD_RESPONSE' && this.client === client) this.lose(error);
      throw error;
    }
  }

  private async connect(): Promise<void> {
    const { url, username, password: ask } = this.options.settings;
    const { createClient } = await import('@redis/client');
    const password = await ask();
    if (this.closed) return;
    this.redact = createRedactor([password]);
    const client: Client = createClient({
      url,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      RESP: 2,
      name: 'energy-devices',
      disableOfflineQueue: true,
      disableClientInfo: true,
      maintNotifications: 'disabled',
      socket: { reconnectStrategy: false, connectTimeout: LONGEST_CALL },
    });
    this.client = client;
    const ended = (error?: unknown): void => {
      if (this.client === client && this.ready) this.lose(this.errorOf(error));
    };
    client.on('error', ended);
    client.on('end', ended);
    // A client that is destroyed while it connects goes on, and would keep what it gets.
    const connecting = client.connect().then(() => {
      if (this.client !== client) client.destroy();
    });
    await this.within(2 * LONGEST_CALL, connecting);
    if (this.isClosed() || this.client !== client) return;
    await this.options.onReady((args) => this.over(client, args, LONGEST_CALL));
    if (this.isClosed() || this.client !== client) return;
    this.ready = true;
  }

  private isClosed(): boolean {
    return this.closed;
  }

  private lose(reason: DeviceError): void {
    this.drop();
    if (this.closed) return;
    this.options.onLost(reason);
    this.cancelTimer?.();
    const wait = reason.code === 'UNREACHABLE' || reason.code === 'TIMEOUT' ? PAUSE : LONG_PAUSE;
    this.cancelTimer = this.clock.after(wait * (0.75 + this.clock.random() / 2), () => this.start());
  }

  private drop(): void {
    const { client } = this;
    this.client = undefined;
    this.ready = false;
    try {
      client?.destroy();
    } catch {
      // It was never open.
    }
  }

  private within<T>(ms: number, work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const late = (): void =>
        reject(
          new DeviceError('TIMEOUT', 'The engine of the cluster did not answer in time.', {
            reason: 'clusterTimeout',
          }),
        );
      // A process that was busy for so long looks at its timers before it reads what has come meanwhile.
      const cancel = this.clock.after(ms, () => setImmediate(() => setImmediate(late)));
      work.then(resolve, reject).finally(cancel);
    });
  }

  private errorOf(thrown: unknown, isWritten = false): DeviceError {
    if (thrown instanceof DeviceError) return thrown;
    return engineError(thrown instanceof Error ? thrown.message : '', this.redact, isWritten);
  }
}

/** Refuses an engine that may forget leases when its memory is full. */
export function checkMemoryPolicy(info: unknown): void {
  const policy = /^maxmemory_policy:([\w-]{1,40})/m.exec(typeof info === 'string' ? info : '')?.[1];
  if (policy === undefined || policy === 'noeviction') return;
  throw invalidInput(
    `The engine of the cluster may forget leases: its maxmemory-policy is ${policy}, and has to be noeviction.`,
    'clusterEviction',
    { policy },
  );
}
