/** What the best plan is, found by trying, and by a dynamic program that has nothing in common with the product's. */

export interface SearchSlot {
  start: number;
  end: number;
  /** whole */
  price: number;
}

export interface Wanted {
  count: number;
  block: boolean;
  longestPause: number;
  after?: number | undefined;
}

function follows(end: number | undefined, next: SearchSlot, { block, longestPause }: Wanted): boolean {
  if (end === undefined) return true;
  return next.start - end <= (block ? 0 : longestPause);
}

/** All sets of so many slots, the earliest first; the first of the cheapest, else the same of one less. */
export function searchAll(slots: readonly SearchSlot[], wanted: Wanted): number[] {
  for (let count = Math.min(wanted.count, slots.length); count > 0; count--) {
    let best: number[] | undefined;
    let cheapest = Infinity;
    const visit = (from: number, chosen: number[], cost: number, end: number | undefined): void => {
      if (chosen.length === count) {
        if (cost < cheapest) {
          cheapest = cost;
          best = [...chosen];
        }
        return;
      }
      for (let i = from; i <= slots.length - (count - chosen.length); i++) {
        const slot = slots[i];
        if (!slot || !follows(end, slot, wanted)) return;
        visit(i + 1, [...chosen, slot.start], cost + slot.price, slot.end);
      }
    };
    visit(0, [], 0, wanted.after);
    if (best) return best;
  }
  return [];
}

/**
 * Slot by slot from the last to the first: taken or not, with so many left to take and so many idle since the last taken.
 *
 * @param slots of one length; those that are missing between two may not be taken
 */
export function searchByProgram(slots: readonly SearchSlot[], wanted: Wanted): number[] {
  const [first] = slots;
  const last = slots.at(-1);
  if (!first || !last) return [];
  const step = first.end - first.start;
  const length = Math.round((last.end - first.start) / step);
  const costs = new Float64Array(length).fill(Infinity);
  for (const { start, price } of slots) costs[Math.round((start - first.start) / step)] = price;
  const most = Math.min(wanted.count, slots.length);
  const pause = wanted.block
    ? 0
    : wanted.longestPause === Infinity
      ? 0
      : Math.floor(wanted.longestPause / step);
  const any = !wanted.block && wanted.longestPause === Infinity;
  // The last state: none was taken yet, or any pause will do.
  const states = any ? 1 : pause + 2;
  const free = states - 1;
  const width = (most + 1) * states;
  let later = new Float64Array(width).fill(Infinity).fill(0, 0, states);
  const takes = new Uint8Array(length * width);
  for (let i = length - 1; i >= 0; i--) {
    const now = new Float64Array(width).fill(Infinity).fill(0, 0, states);
    for (let left = 1; left <= most; left++) {
      for (let state = 0; state < states; state++) {
        const taken = (costs[i] ?? 0) + (later[(left - 1) * states] ?? 0);
        const idle = state === free ? state : state + 1;
        const skipped = state !== free && idle > pause ? Infinity : (later[left * states + idle] ?? Infinity);
        const isTaken = taken < Infinity && taken <= skipped;
        now[left * states + state] = isTaken ? taken : skipped;
        takes[i * width + left * states + state] = isTaken ? 1 : 0;
      }
    }
    later = now;
  }
  let state = free;
  if (wanted.after !== undefined && !any) {
    state = Math.round((first.start - wanted.after) / step);
    if (state > pause) return [];
  }
  let left = most;
  while (left > 0 && later[left * states + state] === Infinity) left--;
  const chosen: number[] = [];
  for (let i = 0; i < length && left > 0; i++) {
    if (takes[i * width + left * states + state] === 1) {
      chosen.push(first.start + i * step);
      left--;
      state = 0;
    } else if (state !== free) state++;
  }
  return chosen;
}
