import type { Clock } from '../clock';

export interface BackOffOptions {
  /** ms before the first retry */
  base: number;
  /** ms, longest wait */
  cap: number;
}

/**
 * Waits between tries: doubling up to a cap, each drawn from the upper half of its range, so that many clients that
 * lost the same server do not come back at the same moment.
 */
export class BackOff {
  private failures = 0;

  constructor(
    private readonly options: BackOffOptions,
    private readonly clock: Clock,
  ) {}

  /** ms to wait before the next try; each call counts as one more failure. */
  next(): number {
    const full = Math.min(this.options.base * 2 ** Math.min(this.failures, 30), this.options.cap);
    this.failures++;
    return full * (0.5 + this.clock.random() / 2);
  }

  /** The longest wait, for failures that a quick retry cannot cure. */
  longest(): number {
    return this.options.cap * (0.5 + this.clock.random() / 2);
  }

  /** After a success that has proved stable. */
  reset(): void {
    this.failures = 0;
  }
}
