import { type Clock, systemClock } from '../core/clock';

/** Entries of one message at the most: whoever writes them to a database sends them in one request. */
const MOST = 5000;

/** Collects what goes out together: a database takes a thousand points at once as fast as one. */
export class Collector<T> {
  private entries: T[] = [];
  private cancel: (() => void) | undefined;

  /**
   * @param every ms that an entry waits for others at the most; 0: until `flush` is called
   * @param send takes at least one entry
   */
  constructor(
    private readonly every: number,
    private readonly send: (entries: T[]) => void,
    private readonly clock: Clock = systemClock,
  ) {}

  add(entries: readonly T[]): void {
    for (const entry of entries) {
      this.entries.push(entry);
      if (this.entries.length >= MOST) this.flush();
    }
    if (this.every > 0 && this.entries.length > 0) {
      this.cancel ??= this.clock.after(this.every, () => this.flush());
    }
  }

  flush(): void {
    this.cancel?.();
    this.cancel = undefined;
    if (this.entries.length === 0) return;
    const { entries } = this;
    this.entries = [];
    this.send(entries);
  }
}
