/** How long, and from which item on, to wait. */
export interface WaitOptions {
  /** Milliseconds; 30 000 where not given. */
  timeout?: number;
  /** Index of the first item to look at; 0 (all that ever came) where not given. */
  from?: number;
}

interface Waiter<T> {
  from: number;
  matches: (item: T) => boolean;
  resolve: (item: T) => void;
  reject: (reason: Error) => void;
}

/** Everything that has arrived so far, in order, and a way to await what has not. */
export class Feed<T> {
  readonly items: T[] = [];
  private readonly waiters = new Set<Waiter<T>>();
  private closed: Error | undefined;

  /** Adds an item and wakes whoever waits for one like it. */
  push(item: T): void {
    const index = this.items.push(item) - 1;
    for (const waiter of [...this.waiters]) {
      if (index >= waiter.from && waiter.matches(item)) waiter.resolve(item);
    }
  }

  /** Nothing more will come: whoever waits fails at once instead of after the time allowed. */
  close(reason: Error): void {
    this.closed ??= reason;
    for (const waiter of [...this.waiters]) waiter.reject(reason);
  }

  /** The first item that matches, already there or yet to come. `what` names it in the failure. */
  async waitFor(matches: (item: T) => boolean, what: string, options: WaitOptions = {}): Promise<T> {
    const { from = 0, timeout = 30_000 } = options;
    for (const item of this.items.slice(from)) if (matches(item)) return item;
    if (this.closed) throw this.closed;
    let timer: NodeJS.Timeout | undefined;
    let waiter: Waiter<T> | undefined;
    try {
      return await new Promise<T>((resolve, reject) => {
        waiter = { from, matches, resolve, reject };
        this.waiters.add(waiter);
        timer = setTimeout(() => reject(new Error(this.describe(what, timeout))), timeout);
      });
    } finally {
      clearTimeout(timer);
      if (waiter) this.waiters.delete(waiter);
    }
  }

  private describe(what: string, timeout: number): string {
    const last = this.items
      .slice(-10)
      .map((item) => `\n  ${typeof item === 'string' ? item : JSON.stringify(item)}`);
    return `no ${what} within ${timeout} ms; the last that came:${last.join('') || ' nothing'}`;
  }
}
