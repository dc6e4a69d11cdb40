import { type Availability, AvailabilityTracker, needsUser } from '../../core/availability';
import { BackOff, type BackOffOptions } from '../../core/back-off';
import { type Clock, delay, systemClock } from '../../core/clock';
import { cancelled, type DeviceError, invalidInput } from '../../core/errors';
import { CommandDesk } from './commands';
import type { ConnectionConfig } from './config';
import { Link, type MqttModule } from './link';
import { Outbox, type Values } from './outbox';
import { encode, encodeValues, type Notice, prepareLog, prepareValues } from './payloads';
import { type PropertiesTopic, type Topics, topicsOf } from './topics';
import { Usage } from './usage';

export interface ConnectionOptions {
  config: ConnectionConfig;
  propertiesTopic: PropertiesTopic;
  /** each change; never a repeat */
  onAvailability?: (availability: Availability) => void;
  /** logs that were dropped because more waited than fit; a few of them may have arrived without being confirmed */
  onDropped?: (count: number) => void;
  /** the first body on the command topic that is no command */
  onJunk?: () => void;
  /** waits between tries; default 1 s to a minute */
  backOff?: BackOffOptions;
  /** longest wait in ms before the first try; the actual one is drawn, so that many do not come at once; default 1 s */
  spread?: number;
  /** ms that a connection must last before the waits start from the beginning; default 10 s */
  stableAfter?: number;
  /** ms that the broker may take to answer the subscription; default 15 s */
  subscribeTimeout?: number;
  /** loads the MQTT client, on first use */
  load?: () => Promise<MqttModule>;
  clock?: Clock;
}

const SUBSCRIBE_TIMEOUT = 15_000;
const BATCH = 50;
/** Values written to a socket that does not take them; beyond it only the newest are kept. */
const MAX_WRITES = 100;
/** ms that a close waits for the broker to have read what was said last, and for its socket to end */
const LAST_WORDS = 700;
const GOODBYE = 500;

/**
 * The connection of one standalone device, shared by all who speak for it. It comes back for ever; while it is away
 * the newest values, and logs and answers in order, are kept.
 */
export class EnapterConnection {
  readonly usage = new Usage();
  readonly desk: CommandDesk;
  private readonly clock: Clock;
  private readonly topics: Topics;
  private readonly outbox = new Outbox();
  private tracker = new AvailabilityTracker();
  private readonly backOff: BackOff;
  private link: Link | undefined;
  private up = false;
  private pumping: Promise<void> = Promise.resolve();
  private idle = true;
  /** values are waiting for the socket to take those that were written */
  private behind = false;
  private cancelRetry: (() => void) | undefined;
  private cancelStable: (() => void) | undefined;
  private started = false;
  private closed = false;
  /** counts the stops: what was begun before one must not go on after it */
  private round = 0;
  private ending: Promise<void> = Promise.resolve();
  readonly stats = { connects: 0, losses: 0, published: 0, lastConnect: null as number | null };

  constructor(private readonly options: ConnectionOptions) {
    this.clock = options.clock ?? systemClock;
    this.topics = topicsOf(options.config, options.propertiesTopic);
    this.backOff = new BackOff(options.backOff ?? { base: 1000, cap: 60_000 }, this.clock);
    this.desk = new CommandDesk({
      clock: this.clock,
      send: (response) => {
        const publication = { topic: this.topics.responses, body: JSON.stringify(response) };
        this.outbox.addResponse(publication, response.state !== 'log');
        this.pump();
      },
      onCommand: (command) => this.usage.recordCommand(command),
      onJunk: () => {
        if (this.desk.stats.junk === 1) options.onJunk?.();
      },
    });
  }

  get availability(): Availability | undefined {
    return this.tracker.current;
  }

  /** Counts for diagnostics. */
  get counts(): Record<string, unknown> {
    const { waiting, droppedLogs, droppedResponses } = this.outbox;
    return { ...this.stats, waiting, droppedLogs, droppedResponses, commands: { ...this.desk.stats } };
  }

  /** Connects, soon; once is enough. */
  start(): void {
    if (this.started || this.closed) return;
    this.started = true;
    this.plan((this.options.spread ?? 1000) * (0.2 + 0.8 * this.clock.random()));
  }

  /** Disconnects until the next `start`; what is known and what waits is kept. */
  stop(): Promise<void> {
    if (!this.started) return this.ending;
    this.started = false;
    this.round++;
    this.cancelRetry?.();
    const { link } = this;
    this.leave();
    // Nobody may be told later that a connection stands which was ended here.
    this.tracker = new AvailabilityTracker();
    this.ending = link?.close(GOODBYE) ?? Promise.resolve();
    return this.ending;
  }

  /**
   * Publishes telemetry or properties, now or as the newest ones when the connection is back.
   *
   * @param source who publishes; its newest values replace its older ones
   * @returns what was left out or will be ignored and was not noticed before
   * @throws DeviceError INVALID_INPUT
   */
  publishValues(kind: 'telemetry' | 'properties', source: string, payload: unknown): Notice[] {
    if (this.closed) throw cancelled(false);
    const prepared = prepareValues(kind, payload, this.clock.now());
    this.send(this.outbox.setValues(kind, source, this.topics[kind], encodeValues(prepared)));
    return this.usage.record(kind, prepared);
  }

