import { type Availability, AvailabilityTracker, needsUser } from '../../core/poll/availability';
import { BackOff, type BackOffOptions } from '../../core/poll/back-off';
import { type Clock, delay, systemClock } from '../../core/clock';
import { cancelled, type DeviceError, invalidInput } from '../../core/errors';
import { isOwnCertificate, ownCertificateFault, tlsError } from '../../core/http/tls-errors';
import { isRecord } from '../../core/values';
import { CommandDesk, type CommandDeskOptions } from './commands';
import type { ConnectionConfig } from './config';
import { Link, type MqttModule, type MqttVersion } from './link';
import { encode, encodeValues, type Notice, prepareLog, prepareValues } from './payloads';
import { Publisher } from './publisher';
import { type PropertiesTopic, type Topics, topicsOf } from './topics';
import { UCM_CHANNEL, UcmVoice } from './ucm';
import { Usage } from './usage';

export interface ConnectionOptions {
  config: ConnectionConfig;
  propertiesTopic: PropertiesTopic;
  /** default 3.1.1, as the vendor's SDK */
  version?: MqttVersion;
  /** each change; never a repeat */
  onAvailability?: (availability: Availability) => void;
  /** logs that were dropped because more waited than fit; a few of them may have arrived without being confirmed */
  onDropped?: (count: number) => void;
  /** the first body on the command topic that is no command */
  onJunk?: () => void;
  /** the first retained command */
  onRetained?: () => void;
  /** Keeps `state` where it outlives this process, see `CommandDeskOptions`. */
  keep?: (state: unknown) => Promise<unknown>;
  /** the broker does not take a publication; once for its topic */
  onGivenUp?: (publication: { topic: string; bytes: number }) => void;
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
/** Connections that end before the broker answered the companion's subscription; it is not asked again after these. */
const COMPANION_LOSSES = 2;
/** ms until a certificate of our own is shown again that no broker takes */
const CERTIFICATE_RETRY = 15 * 60_000;
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
  private readonly publisher: Publisher;
  /** for an older configuration: its communication module */
  private readonly ucm: { topics: Topics; desk: CommandDesk; voice: UcmVoice } | undefined;
  private tracker = new AvailabilityTracker();
  private readonly backOff: BackOff;
  private link: Link | undefined;
  private up = false;
  private cancelRetry: (() => void) | undefined;
  private cancelStable: (() => void) | undefined;
  private started = false;
  private closed = false;
  /** counts the stops: what was begun before one must not go on after it */
  private round = 0;
  private ending: Promise<void> = Promise.resolve();
  readonly stats = { connects: 0, losses: 0, lastConnect: null as number | null };
  private retained = 0;
  private skipped = 0;
  /** connections in a row that ended before the companion's subscription was answered */
  private companionLosses = 0;

  constructor(private readonly options: ConnectionOptions) {
    this.clock = options.clock ?? systemClock;
    const { config, propertiesTopic } = options;
    this.topics = topicsOf(config, propertiesTopic);
    this.backOff = new BackOff(options.backOff ?? { base: 1000, cap: 60_000 }, this.clock);
    this.publisher = new Publisher({
      clock: this.clock,
      onDropped: (count) => this.reportDropped(count),
      onGivenUp: (publication) => options.onGivenUp?.(publication),
    });
    this.desk = this.makeDesk(this.topics, {
      onCommand: (command) => this.usage.recordCommand(command),
      onJunk: () => {
        if (this.desk.stats.junk + this.skipped === 1) options.onJunk?.();
      },
    });
    if (config.ucm) this.ucm = this.makeUcm(config, propertiesTopic);
  }

  get availability(): Availability | undefined {
    return this.tracker.current;
  }

  /** Counts for diagnostics. */
  get counts(): Record<string, unknown> {
    const { stats, retained, skipped, desk } = this;
    return { ...stats, ...this.publisher.counts, commands: { ...desk.stats, retained, skipped } };
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
    // A listener must not be told later that a connection stands that was ended here.
    this.tracker = new AvailabilityTracker();
    this.ending = link?.close(GOODBYE) ?? Promise.resolve();
    return this.ending;
  }

  /** The commands that have come, for whoever speaks for the device next; plain data. */
  get state(): unknown {
    return { device: this.desk.state, ...(this.ucm ? { companion: this.ucm.desk.state } : {}) };
  }

  /** Goes on with what another one has kept, whatever stands in it. */
  restore(stored: unknown): void {
    const { device, companion } = isRecord(stored) ? stored : {};
    this.desk.restore(device);
    this.ucm?.desk.restore(companion);
  }

  /**
   * Disconnects, as another instance speaks for the device from now on.
   *
   * @param isAllowed whether open commands may be answered still
   */
  async release(isAllowed: boolean): Promise<void> {
    if (isAllowed) {
      this.desk.handOver();
      this.ucm?.desk.handOver();
      await this.saidLast();
    }
    const stopped = this.stop();
    this.desk.forget();
    this.ucm?.desk.forget();
    await stopped;
  }

  /**
   * Publishes telemetry or properties, now or as the newest ones when the connection is back.
   *
   * @param source who publishes; its newest values replace its older ones
   * @param units of values by name, for the manifest
   * @returns what was left out or will be ignored and was not noticed before
   * @throws DeviceError INVALID_INPUT
   */
  publishValues(
    kind: 'telemetry' | 'properties',
    source: string,
    payload: unknown,
    units?: ReadonlyMap<string, string>,
  ): Notice[] {
    if (this.closed) throw cancelled(false);
    const prepared = prepareValues(kind, payload, this.clock.now());
    this.publisher.values(kind, source, this.topics[kind], encodeValues(prepared));
    return this.usage.record(kind, prepared, units);
  }

