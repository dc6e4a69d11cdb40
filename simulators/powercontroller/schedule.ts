/** What a controller does by itself at set times. */

/** A command that is carried out by itself; times in s, of the epoch or long. */
export interface ScheduleEntry {
  name?: unknown;
  when?: unknown;
  repeat?: unknown;
  power?: unknown;
  time?: unknown;
}

/** The entry that is carried out next after a time, epoch ms. */
export function nextOf(
  schedule: readonly ScheduleEntry[],
  time: number,
): { entry: ScheduleEntry; at: number } | undefined {
  return schedule
    .flatMap((entry) => {
      const at = dueAfter(entry, time);
      return at === undefined ? [] : [{ entry, at }];
    })
    .reduce<{ entry: ScheduleEntry; at: number } | undefined>(
      (first, one) => (!first || one.at < first.at ? one : first),
      undefined,
    );
}

/** When an entry is carried out next, epoch ms; `undefined`: it is over. */
function dueAfter({ when, repeat }: ScheduleEntry, time: number): number | undefined {
  const first = Number(when) * 1000;
  const every = Number(repeat ?? 0) * 1000;
  if (first > time) return first;
  return every > 0 ? first + (Math.floor((time - first) / every) + 1) * every : undefined;
}
