import type { LeaseClock } from './lease-clock';

/** renewals in a lease */
const RENEWALS = 5;
/** ms between two of them at the most: who takes over has to see in time that a lease is over */
const LONGEST_PAUSE = 900;
/** ms between tries where the engine does not answer */
const RETRY = 400;

export interface TurnsOptions {
  /** ms */
  lease: number;
  /** @returns ms after which it is to look again, if that is sooner than it would */
  look: () => Promise<number>;
  failed: (thrown: unknown) => void;
  /** A look begins that was due at that time. */
  begins: (due: number) => void;
}

/** When this process looks what it owns: one call to the engine after the other, at intervals, or at once where that is asked. */
export class Turns {
  private readonly every: number;
  private dueAt: number;
  private cancel: (() => void) | undefined;
  private working: Promise<void> | undefined;
  private again = false;
  private ended = false;

  constructor(
    private readonly clock: LeaseClock,
    private readonly options: TurnsOptions,
  ) {
    this.every = Math.min(options.lease / RENEWALS, LONGEST_PAUSE);
    this.dueAt = clock.now();
  }

  start(): void {
    this.dueAt = this.clock.now();
    this.now();
  }

  /** Looks at once, or when the look that is under way has ended. */
  now(): void {
    this.cancel?.();
    this.cancel = undefined;
    if (this.ended) return;
    if (this.working) {
      this.again = true;
      return;
    }
    this.again = false;
    const { begins, look, failed } = this.options;
    begins(this.dueAt);
    this.working = look().then(
      (soon) => this.next(Math.min(this.every, soon)),
      (thrown: unknown) => {
        failed(thrown);
        this.next(Math.min(RETRY, this.every));
      },
    );
  }

  /** Does something else with the engine between two looks; whether it succeeds is its own concern. */
  async between(work: () => Promise<unknown>): Promise<void> {
    while (this.working) await this.working;
    this.working = work()
      .catch(() => undefined)
      .then(() => this.next(this.every));
    await this.working;
  }

  /** Resolves when nothing is under way. */
  async end(): Promise<void> {
    this.ended = true;
    this.cancel?.();
    await this.working;
  }

  private next(ms: number): void {
    this.working = undefined;
    if (this.ended) return;
    this.dueAt = this.clock.now() + (this.again ? 0 : ms);
    if (this.again) this.now();
    else this.cancel ??= this.clock.after(ms, () => this.now());
  }
}
