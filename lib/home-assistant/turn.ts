import type { Clock } from '../core/clock';

/** A timer of which there is one at a time: a later wish never delays an earlier one. */
export class Turn {
  private planned: { at: number; cancel: () => void } | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly work: () => void,
  ) {}

  get isPlanned(): boolean {
    return this.planned !== undefined;
  }

  /** Does the work at a monotonic time, or earlier where that was asked for. */
  at(time: number): void {
    if (this.planned && this.planned.at <= time) return;
    this.planned?.cancel();
    const cancel = this.clock.after(Math.max(0, time - this.clock.monotonic()), () => {
      this.planned = undefined;
      this.work();
    });
    this.planned = { at: time, cancel };
  }

  cancel(): void {
    this.planned?.cancel();
    this.planned = undefined;
  }
}
