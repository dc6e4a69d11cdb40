import { cancelled } from '../errors';

/** Lets so many tasks run at a time. The others wait, and begin in the order in which they came. */
export class Turns {
  private running = 0;
  private readonly waiting = new Set<() => void>();

  constructor(private readonly atOnce: number) {}

  /** Tasks that wait for their turn. */
  get length(): number {
    return this.waiting.size;
  }

  /**
   * @returns what the task returns
   * @throws DeviceError CANCELLED when its caller gave up before its turn; else what the task throws
   */
  async run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.running < this.atOnce) this.running++;
    else await this.turn(signal);
    try {
      return await task();
    } finally {
      const [next] = this.waiting;
      // The turn goes to the next one; nobody can slip in between.
      if (next) next();
      else this.running--;
    }
  }

  private turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        this.waiting.delete(begin);
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        this.waiting.delete(begin);
        reject(cancelled(false));
      };
      if (signal?.aborted) {
        leave();
        return;
      }
      this.waiting.add(begin);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }
}
