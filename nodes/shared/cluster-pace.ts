import { type Clock, systemClock } from '../../lib/core/clock';

/** What begins with an ownership, such as readings. */
export interface Beginning {
  /** Looks what is owned now, and tells who follows. */
  look(): void;
}

/** that begin at once: of few devices nobody is to wait */
const AT_ONCE = 200;
/** of the others in each step, and ms between two steps */
const EACH = 100;
const STEP = 100;

/**
 * Lets thousands of devices that come to be owned at once begin one after the other. All of them within a second would keep
 * the process from renewing its lease for so long that it loses them again.
 */
export class ClusterPace {
  private readonly waiting = new Set<Beginning>();
  private cancel: (() => void) | undefined;

  constructor(private readonly after: Clock['after'] = (ms, fn) => systemClock.after(ms, fn)) {}

  begin(all: readonly Beginning[]): void {
    for (const one of all) this.waiting.add(one);
    if (!this.cancel) this.step(AT_ONCE);
  }

  end(): void {
    this.cancel?.();
    this.cancel = undefined;
    this.waiting.clear();
  }

  private step(count: number): void {
    this.cancel = undefined;
    let left = count;
    for (const one of this.waiting) {
      if (left-- === 0) break;
      this.waiting.delete(one);
      one.look();
    }
    if (this.waiting.size > 0) this.cancel = this.after(STEP, () => this.step(EACH));
  }
}
