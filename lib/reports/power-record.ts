import { round } from '../core/values';
import { ReadingOrder } from '../energy/order';

/** What a meter has told of the last hour or so: power by pieces of time, so that means are by time and gaps are seen. */

export interface PowerPiece {
  /** epoch ms */
  from: number;
  to: number;
  /** W */
  power: number;
  /** a mean of the time that it covers, and no value of each moment in it */
  mean: boolean;
}

/** A record as it is kept: its pieces as bare values. */
export interface PowerState {
  pieces: [from: number, to: number, power: number, mean: 0 | 1][];
  open: boolean;
}

export class PowerRecord {
  private pieces: PowerPiece[];
  /** the newest value holds until the next */
  private open: boolean;
  private readonly order: ReadingOrder;

  /**
   * @param gap ms that a value holds at the most
   * @param most pieces that are kept
   */
  constructor(
    private readonly gap: number,
    private readonly most: number,
    state: PowerState = { pieces: [], open: false },
  ) {
    this.pieces = state.pieces
      .slice(-most)
      .map(([from, to, power, mean]) => ({ from, to, power, mean: mean === 1 }));
    this.open = state.open && this.pieces.length > 0;
    this.order = new ReadingOrder(this.pieces.length > 0 ? this.newest : null);
  }

  state(): PowerState {
    const pieces = this.pieces.map(({ from, to, power, mean }): PowerState['pieces'][number] => [
      from,
      to,
      round(power, 3),
      mean ? 1 : 0,
    ]);
    return { pieces, open: this.open };
  }

  /**
   * Takes a reading.
   *
   * @param duration ms before `time` that it is the mean of; `null`: it holds from `time` on
   */
  add(time: number, power: number, duration: number | null): void {
    const judged = this.order.judge({ value: power, time });
    if (judged.kind === 'older') return;
    // The last one lay ahead, and what it seemed to tell of the time since was wrong.
    if (judged.kind === 'corrected') this.pieces = this.pieces.filter(({ from }) => from < judged.first.time);
    this.order.accept(time);
    if (duration !== null) {
      const from = Math.max(time - duration, this.pieces.at(-1)?.to ?? -Infinity);
      if (time > from) this.push({ from, to: time, power, mean: true });
      return;
    }
    this.endAt(time);
    const last = this.pieces.at(-1);
    if (last?.from === time && !last.mean) this.pieces.pop();
    this.push({ from: time, to: time + this.gap, power, mean: false });
    this.open = true;
  }

  /** From here on nothing is known until the next reading. */
  endAt(time: number): void {
    const last = this.pieces.at(-1);
    if (last && this.open) last.to = Math.max(last.from, Math.min(last.to, time));
    this.open = false;
  }

  /** The newest moment that a reading tells of; epoch ms. */
  get newest(): number {
    const last = this.pieces.at(-1);
    return last ? (last.mean ? last.to : last.from) : -Infinity;
  }

  /** What is known of a span, in the order of time. */
  between(start: number, end: number): PowerPiece[] {
    return this.pieces.flatMap((piece) => {
      const from = Math.max(piece.from, start);
      const to = Math.min(piece.to, end);
      // What a mean says of a part of its time nobody knows.
      if (to <= from || (piece.mean && (piece.from < start || piece.to > end))) return [];
      return [{ ...piece, from, to }];
    });
  }

  /** Forgets what lies before an instant. */
  forget(before: number): void {
    const [first] = this.pieces;
    if (first && first.to <= before) this.pieces = this.pieces.filter(({ to }) => to > before);
  }

  private push(piece: PowerPiece): void {
    this.pieces.push(piece);
    // Of too many the older ones are put together in pairs.
    if (this.pieces.length > this.most) this.pieces = halved(this.pieces);
  }
}

/** The same energy in fewer pieces: the older half in pairs. */
function halved(pieces: readonly PowerPiece[]): PowerPiece[] {
  const half: PowerPiece[] = [];
  for (let i = 0; i < pieces.length; i++) {
    const [a, b] = [pieces[i], pieces[i + 1]];
    if (!a) break;
    if (!b || i >= pieces.length / 2 || b.from > a.to) {
      half.push(a);
      continue;
    }
    const span = b.to - a.from;
    const power = span > 0 ? (a.power * (a.to - a.from) + b.power * (b.to - b.from)) / span : b.power;
    half.push({ from: a.from, to: b.to, power, mean: true });
    i++;
  }
  return half.length < pieces.length ? half : half.slice(1);
}

/** The mean by time, if at least a share of the span is known. */
export function meanOf(pieces: readonly PowerPiece[], span: number, share: number): number | null {
  let known = 0;
  let sum = 0;
  for (const { from, to, power } of pieces) {
    known += to - from;
    sum += power * (to - from);
  }
  return known > 0 && known >= span * share ? sum / known : null;
}
