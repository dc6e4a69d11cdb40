import type { ClosedPeriod } from './usage';

/** Closed periods that are written and perhaps not told yet: a process may end in between. */

export interface KeyedPeriod {
  period: ClosedPeriod;
  /** node, period and start: who gets it twice can tell */
  key: string;
}

export type PendingState = KeyedPeriod[];

/** What passed while nobody looked is told at once: hours of a year at the most. */
const MOST = 10_000;

export class PendingPeriods {
  private list: KeyedPeriod[];

  constructor(
    private readonly node: string,
    state: PendingState = [],
  ) {
    this.list = state.slice(-MOST);
  }

  state(): PendingState {
    return [...this.list];
  }

  /** Those that a run before this one has left. */
  left(): readonly KeyedPeriod[] {
    return this.list;
  }

  add(periods: readonly ClosedPeriod[]): KeyedPeriod[] {
    const keyed = periods.map((period) => ({
      period,
      key: `${this.node} ${period.kind} ${new Date(period.start).toISOString()}`,
    }));
    this.list = [...this.list, ...keyed].slice(-MOST);
    return keyed;
  }

  /** All are told. @returns whether there were any */
  clear(): boolean {
    const some = this.list.length > 0;
    this.list = [];
    return some;
  }
}
