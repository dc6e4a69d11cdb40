/** What has ended, is written and perhaps not told yet: a process may end in between. */

export interface Keyed<T> {
  what: T;
  /** node, kind and start: who gets it twice can tell */
  key: string;
}

/** What passed while nobody looked is told at once: hours of a year at the most. */
const MOST = 10_000;

export class Pending<T> {
  private list: Keyed<T>[];

  constructor(state: readonly Keyed<T>[] = []) {
    this.list = state.slice(-MOST);
  }

  state(): Keyed<T>[] {
    return [...this.list];
  }

  /** Those that a run before this one has left. */
  left(): readonly Keyed<T>[] {
    return this.list;
  }

  add(keyed: readonly Keyed<T>[]): void {
    this.list = [...this.list, ...keyed].slice(-MOST);
  }

  /** All are told. @returns whether there were any */
  clear(): boolean {
    const some = this.list.length > 0;
    this.list = [];
    return some;
  }
}