  /** Publishes a log line, now or when the connection is back. @throws DeviceError INVALID_INPUT */
  publishLog(payload: unknown): void {
    if (this.closed) throw cancelled(false);
    this.publisher.log(this.topics.logs, encode(prepareLog(payload, this.clock.now())));
  }

  /** Forgets the newest values of a source that is gone. */
  forget(source: string): void {
    this.publisher.forget(source);
  }

  /** Answers open commands with an error, says what can be said within a second or so, and ends. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.desk.close();
    this.ucm?.desk.close();
    await this.saidLast();
    await this.stop();
  }

  private async saidLast(): Promise<void> {
    if (this.up) await Promise.race([this.publisher.done, delay(this.clock, LAST_WORDS)]);
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
      const own = config.protocol === 'MQTTS' ? ownCertificateFault(config.tls, this.clock.now()) : undefined;
      if (own?.reason === 'tlsOwnExpired') {
        this.onDown(tlsError(own, false));
        return;
      }
      const current = (act: () => void): void => {
        if (this.link === link) act();
      };
      const { version = '3.1.1' } = this.options;
      const { commands: topic } = this.topics;
      const isTaken = this.companionLosses < COMPANION_LOSSES;
      const companion = isTaken ? this.ucm?.topics.commands : undefined;
      const wanted = { config, version, topic, companion, own, patience: subscribeTimeout };
      const link = new Link(module, wanted, {
        up: (longest) => current(() => this.onUp(link, longest)),
        message: (...message) => current(() => this.onMessage(...message)),
        skipped: () => current(() => this.onSkipped()),
        written: (taken) => this.publisher.written(link, taken),
        down: (...end) => current(() => this.onDown(...end)),
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

  private makeDesk(topics: Topics, more: Pick<CommandDeskOptions, 'onCommand' | 'onJunk'>): CommandDesk {
    const { keep } = this.options;
    return new CommandDesk({
      clock: this.clock,
      ...(keep ? { keep: () => keep(this.state) } : {}),
      admit: (response) => void this.publisher.admit(topics.responses, encode(response)),
      send: (response) => {
        this.publisher.response(topics.responses, JSON.stringify(response), response.state !== 'log');
      },
      ...more,
    });
  }

  private makeUcm(config: ConnectionConfig, properties: PropertiesTopic): NonNullable<typeof this.ucm> {
    const topics = topicsOf({ hardwareId: config.hardwareId, channelId: UCM_CHANNEL }, properties);
    const publish: ConstructorParameters<typeof UcmVoice>[0]['publish'] = (kind, values) => {
      const prepared = prepareValues(kind, values, this.clock.now());
      this.publisher.offer(kind, UCM_CHANNEL, topics[kind], encodeValues(prepared));
    };
    const voice = new UcmVoice({ clock: this.clock, publish });
    return { topics, voice, desk: this.makeDesk(topics, {}) };
  }

  private onMessage(topic: string, payload: Buffer, isRetained: boolean): void {
    // A retained command was meant for an earlier moment, and it is not known which one.
    if (isRetained) {
      this.retained++;
      if (this.retained === 1) this.options.onRetained?.();
      return;
    }
    if (topic === this.topics.commands) this.desk.receive(payload);
    else if (topic === this.ucm?.topics.commands) this.ucm.desk.receive(payload);
  }

  private onSkipped(): void {
    this.skipped++;
    if (this.desk.stats.junk + this.skipped === 1) this.options.onJunk?.();
  }

  private onUp(link: Link, longest: number | undefined): void {
    this.up = true;
    this.stats.connects++;
    this.stats.lastConnect = this.clock.now();
    this.cancelStable = this.clock.after(this.options.stableAfter ?? 10_000, () => this.backOff.reset());
    this.announce(undefined);
    this.publisher.up(link, longest);
    this.ucm?.voice.start();
  }

  private onDown(error: DeviceError, companion?: 'answered' | 'open'): void {
    if (this.up) this.stats.losses++;
    if (companion === 'answered') this.companionLosses = 0;
    else if (companion === 'open') this.companionLosses++;
    // A broker may end the connection for that subscription, of which no publication is guilty.
    this.leave(companion !== 'open');
    if (this.closed) return;
    this.announce(error);
    this.plan(this.waitAfter(error));
  }

  private waitAfter(error: DeviceError): number {
    if (isOwnCertificate(error.reason)) return CERTIFICATE_RETRY;
    return needsUser(error) ? this.backOff.longest() : this.backOff.next();
  }

  /** @param lost whether what was in flight may be why it ended: not where we ended it */
  private leave(lost = false): void {
    this.up = false;
    this.link = undefined;
    this.cancelStable?.();
    this.ucm?.voice.stop();
    this.publisher.down(lost);
  }

  private announce(reason: DeviceError | undefined): void {
    const changed = this.tracker.update(reason, this.clock.now());
    if (changed) this.options.onAvailability?.(changed);
  }

  private reportDropped(dropped: number): void {
    this.options.onDropped?.(dropped);
    const line = {
      message: `Up to ${dropped} log messages were lost while there was no connection.`,
      severity: 'warning',
    };
    this.publisher.offerLog(this.topics.logs, encode(prepareLog(line, this.clock.now())));
  }
}
