import { readTime } from '../core/time';
import { isRecord, toNumber } from '../core/values';
import type { Span } from '../core/zone';

/** A plan as the schedule that a Power Controller keeps and carries out by itself. */

/** An entry as `configure` takes it. */
export interface ScheduleEntry {
  name: 'on' | 'off';
  /** epoch s */
  when: number;
}

/** Entries that a controller takes. */
const MOST = 39;
/** of what a controller tells; none of it would be ours beyond */
const MOST_READ = 100;
/** ms after which a schedule that nobody has confirmed is sent again */
const AGAIN_AFTER = 15 * 60_000;

/** How far a controller has the plan. */
export type ScheduleState =
  /** it holds it, as far as anybody knows */
  | 'held'
  /** it has to be sent, or was sent and is not confirmed */
  | 'unconfirmed';

/**
 * The entries of a plan from now on: spans that touch are one, and no load is switched on without being switched off
 * again. What is too much is left to a later schedule.
 *
 * @param spans in the order of time
 * @param now epoch ms
 */
export function scheduleOf(spans: readonly Span[], now: number): ScheduleEntry[] {
  const merged: Span[] = [];
  for (const { start, end } of spans) {
    const last = merged.at(-1);
    if (last && start <= last.end) last.end = Math.max(last.end, end);
    else merged.push({ start, end });
  }
  const entries: ScheduleEntry[] = [];
  for (const { start, end } of merged.filter((one) => one.end > now)) {
    const pair: ScheduleEntry[] = start > now ? [{ name: 'on', when: seconds(start) }] : [];
    pair.push({ name: 'off', when: seconds(end) });
    if (entries.length + pair.length > MOST) break;
    entries.push(...pair);
  }
  return entries;
}

const seconds = (ms: number): number => Math.round(ms / 1000);

/** Follows what a controller holds, and says what has to be written. */
export class DeviceSchedule {
  /** as text, of entries; `undefined`: nobody knows */
  private held: readonly string[] | undefined;
  private sent: { entries: readonly string[]; at: number } | undefined;

  /** @param state as `state` gave it */
  constructor(state?: readonly string[] | null) {
    this.held = state?.map(String);
  }

  state(): string[] | null {
    return this.held ? [...this.held] : null;
  }

  /** What the controller tells that it holds, e.g. `configuration.schedule`. */
  takeHeld(list: readonly unknown[]): void {
    this.held = list.slice(0, MOST_READ).map(textOf);
  }

  /** The controller has taken what was sent last. */
  takeAccepted(): void {
    if (this.sent) this.held = this.sent.entries;
  }

  /**
   * @param wanted the plan's entries from now on
   * @param now epoch ms
   * @param steady ms
   * @returns whether they have to be written now
   */
  isToWrite(wanted: readonly ScheduleEntry[], now: number, steady: number): boolean {
    if (this.stateOf(wanted, now) === 'held') return false;
    const texts = wanted.map(textOf);
    const { sent } = this;
    // Under way, or not held although it was taken: the same is not written again and again.
    if (sent && isSame(ahead(sent.entries, now), texts) && steady - sent.at < AGAIN_AFTER) return false;
    this.sent = { entries: texts, at: steady };
    return true;
  }

  stateOf(wanted: readonly ScheduleEntry[], now: number): ScheduleState {
    const { held } = this;
    return held && isSame(ahead(held, now), wanted.map(textOf)) ? 'held' : 'unconfirmed';
  }
}

/** Whoever wrote it: what is not an entry of ours differs from each of them. */
function textOf(entry: unknown): string {
  const { name, when, repeat, power, time } = isRecord(entry) ? entry : {};
  const at = readTime(when);
  const more = [repeat, power, time].some((one) => (toNumber(one) ?? 0) !== 0) ? ' …' : '';
  return `${at === null ? 0 : seconds(at)} ${typeof name === 'string' ? name.slice(0, 40) : '?'}${more}`;
}

/** What is still to come; an entry that repeats or that nobody can read is. */
function ahead(entries: readonly string[], now: number): string[] {
  return entries.filter((one) => parseInt(one, 10) * 1000 > now || !/^[1-9]\d* (?:on|off)$/.test(one));
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  const sorted = [...other].sort();
  return one.length === other.length && [...one].sort().every((entry, i) => entry === sorted[i]);
}
