import { summarise, type Summary } from './stats';

/** What every row of the table has in common. */

export interface RowOptions {
  /** a few seconds: whether the bench works, not what it shows */
  quick: boolean;
  /** says what happens, to whoever waits */
  say: (text: string) => void;
}

/** Values of one way to do the work, one a round. */
export interface Series {
  name: string;
  unit: string;
  values: number[];
}

/** A figure that has a target. Smaller is better, always. */
export interface Figure {
  name: string;
  /** empty for a ratio */
  unit: string;
  values: number[];
  /** missing: it is told, and has no target */
  must?: number;
  aim?: number;
}

export interface RowResult {
  series: Series[];
  figures: Figure[];
  /** sentences on how it was measured */
  notes?: string[];
}

export interface Row {
  /** as typed behind `npm run bench --` */
  name: string;
  title: string;
  /** what was measured before the package existed, in words */
  baseline: string;
  run: (options: RowOptions) => Promise<RowResult>;
}

export type Verdict = 'aim' | 'must' | 'missed' | 'told';

export function verdictOf({ values, must, aim }: Figure): Verdict {
  if (must === undefined) return 'told';
  const { median } = summarise(values);
  if (median <= (aim ?? must)) return 'aim';
  return median <= must ? 'must' : 'missed';
}

/** At most three digits that mean something. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString('en-GB').replaceAll(',', ' ');
  return String(Number(value.toPrecision(size >= 10 ? 3 : 2)));
}

export function withUnit(value: number, unit: string): string {
  return unit ? `${short(value)} ${unit}` : short(value);
}

/** `12 µs (11–14)` */
export function spread({ median, min, max }: Summary, unit: string): string {
  return `${withUnit(median, unit)} (${short(min)}–${short(max)})`;
}
