import type { Availability } from './availability';

/** How a listener hears of the readings of one device. */

export interface PollListener<T> {
  /** A reading that this listener did not ask for itself. */
  onData?: (data: T) => void;
  /** On each change. What is known already when subscribing is in `availability`. */
  onAvailability?: (availability: Availability) => void;
}

export interface Subscription<T> {
  /**
   * Reads now, or right after the reading in flight; any number of callers share that one more reading. The result
   * goes to the callers, and to the listeners that did not ask.
   */
  refresh(): Promise<T>;
  close(): void;
}

/** What reads for its subscribers. */
interface Reader<T> {
  refresh(subscriber: Subscriber<T>): Promise<T>;
  unsubscribe(subscriber: Subscriber<T>): void;
}

/** A listener's place. A class, because thousands of devices have one each, and closures would be five times its size. */
export class Subscriber<T> implements Subscription<T> {
  constructor(
    private readonly reader: Reader<T>,
    readonly listener: PollListener<T>,
  ) {}

  refresh(): Promise<T> {
    return this.reader.refresh(this);
  }

  close(): void {
    this.reader.unsubscribe(this);
  }
}
