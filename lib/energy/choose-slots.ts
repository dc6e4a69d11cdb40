/** Choosing the cheapest slots of equal length that fulfil what is wanted. */

/** A slot that may be chosen. */
export interface Candidate {
  /** epoch ms */
  start: number;
  end: number;
  /** money per kWh */
  price: number;
}

export interface Choice {
  /** how many are wanted */
  count: number;
  /** one after the other, without a pause */
  block: boolean;
  /** ms, the longest time between the end of one and the start of the next; Infinity: any */
  longestPause: number;
  /** end of a slot that runs already or has run, which those chosen have to follow; epoch ms */
  after?: number | undefined;
}

/** Prices are compared to a hundred-millionth: sums of floating-point numbers depend on their order. */
const PRECISION = 1e8;

/**
 * The cheapest slots; of equally cheap ones the earliest, slot by slot. Where there are not as many as are wanted, as many as
 * there can be.
 *
 * @param slots in the order of time, of equal length, without overlap
 * @returns in the order of time
 */
export function chooseSlots(slots: readonly Candidate[], choice: Choice): Candidate[] {
  const count = Math.min(choice.count, slots.length);
  if (count <= 0) return [];
  if (choice.block) return chooseBlock(slots, count, choice.after);
  if (choice.longestPause === Infinity) return chooseAny(slots, count);
  return choosePaced(slots, count, choice);
}

const costOf = ({ price }: Candidate): number => Math.round(price * PRECISION);

function chooseAny(slots: readonly Candidate[], count: number): Candidate[] {
  return [...slots]
    .sort((a, b) => costOf(a) - costOf(b) || a.start - b.start)
    .slice(0, count)
    .sort((a, b) => a.start - b.start);
}

function chooseBlock(slots: readonly Candidate[], count: number, after: number | undefined): Candidate[] {
  // What has begun goes on without a pause, or not at all.
  const starts = after === undefined ? slots : slots.filter(({ start }) => start === after);
  for (let length = count; length > 0; length--) {
    let best: Candidate[] | undefined;
    let cheapest = Infinity;
    for (const first of starts) {
      const from = slots.indexOf(first);
      const block = slots.slice(from, from + length);
      const isWhole =
        block.length === length &&
        block.every(({ end }, i) => i === length - 1 || end === block[i + 1]?.start);
      const cost = block.reduce((sum, slot) => sum + costOf(slot), 0);
      if (!isWhole || cost >= cheapest) continue;
      best = block;
      cheapest = cost;
    }
    if (best) return best;
  }
  return [];
}

/** With a longest pause: the least cost of `left` slots of which one is the first, for each of them and each number. */
function choosePaced(
  slots: readonly Candidate[],
  count: number,
  { longestPause, after }: Choice,
): Candidate[] {
  const follows = (end: number | undefined, next: Candidate): boolean =>
    end === undefined || next.start - end <= longestPause;
  const costs = slots.map(costOf);
  /** `least[left][i]`: slot i and `left` more behind it */
  const least: number[][] = [costs];
  for (let left = 1; left < count; left++) {
    const fewer = least[left - 1] ?? [];
    least.push(
      slots.map((slot, i) => {
        let best = Infinity;
        for (let next = i + 1; next < slots.length; next++) {
          const one = slots[next];
          if (!one || !follows(slot.end, one)) break;
          best = Math.min(best, fewer[next] ?? Infinity);
        }
        return best + (costs[i] ?? 0);
      }),
    );
  }
  for (let left = count - 1; left >= 0; left--) {
    const chosen = walk(slots, least, left, (end, next) => follows(end, next), after);
    if (chosen) return chosen;
  }
  return [];
}

/** The earliest of the cheapest sets; `undefined` where there is none of that many. */
function walk(
  slots: readonly Candidate[],
  least: readonly (readonly number[])[],
  most: number,
  follows: (end: number | undefined, next: Candidate) => boolean,
  after: number | undefined,
): Candidate[] | undefined {
  const chosen: Candidate[] = [];
  let end = after;
  let from = 0;
  for (let left = most; left >= 0; left--) {
    let found = -1;
    let cheapest = Infinity;
    for (let i = from; i < slots.length; i++) {
      const slot = slots[i];
      if (!slot || !follows(end, slot)) break;
      const cost = least[left]?.[i] ?? Infinity;
      if (cost < cheapest) {
        cheapest = cost;
        found = i;
      }
    }
    const slot = slots[found];
    if (!slot) return undefined;
    chosen.push(slot);
    ({ end } = slot);
    from = found + 1;
  }
  return chosen;
}
