/** What a counter's smallest step is, by the values that it has shown. */

/** Steps that have to be seen before it is told. */
const ENOUGH = 10;

export class Resolution {
  private step = 0;
  private seen = 0;

  /** @param rise mWh between two values, whole */
  note(rise: number): void {
    if (rise <= 0) return;
    this.step = divisor(rise, this.step);
    this.seen++;
  }

  /** Wh; `null` while too few steps were seen */
  get wattHours(): number | null {
    return this.seen < ENOUGH ? null : this.step / 1000;
  }
}

/** The greatest common divisor. */
function divisor(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}
