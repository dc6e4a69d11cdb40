import { round } from '../core/values';
import type { Prices } from '../energy/prices';
import type { StationIds } from './session-input';
import { asAnew, type Habit, habitOf, joined, sameStay, type Stay } from './stay';
import { type Cost, costOf, type Durations, durationsOf, type StayOptions } from './stay-cost';

/** A stay, what it costs, and what of it has been told in a month that is closed. */
export interface Entry {
  stay: Stay;
  /** nothing but a correction changes it any more */
  bill: (Cost & Durations) | null;
  /** mWh and money that closed months have; `null`: it is in none */
  told: { energy: number; cost: number } | null;
}

export type Found = 'new' | 'changed' | 'known' | 'old';

/** All that is known of one station. */
export class Station {
  entries: Entry[] = [];
  habit: Habit = null;
  /** epoch ms before which nothing is known any more; what began then was told, or never will be */
  forgotten = -Infinity;

  constructor(readonly ids: StationIds) {}

  /** Takes a stay, which may be a part of one that is known, or tell more of it. */
  take(told: Stay): Found {
    if (told.start < this.forgotten) return 'old';
    const stay = this.habit === 'anew' ? asAnew(told) : told;
    const { entries } = this;
    let at = entries.findLastIndex((one) => one.stay.start <= stay.start) + 1;
    let own: Entry = { stay, bill: null, told: null };
    entries.splice(at, 0, own);
    let found: Found = 'new';
    // It takes in those around it that it belongs to.
    for (;;) {
      const joins = this.join(at - 1, own) ?? this.join(at, own);
      if (joins === undefined) break;
      if (found === 'new') found = 'known';
      if (joins.changed) found = 'changed';
      own = joins.entry;
      at = this.entries.indexOf(own);
    }
    this.learn(at);
    return found;
  }

  /** A stay that has ended, or is followed by another one. */
  isFinal(index: number): boolean {
    return index < this.entries.length - 1 || this.entries[index]?.stay.endSeen === true;
  }

  /** Forgets what was told and ended before an instant. */
  forget(before: number): void {
    const kept = this.entries.filter((entry, i) => {
      const done = entry.told !== null && this.isFinal(i) && entry.stay.end < before;
      if (done) this.forgotten = Math.max(this.forgotten, entry.stay.end + 1);
      return !done;
    });
    if (kept.length < this.entries.length) this.entries = kept;
  }

  /** Puts two neighbours together. @param own the one of them that has come */
  private join(at: number, own: Entry): { entry: Entry; changed: boolean } | undefined {
    const [a, b] = [this.entries[at], this.entries[at + 1]];
    if (!a || !b) return undefined;
    const stay = joined(a.stay, b.stay, this.habit, true);
    if (!stay) return undefined;
    const told =
      a.told && b.told
        ? { energy: a.told.energy + b.told.energy, cost: round(a.told.cost + b.told.cost) }
        : (a.told ?? b.told);
    const known = a === own ? b : a;
    const same = sameStay(known.stay, stay) && !(a.told && b.told);
    const kept = same && known.stay.course.length > 0 ? known.stay : stay;
    const entry: Entry = { stay: kept, bill: same ? known.bill : null, told };
    this.entries.splice(at, 2, entry);
    return { entry, changed: !same };
  }

  private learn(at: number): void {
    const before = this.habit;
    for (const later of [at, at + 1]) {
      const [a, b] = [this.entries[later - 1], this.entries[later]];
      if (a && b) this.habit = habitOf(a.stay, b.stay) ?? this.habit;
    }
    // Those that come later are taken as what they are.
    if (this.habit !== 'anew' || before === 'anew') return;
    for (const entry of this.entries) {
      const { stay } = entry;
      entry.stay = asAnew(stay);
      if (entry.stay !== stay) entry.bill = null;
    }
  }
}

/** Works out what a stay costs. What has been priced stays so; a price that came later counts for what had none. */
export function billOf(entry: Entry, prices: Prices, options: StayOptions): Cost & Durations {
  const cost = costOf(entry.stay, prices);
  return { ...cost, cost: cost.cost === null ? null : round(cost.cost), ...durationsOf(entry.stay, options) };
}
