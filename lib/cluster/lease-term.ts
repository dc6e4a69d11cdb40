import type { LeaseClock } from './lease-clock';

/** of a lease: after it the owner stops by itself */
const FENCE = 0.7;
/** leases without an engine after which the instance that is set so acts alone */
const ALONE_AFTER = 3;

export interface TermOptions {
  /** ms */
  lease: number;
  /** whether it is to be told that nothing has been confirmed for long enough to act alone */
  acts: boolean;
  /** nothing holds any more */
  over: () => void;
  /** nothing has been confirmed for long enough to act alone */
  alone: () => void;
}

/** For how long what is held holds: a fence, counted from the *start* of the last renewal that was confirmed. */
export class Term {
  /** ms */
  readonly fence: number;
  private confirmed: number;
  private cancelFence: (() => void) | undefined;
  private cancelAlone: (() => void) | undefined;
  /** since when the engine has failed again and again, and when it did last; missing: it has not */
  private failing: { since: number; last: number } | undefined;

  constructor(
    private readonly clock: LeaseClock,
    private readonly options: TermOptions,
  ) {
    this.fence = options.lease * FENCE;
    this.confirmed = clock.now();
  }

  start(): void {
    this.confirmed = this.clock.now();
    this.watchFence();
    this.watchAlone();
  }

  /** A renewal that began then has been confirmed. */
  confirm(began: number): void {
    // A renewal whose answer took too long confirms what has been dropped already.
    this.confirmed = Math.max(this.confirmed, began);
    this.failing = undefined;
    this.watchFence();
    this.watchAlone();
  }

  /** A call to the engine has failed. */
  failed(): void {
    const now = this.clock.now();
    // Between two failures that are far apart this process stood still, and knows nothing of that time.
    const { since, last } = this.failing ?? { since: now, last: now };
    this.failing = { since: now - last < this.options.lease ? since : now, last: now };
  }

  /** Whether what is held holds. */
  holds(now = this.clock.now()): boolean {
    return now - this.confirmed < this.fence;
  }

  /** Whether nobody else can own yet what was held: the lease is not over. */
  lasts(): boolean {
    return this.clock.now() - this.confirmed < this.options.lease;
  }

  end(): void {
    this.cancelFence?.();
    this.cancelAlone?.();
  }

  private watchFence(): void {
    this.cancelFence?.();
    const rest = this.confirmed + this.fence - this.clock.now();
    this.cancelFence = this.clock.after(Math.max(rest, 0), () => {
      if (this.holds()) this.watchFence();
      else this.options.over();
    });
  }

  private watchAlone(): void {
    const { acts, lease } = this.options;
    this.cancelAlone?.();
    if (acts) this.cancelAlone = this.clock.after(lease * ALONE_AFTER, () => this.lookAlone());
  }

  private lookAlone(): void {
    const { lease, alone } = this.options;
    const { since, last } = this.failing ?? { since: Infinity, last: -Infinity };
    const now = this.clock.now();
    if (now - since >= lease * (ALONE_AFTER - 1) && now - last < lease) alone();
    else this.cancelAlone = this.clock.after(lease / 4, () => this.lookAlone());
  }
}
