import type { ErrorParams } from './errors';

/** Something odd in a response that costs a part of it and not the whole: one entry of a list, one value, one time. */
export interface Notice {
  /** key below `notice.` in the catalogues */
  reason: string;
  /** values for the text; what a vendor sent has to be cleaned and cut, see `cleanText` */
  params?: ErrorParams;
}

/** Hears of what was odd. */
export type NoticeHandler = (notice: Notice) => void;

/** How many kinds of oddities are told apart: the sender decides how many there are. */
const MAX_TOLD = 50;

/**
 * Tells each oddity once, however often it comes back: a log that repeats itself at each poll is not read.
 *
 * The same reason with the same params is the same oddity. After 50 different ones nothing more is told.
 */
export class Notices {
  private told: Set<string> | undefined;

  constructor(private readonly tell: NoticeHandler) {}

  once(notice: Notice): void {
    this.told ??= new Set();
    if (this.told.size >= MAX_TOLD) return;
    const key = JSON.stringify([notice.reason, notice.params ?? {}]);
    if (this.told.has(key)) return;
    this.told.add(key);
    this.tell(notice);
  }
}