  /** Publishes a log line, now or when the connection is back. @throws DeviceError INVALID_INPUT */
  publishLog(payload: unknown): void {
    if (this.closed) throw cancelled(false);
    const body = encode(prepareLog(payload, this.clock.now()));
    this.outbox.addLog({ topic: this.topics.logs, body });
    this.pump();
  }

  /** Forgets the newest values of a source that is gone. */
  forget(source: string): void {
    this.outbox.forget(source);
  }

  /** Answers open commands with an error, says what can be said within a second or so, and ends. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.desk.close();
    if (this.up) await Promise.race([this.pumping, delay(this.clock, LAST_WORDS)]);
    await this.stop();
  }

  private plan(wait: number): void {
    this.cancelRetry?.();
    this.cancelRetry = this.clock.after(wait, () => void this.connect());
  }

  private async connect(): Promise<void> {
    const { round } = this;
    const load = this.options.load ?? (() => import('mqtt'));
    try {
      // The broker must not see two connections of one device, not even for a moment.
      await this.ending;
      const module = await load();
      if (round !== this.round) return;
      const { config, subscribeTimeout = SUBSCRIBE_TIMEOUT } = this.options;
      const current = (act: () => void): void => {
        if (this.link === link) act();
      };
      const link = new Link(module, config, this.topics.commands, subscribeTimeout, {
        up: () => current(() => this.onUp()),
        message: (payload) => current(() => this.desk.receive(payload)),
        written: (taken) => {
          if (this.link === link) this.onWritten(link, taken);
        },
        down: (error) => current(() => this.onDown(error)),
      });
      this.link = link;
    } catch {
      if (round !== this.round) return;
      // OpenSSL's text about a key that it cannot read quotes nothing, but it is of no help either.
      this.onDown(
        invalidInput('The certificate or the key of the configuration cannot be used.', 'enapterBadKey'),
      );
    }
  }

  private onUp(): void {
    this.up = true;
    this.stats.connects++;
    this.stats.lastConnect = this.clock.now();
    this.cancelStable = this.clock.after(this.options.stableAfter ?? 10_000, () => this.backOff.reset());
    this.announce(undefined);
    // What was sent just before the connection broke may not have arrived. Its own time goes with it, so that a
    // second copy changes nothing.
    this.outbox.forgetWritten();
    this.sendUnwritten();
    this.pump();
  }

  private onDown(error: DeviceError): void {
    if (this.up) this.stats.losses++;
    this.leave();
    if (this.closed) return;
    this.announce(error);
    this.plan(needsUser(error) ? this.backOff.longest() : this.backOff.next());
  }

  private leave(): void {
    this.up = false;
    this.link = undefined;
    this.cancelStable?.();
    this.outbox.putBack();
  }

  private announce(reason: DeviceError | undefined): void {
    const changed = this.tracker.update(reason, this.clock.now());
    if (changed) this.options.onAvailability?.(changed);
  }

  /**
   * Values go out without being confirmed: the next ones are better than these.
   *
   * @returns whether there was room for them
   */
  private send(values: Values): boolean {
    if (!this.up || !this.link) return false;
    if (this.link.writing >= MAX_WRITES) {
      this.behind = true;
      return false;
    }
    values.written = true;
    this.link.write(values.topic, values.body);
    return true;
  }

  private sendUnwritten(): void {
    this.behind = false;
    for (const values of this.outbox.unwritten()) if (!this.send(values)) return;
  }

  private onWritten(link: Link, taken: boolean): void {
    if (taken) this.stats.published++;
    if (this.behind && link.writing === 0) this.sendUnwritten();
  }

  private pump(): void {
    const { link } = this;
    if (!link || !this.up || !this.idle) return;
    this.idle = false;
    this.pumping = this.drain(link).finally(() => {
      this.idle = true;
      if (this.link !== link) this.pump();
    });
  }

  /** Logs and answers, in order; each batch leaves the queue when the broker has certainly read it. */
  private async drain(link: Link): Promise<void> {
    try {
      while (this.link === link && this.outbox.waiting > 0) {
        const batch = this.outbox.take(BATCH);
        await Promise.all(batch.map(({ topic, body }) => link.publish(topic, body)));
        await link.confirm();
        this.outbox.confirm();
        this.stats.published += batch.length;
        if (this.outbox.waiting === 0) this.reportDropped();
      }
    } catch {
      // The link is lost; what is in the queue goes out over the next one.
    }
  }

  /** Said when there is room again: a report that pushes out another line would never end. */
  private reportDropped(): void {
    const dropped = this.outbox.takeDropped();
    if (dropped === 0) return;
    this.options.onDropped?.(dropped);
    this.publishLog({
      message: `Up to ${dropped} log messages were lost while there was no connection.`,
      severity: 'warning',
    });
  }
}
