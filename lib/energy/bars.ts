/** The last closed periods or windows as rows of a chart, so that a page shows them after a restart too. */

export interface Bar {
  /** epoch ms, the start */
  x: number;
  y: number;
  topic: string;
}

export class Bars {
  private list: readonly Bar[];

  /** @param most rows that are kept */
  constructor(
    private readonly most: number,
    state: readonly Bar[] = [],
  ) {
    this.list = state.slice(-most);
  }

  /** In the order of time. The list is never changed: a new one takes its place. */
  all(): readonly Bar[] {
    return this.list;
  }

  add(bars: readonly Bar[]): void {
    if (bars.length === 0) return;
    // What is told again takes the place of what was told before.
    const rest = this.list.filter(({ x, topic }) => !bars.some((one) => one.x === x && one.topic === topic));
    this.list = [...rest, ...bars].sort((a, b) => a.x - b.x).slice(-this.most);
  }
}
