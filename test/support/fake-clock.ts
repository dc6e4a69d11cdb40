import type { Clock } from '../../lib/core/clock';

interface Timer {
  at: number;
  fn: () => void;
}

/** Lets every promise that can settle settle. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Lets the event loop turn until something is so; the test runner's time-out ends it otherwise. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await settle();
}

/** A clock that moves only when a test says so. */
export class FakeClock implements Clock {
  private readonly timers = new Set<Timer>();
  private elapsed = 0;
  private wallAhead = 0;
  private readonly waiters: ((ms: number) => void)[] = [];
  /** what `random()` gives next; the last one stays */
  randoms: number[] = [0.5];

  constructor(private readonly start = Date.UTC(2026, 0, 1)) {}

  now(): number {
    return this.start + this.elapsed + this.wallAhead;
  }

  /** Moves the wall clock alone: the host has slept, or, below 0 as well, somebody sets the clock. Timers stand still. */
  moveWall(ms: number): void {
    this.wallAhead += ms;
  }

  monotonic(): number {
    return this.elapsed;
  }

  random(): number {
    const value = this.randoms[0] ?? 0.5;
    if (this.randoms.length > 1) this.randoms.shift();
    return value;
  }

  after(ms: number, fn: () => void): () => void {
    const timer = { at: this.elapsed + Math.max(ms, 0), fn };
    this.timers.add(timer);
    for (const tell of this.waiters.splice(0)) tell(ms);
    return () => this.timers.delete(timer);
  }

  /** How many timers would still fire. */
  get pending(): number {
    return this.timers.size;
  }

  /** ms until the next timer, or `undefined`. */
  get next(): number | undefined {
    const times = [...this.timers].map((timer) => timer.at);
    return times.length === 0 ? undefined : Math.min(...times) - this.elapsed;
  }

  /** Waits, in real time, until something has set a timer, e.g. after an answer has come over a real socket. */
  nextTimer(): Promise<number> {
    if (this.next !== undefined) return Promise.resolve(this.next);
    return new Promise((resolve) => this.waiters.push(resolve));
  }

  /** Moves on, fires what is due in order, and lets promises settle in between. */
  async advance(ms: number): Promise<void> {
    const end = this.elapsed + ms;
    await settle();
    for (;;) {
      const due = [...this.timers].filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.timers.delete(due);
      this.elapsed = Math.max(this.elapsed, due.at);
      due.fn();
      await settle();
    }
    this.elapsed = end;
    await settle();
  }
}
