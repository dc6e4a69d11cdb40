import { type Clock, systemClock } from '../core/clock';
import { DeviceError } from '../core/errors';
import { Notices, type NoticeHandler } from '../core/notices';
import { UpsCommands } from './commands';
import { type ComplexObject, oddPartsOf } from './complex';
import { afterMissed, type PushHandler, type TakenPush } from './missed-pushes';
import type { Push } from './push';
import { PushFeed } from './push-feed';
import { readingOf, type UpsReading } from './reading';
import type { Registration } from './registry';
import { StatusReader, type StatusOptions, zoneText } from './status';
import type { UpsWay } from './ways';
import { type Zone, zoneOrUndefined } from './zone';

export interface UpsOptions {
  status: StatusOptions;
  /** of the log's times; `undefined`: the device's own */
  zone?: Zone | undefined;
  /** ms between two pushes; missing: the UPS is asked for its status */
  pushInterval?: number;
  /** where several instances take pushes: those that came lately, for who begins to hear them */
  missed?: () => Promise<readonly TakenPush[]>;
  clock?: Clock;
}

/** Who hears of a UPS. */
export interface UpsListeners {
  /** a reading that was not asked for: pushed, or seen on the way of a command */
  onReading: (reading: UpsReading) => void;
  /** the pushes stay away; once each time */
  onLate: (error: DeviceError) => void;
  /** what a listener to pushes throws, which must not keep the others from hearing */
  onFault: (thrown: unknown) => void;
  onNotice?: NoticeHandler;
  /** `state` has changed */
  onState?: () => void;
}

/**
 * One UPS, on whatever way it is reached: its readings, its commands and what it pushes. Of several statuses the newest
 * one counts.
 */
export class Ups {
  private reader: StatusReader;
  private readonly notices: Notices;
  private readonly clock: Clock;
  private readonly feed: PushFeed<UpsReading> | undefined;
  private readonly commandsOfLink: UpsCommands | undefined;
  private readonly handlers = new Set<PushHandler>();
  private newest: UpsReading | undefined;
  /** statuses that commands have read */
  private seen = 0;

  constructor(
    readonly way: UpsWay,
    private readonly options: UpsOptions,
    private readonly listeners: UpsListeners,
  ) {
    this.clock = options.clock ?? systemClock;
    this.reader = new StatusReader(options.status);
    this.notices = new Notices(listeners.onNotice ?? (() => undefined));
    const { pushInterval } = options;
    if (pushInterval !== undefined)
      this.feed = new PushFeed(pushInterval, (error) => listeners.onLate(error), this.clock);
    if (way.link) {
      // What a command reads on its way is as good as a polled status; a pushing device is judged by its pushes.
      const onRead = this.feed ? {} : { onRead: (raw: ComplexObject) => this.saw(raw) };
      this.commandsOfLink = new UpsCommands(way.link, { clock: this.clock, ...onRead });
    }
  }

  /** The newest reading. */
  get last(): UpsReading | undefined {
    return this.newest;
  }

  /** The zone of its log: the one set, else the device's own. */
  get zone(): Zone | undefined {
    return this.options.zone ?? zoneOrUndefined(this.newest && zoneText(this.newest.raw));
  }

  /** Its commands. @throws DeviceError NOT_SUPPORTED where there can be none */
  get commands(): UpsCommands {
    if (!this.commandsOfLink) throw pushOnly();
    return this.commandsOfLink;
  }

  /** What the meaning of a status depends on, from those before it; plain data, for a restart. */
  get state(): unknown {
    return this.reader.state;
  }

  /** Goes on from what `state` gave before a restart, where nothing has been read yet. Anything else is ignored. */
  restore(stored: unknown): void {
    this.reader.restore(stored);
  }

  /** Goes on from the `state` of another process, which has read the UPS until now. */
  goOn(stored: unknown): void {
    // One that pushes has told every process.
    if (!this.feed) this.reader = new StatusReader(this.options.status);
    this.reader.restore(stored);
  }

  /**
   * Another process has told of the UPS until now: pushes are late after a whole patience.
   *
   * @returns the newest status that it pushed, unless that was late
   */
  renewPatience(): UpsReading | undefined {
    return this.feed?.renew();
  }

  /**
   * Its status: asked for, or the one it pushed last.
   *
   * @throws DeviceError as the way to it does; UNREACHABLE where pushes stay away
   */
  async read(signal?: AbortSignal): Promise<UpsReading> {
    if (this.feed) return this.feed.read();
    const { readComplex } = this.way;
    if (!readComplex) throw pushOnly();
    const before = this.seen;
    const raw = await readComplex(signal);
    // A slow response from before a command is older than what the command saw: told now, the port would seem to have
    // changed twice.
    if (this.seen !== before && this.newest) return this.newest;
    return this.note(raw);
  }

  /** Takes what the UPS has pushed. */
  take(push: Push, registration: Registration): void {
    if (push.kind === 'data') {
      const reading = this.note(push.complex);
      this.feed?.take(reading);
      this.listeners.onReading(reading);
    }
    for (const handler of this.handlers) {
      try {
        handler(push, registration);
      } catch (thrown) {
        this.listeners.onFault(thrown);
      }
    }
  }

  /** Hears what it pushes, besides its status. @returns ends that */
  onPush(handler: PushHandler): () => void {
    const { missed } = this.options;
    const { hear, end } = missed
      ? afterMissed(handler, missed, (thrown) => this.listeners.onFault(thrown))
      : { hear: handler, end: () => undefined };
    this.handlers.add(hear);
    return () => {
      end();
      this.handlers.delete(hear);
    };
  }

  /** Commands that still wait fail with CANCELLED. */
  close(): void {
    this.commandsOfLink?.close();
    this.feed?.close();
  }

  private saw(raw: ComplexObject): void {
    this.seen++;
    this.listeners.onReading(this.note(raw));
  }

  private note(raw: ComplexObject): UpsReading {
    // What is odd in a push the receiver has named.
    if (!this.feed)
      for (const part of oddPartsOf(raw))
        this.notices.once({ reason: 'powersentrixOddPart', params: { part } });
    const before = JSON.stringify(this.reader.state);
    this.newest = readingOf(raw, this.reader, this.clock.now());
    if (JSON.stringify(this.reader.state) !== before) this.listeners.onState?.();
    return this.newest;
  }
}

/** Why a UPS that pushes takes no commands. */
function pushOnly(): DeviceError {
  return new DeviceError(
    'NOT_SUPPORTED',
    'This UPS only pushes. To switch its ports, give its own address and API key as well.',
    { reason: 'powersentrixPushOnly', sent: false },
  );
}
