import type { Clock } from '../core/clock';
import type { Login } from './hub';

/** ms of mains after which FSD ends, whoever is still there: a host that hangs must not keep the others down. */
const LONGEST_AFTER = 10 * 60_000;

export interface FsdOptions {
  clock: Clock;
  /** ms that `OB LB` stands without a primary until it is raised; `null`: never by itself */
  after: number | null;
  /** ms of mains until it may end */
  restore: number;
}

/** What decides about the end of a UPS's hosts. */
export interface FsdView {
  /** `null`: nobody knows */
  onBattery: boolean | null;
  lowBattery: boolean;
  logins: readonly Login[];
}

/**
 * When the hosts of one UPS are told to go down (FSD) without anybody's word, and when that is over.
 *
 * A host that boots while FSD stands goes down again, so it ends once the mains are stable and those who were told have
 * gone. Secondaries wait for a primary's word, and where there is none the server has to give it.
 */
export class FsdKeeper {
  private lowSince: number | undefined;
  private mainsSince: number | undefined;
  private told: readonly Login[] | undefined;

  constructor(private options: FsdOptions) {}

  /** Takes other times; what has begun goes on. */
  update(options: Pick<FsdOptions, 'after' | 'restore'>): void {
    this.options = { ...this.options, ...options };
  }

  /** FSD has been raised, by whomever, while these were logged in. */
  raised(logins: readonly Login[]): void {
    this.told ??= [...logins];
    this.mainsSince = undefined;
  }

  /** FSD has ended, by whomever. */
  ended(): void {
    this.told = undefined;
    this.lowSince = undefined;
    this.mainsSince = undefined;
  }

  /** What is to be done now; to be asked again at least each second. */
  look({ onBattery, lowBattery, logins }: FsdView): 'raise' | 'end' | undefined {
    const now = this.options.clock.monotonic();
    if (this.told) return this.isOver(now, onBattery, logins) ? 'end' : undefined;
    const { after } = this.options;
    const hasPrimary = logins.some(({ role }) => role === 'primary');
    if (onBattery !== true || !lowBattery || hasPrimary || after === null) {
      this.lowSince = undefined;
      return undefined;
    }
    this.lowSince ??= now;
    return now - this.lowSince >= after ? 'raise' : undefined;
  }

  private isOver(now: number, onBattery: boolean | null, logins: readonly Login[]): boolean {
    if (onBattery !== false) {
      this.mainsSince = undefined;
      return false;
    }
    this.mainsSince ??= now;
    const stable = now - this.mainsSince;
    const haveGone = !this.told?.some((login) => logins.includes(login));
    return stable >= LONGEST_AFTER || (haveGone && stable >= this.options.restore);
  }
}
