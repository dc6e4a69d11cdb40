/** The mean by time of a power over the last while. */

interface Sample {
  /** `null`: from here on nothing is known */
  watts: number | null;
  time: number;
  /** up to where it holds unless another follows */
  until: number;
}

const MAX_SAMPLES = 600;

export class Smoothing {
  private samples: Sample[] = [];

  /** @param span ms; 0: the last value as it is */
  constructor(private readonly span: number) {}

  /**
   * @param watts `null`: the meter is lost
   * @param holds ms for which it may be believed
   */
  note(watts: number | null, time: number, holds = Infinity): void {
    if (this.samples.at(-1)?.time === time) this.samples.pop();
    this.samples.push({ watts, time, until: time + holds });
    // The sample before the span still holds at its beginning.
    while (this.samples.length > 2 && (this.samples[1]?.time ?? 0) <= time - this.span) this.samples.shift();
    if (this.samples.length > MAX_SAMPLES) this.samples.shift();
  }

  /** Forgets all: the clock that they were told with was wrong. */
  clear(): void {
    this.samples = [];
  }

  /** W; `null` while nothing has been told. When the newest value is the only one in the span, that value. */
  mean(now: number): number | null {
    const newest = this.samples.at(-1);
    if (typeof newest?.watts !== 'number') return null;
    const from = now - this.span;
    if (this.span <= 0 || this.samples.filter(({ time }) => time > from).length <= 1) return newest.watts;
    let energy = 0;
    let known = 0;
    this.samples.forEach(({ watts, time, until }, i) => {
      const start = Math.max(time, from);
      const end = Math.min(this.samples[i + 1]?.time ?? now, until, now);
      if (end <= start || watts === null) return;
      energy += watts * (end - start);
      known += end - start;
    });
    return known > 0 ? energy / known : newest.watts;
  }
}
