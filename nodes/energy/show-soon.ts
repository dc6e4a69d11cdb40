import { type Clock, systemClock } from '../../lib/core/clock';

/** ms between two states below a node: each goes to every open editor */
const SHOWN_EVERY = 1000;

/** Shows states below a node: of a fast stream the newest each second. */
export class ShowSoon {
  /** when a state was shown, and the newest that waits to be */
  private shownAt = -Infinity;
  private closed = false;
  private waiting: { show: () => void; cancel: () => void } | undefined;

  constructor(private readonly clock: Clock = systemClock) {}

  run(show: () => void): void {
    if (this.closed) return;
    if (this.waiting) {
      this.waiting.show = show;
      return;
    }
    const now = this.clock.monotonic();
    const wait = this.shownAt + SHOWN_EVERY - now;
    if (wait <= 0) {
      this.shownAt = now;
      show();
      return;
    }
    const cancel = this.clock.after(wait, () => {
      const newest = this.waiting;
      this.waiting = undefined;
      this.shownAt = this.clock.monotonic();
      newest?.show();
    });
    this.waiting = { show, cancel };
  }

  close(): void {
    this.closed = true;
    this.waiting?.cancel();
  }
}
