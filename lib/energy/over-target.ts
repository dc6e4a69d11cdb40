/** Whether a window is on its way to end above the target. */

interface Outlook {
  projected: number | null;
  /** W; `null`: there is none */
  limit: number | null;
}

/** It is over no longer when it has fallen by two per cent: a figure that moves about the target is one event. */
const BACK = 0.98;

export class OverTarget {
  private over = false;

  /** @returns whether it is over now, when that has changed; nothing at the start unless it is over */
  update({ projected, limit }: Outlook): boolean | undefined {
    if (projected === null || limit === null) return undefined;
    const over = this.over ? projected > limit * BACK : projected > limit;
    if (over === this.over) return undefined;
    this.over = over;
    return over;
  }
}
