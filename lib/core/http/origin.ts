import { systemClock } from '../clock';
import { cancelled } from '../errors';

/** After so many kept connections that went silent, an origin gets a connection a request. */
const SILENT_ENOUGH = 2;
/** How much of the slowest answer's time is left with each response, so that one bad moment is forgotten. */
const FADING = 0.9;

/** ms after which a request is slow, and not waited for any more. */
const SLOW = 1000;

/** A place of somebody whose request is under way. */
export interface Place {
  /** who reads; `null` is a command */
  readonly reader: object | null;
  readonly since: number;
  /** somebody went in spite of it */
  overtaken: boolean;
}

interface Waiting {
  reader: object | null;
  go: (place: Place) => void;
}

/**
 * What is known of one server, by all who talk with it: how it treats kept connections, and who is using it.
 *
 * A small device may serve one connection at a time, and ours would be in our own way. So each reader sends one request
 * after the other, readers go side by side, and a command has the server to itself. What takes longer than a second
 * holds up nobody: a device that can do more than one thing at a time can also be switched while it is slow to read.
 */
export class Origin {
  /** the latest of each reader */
  private readonly readings = new Map<object, Place>();
  /** the latest */
  private command: Place | undefined;
  private readonly waiting: Waiting[] = [];
  private stopTimer: (() => void) | undefined;
  private silent = 0;
  private slowest = 0;

  /** @param closeIdle closes the kept connections that nobody uses; resolves to whether there were any */
  constructor(readonly closeIdle: () => Promise<boolean>) {}

  /** Whether connections to it may be kept. */
  get keeps(): boolean {
    return this.silent < SILENT_ENOUGH;
  }

  /** A kept connection said nothing, and a fresh one was answered. */
  keptWasSilent(): void {
    this.silent++;
  }

  /** @param ms until a response began */
  responded(ms: number): void {
    this.slowest = Math.max(ms, this.slowest * FADING);
  }

  /** ms that a response on a kept connection may let wait for its beginning, of `timeout` for the whole */
  patience(timeout: number): number {
    return Math.min(timeout, Math.max(timeout / 2, this.slowest * 2));
  }

  /**
   * Takes a place; whoever got it calls `leave` with it.
   *
   * @param reader who reads; `null` for a command
   * @returns a promise when there is something to wait for
   * @throws DeviceError CANCELLED
   */
  enter(reader: object | null, signal?: AbortSignal): Place | Promise<Place> {
    const place = this.waiting.length === 0 && this.admit(reader);
    if (place) return place;
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.waiting.splice(this.waiting.indexOf(waiting), 1);
        reject(cancelled(false));
        this.next();
      };
      const waiting: Waiting = {
        reader,
        go: (taken) => {
          signal?.removeEventListener('abort', onAbort);
          resolve(taken);
        },
      };
      this.waiting.push(waiting);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.stopTimer ??= systemClock.after(SLOW, this.onSlow);
    });
  }

  leave(place: Place): void {
    const { reader } = place;
    if (reader === null) {
      if (this.command === place) this.command = undefined;
    } else if (this.readings.get(reader) === place) this.readings.delete(reader);
    // Its connection may be kept now, in front of the one that did not wait.
    if (place.overtaken) void this.closeIdle();
    this.next();
  }

  private admit(reader: object | null): Place | undefined {
    const since = systemClock.monotonic();
    const before =
      reader === null ? [this.command, ...this.readings.values()] : [this.command, this.readings.get(reader)];
    if (before.some((other) => other && since - other.since < SLOW)) return undefined;
    for (const other of before) if (other) other.overtaken = true;
    const place = { reader, since, overtaken: false };
    if (reader === null) this.command = place;
    else this.readings.set(reader, place);
    return place;
  }

  private readonly onSlow = (): void => {
    this.stopTimer = undefined;
    this.next();
  };

  /** Lets in who may go now, in the order in which they came; nobody overtakes a command that waits. */
  private next(): void {
    for (let at = 0; ;) {
      const first = this.waiting[at];
      if (!first) break;
      const place = this.admit(first.reader);
      if (place) {
        this.waiting.splice(at, 1);
        first.go(place);
      } else if (first.reader) at++;
      else break;
    }
    this.stopTimer?.();
    this.stopTimer = this.waiting.length > 0 ? systemClock.after(SLOW, this.onSlow) : undefined;
  }
}
