import { cancelled, DeviceError } from './errors';

/** Work in the order of its arrival: at once while nothing is under way, so that most of it waits for nothing. */
export class InTurn {
  private last: Promise<void> | undefined;
  private waiting = 0;
  private closed = false;

  /** @param most how many may wait */
  constructor(private readonly most: number) {}

  /**
   * @returns what the work returns, at once where it can
   * @throws DeviceError BUSY when too many wait, CANCELLED when it was closed before its turn; what the work throws
   */
  run<T>(work: () => T | Promise<T>): T | Promise<T> {
    if (this.closed) throw cancelled(false);
    if (!this.last) {
      const result = work();
      if (result instanceof Promise) this.follow(result);
      return result;
    }
    if (this.waiting >= this.most) {
      throw new DeviceError('BUSY', `More than ${this.most} others wait for their turn already.`, {
        reason: 'queueFull',
        sent: false,
        params: { limit: this.most },
      });
    }
    this.waiting++;
    const result = this.last.then(() => {
      this.waiting--;
      if (this.closed) throw cancelled(false);
      return work();
    });
    this.follow(result);
    return result;
  }

  /** Whoever waits does not get a turn any more. */
  close(): void {
    this.closed = true;
  }

  private follow(work: Promise<unknown>): void {
    const done = work.then(
      () => undefined,
      () => undefined,
    );
    this.last = done;
    void done.then(() => {
      if (this.last === done) this.last = undefined;
    });
  }
}
