/** What windows come to at the present power, and what they allow until they end. */

/** A window that holds now. */
export interface RunningWindow {
  /** ms */
  length: number;
  /** ms until its end */
  rest: number;
  /** mWh so far, with an estimate of what is unknown; `null`: nothing can be said */
  energy: number | null;
  /** W that it may come to; `null`: it does not count */
  limit: number | null;
}

export interface Outlook {
  /** W, the highest of the windows; `null` while no power is known */
  projected: number | null;
  /** W that may be used from now to the end, by the strictest window; `null` without a limit */
  allowedPower: number | null;
  /** W, the present power less what is allowed */
  reduction: number | null;
  /** Wh left at the end, by the strictest window */
  margin: number | null;
}

/** ms, so that a nearly full budget does not allow a burst at the end */
const SHORTEST_REST = 60_000;
const MS_PER_HOUR = 3_600_000;

/**
 * @param power W at present, in the direction that counts; `null` where it is not known
 * @param targeted whether there is a target at all: without a window that counts nothing has to be reduced
 */
export function outlook(windows: readonly RunningWindow[], power: number | null, targeted: boolean): Outlook {
  let projected: number | null = null;
  let allowedPower: number | null = null;
  let margin: number | null = null;
  let limited = false;
  for (const { length, rest, energy, limit } of windows) {
    const final = energy === null || power === null ? null : energy + (power * rest) / 3600;
    if (final !== null) projected = Math.max(projected ?? -Infinity, watts(final, length));
    if (limit === null) continue;
    limited = true;
    const budget = (limit * length) / 3600;
    if (energy !== null) {
      const allowed = Math.max(0, watts(budget - energy, Math.max(rest, SHORTEST_REST)));
      allowedPower = Math.min(allowedPower ?? Infinity, allowed);
    }
    if (final !== null) margin = Math.min(margin ?? Infinity, (budget - final) / 1000);
  }
  const over = power === null || allowedPower === null ? null : Math.max(0, power - allowedPower);
  return { projected, allowedPower, margin, reduction: targeted && !limited ? 0 : over };
}

/** W of an energy in mWh over ms. */
export function watts(energy: number, ms: number): number {
  return (energy / 1000) * (MS_PER_HOUR / ms);
}
