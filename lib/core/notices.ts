import type { ErrorParams } from './errors';

/** Something odd in an answer that costs a part of it and not the whole: one entry of a list, one value, one time. */
export interface Notice {
  /** key below `notice.` in the catalogues */
  reason: string;
  /** values for the text; what a vendor sent has to be cleaned and cut, see `cleanText` */
  params?: ErrorParams;
}

/** Hears of what was odd. */
export type NoticeHandler = (notice: Notice) => void;

/** More kinds of oddities than this are not told apart any more: whoever sends them decides how many there are. */
const MOST_TOLD = 50;

/**
 * Tells each oddity once, however often it comes back: a log that repeats itself at each poll is not read.
 *
 * The same reason with the same params is the same oddity. After 50 different ones nothing more is told.
 */
export class Notices {
  private readonly told = new Set<string>();

  constructor(private readonly tell: NoticeHandler) {}

  once(notice: Notice): void {
    if (this.told.size >= MOST_TOLD) return;
    const key = JSON.stringify([notice.reason, notice.params ?? {}]);
    if (this.told.has(key)) return;
    this.told.add(key);
    this.tell(notice);
  }
}
