import { fetchWhole } from '../core/capped';
import type { Clock } from '../core/clock';
import { isRecord } from '../core/values';
import type { PowercontrollerClient } from './client';
import { wholeHistory } from './history';
import { identityOf, inOrder, type StatusResponse, timeOf } from './status';

/** What a watch keeps across restarts: plain JSON. */
export interface Remembered {
  deviceId: string;
  /** epoch ms of the newest status that was seen; `null`: it was looked for, and there was none yet */
  newest: number | null;
  /** identity and epoch ms of those that may turn up again */
  seen: [string, number][];
}

/** How far back each look reaches, so that a status that the cloud files late is not missed. */
const OVERLAP = 3_600_000;
/** A status from further in the future has a wrong date, and must not end the watch until then. */
const CLOCK_TOLERANCE = 600_000;
/** Longer absences are caught up with in windows; a margin keeps below the vendor's ten days. */
const ONE_REQUEST = 9 * 86_400_000;
/** One look without a start gives statuses of up to two days. */
const ONE_LOOK = 2 * 86_400_000;
/** It begins with yesterday, so this is the least that it reaches back, less what is filed late. */
const LOOK_REACHES = 86_400_000 - OVERLAP;
/** So many dates have to agree before they, and not our clock, are believed. */
const WITNESSES = 3;
/** Statuses without a date or with one from the future are never outgrown; no memory may grow for ever. */
const MAX_SEEN = 20_000;
/** epoch ms as which a status without a date is remembered: it may turn up again at any time */
const FOR_EVER = Number.MAX_SAFE_INTEGER;
/** No server gives fewer statuses than this and keeps others back. */
const LEAST_PAGE = 50;

/**
 * Tells the statuses of one controller that are new from those that were seen, also after a restart. Where it has
 * got to is told by the vendor's dates alone: our own clock may be wrong, most of all right after a start.
 */
export class StatusMemory {
  /** `undefined` before the first look */
  private newest: number | null | undefined;
  private seen = new Map<string, number>();

  /** @param remembered what `state` gave before; anything else, or another device's, is ignored */
  constructor(
    private readonly deviceId: string,
    remembered: unknown,
    private readonly clock: Clock,
  ) {
    if (!isRecord(remembered) || remembered.deviceId !== deviceId) return;
    const { newest, seen } = remembered;
    if (!Array.isArray(seen)) return;
    if (newest !== null && !(typeof newest === 'number' && newest > 0)) return;
    this.newest = newest;
    this.seen = new Map((seen as unknown[]).filter(isEntry));
  }

  /** From when on to look, epoch ms; `undefined` when nothing is known yet. */
  get since(): number | undefined {
    return typeof this.newest === 'number' ? this.newest - OVERLAP : undefined;
  }

  get state(): Remembered | undefined {
    const { deviceId, newest } = this;
    return newest === undefined ? undefined : { deviceId, newest, seen: [...this.seen] };
  }

  /** Whether a status is one that `admit` would let through because of its time; one without a time is not. */
  isNew(response: StatusResponse): boolean {
    return (
      (timeOf(response) ?? -Infinity) >= (this.since ?? -Infinity) && !this.seen.has(identityOf(response))
    );
  }

  /**
   * Takes note of statuses.
   *
   * @returns those not seen before, in the order of time; at the very first time only the newest one, because what
   *   was before the watch began is history
   */
  admit(responses: readonly StatusResponse[]): StatusResponse[] {
    const first = this.newest === undefined;
    const since = this.since ?? -Infinity;
    const limit = this.latestPlausible(responses.map(timeOf).filter((time) => time !== null));
    let newest = this.newest ?? null;
    const fresh = inOrder(responses).filter((response) => {
      const time = timeOf(response);
      const identity = identityOf(response);
      if ((time ?? FOR_EVER) < since || this.seen.has(identity)) return false;
      this.seen.set(identity, time ?? FOR_EVER);
      if (time !== null && time <= limit) newest = Math.max(newest ?? 0, time);
      return true;
    });
    this.newest = newest;
    this.forget();
    if (!first) return fresh;
    const plausible = fresh.filter((response) => (timeOf(response) ?? 0) <= limit);
    return (plausible.length > 0 ? plausible : fresh).slice(-1);
  }

  /**
   * The latest date that may be true. It is a little after our own clock; if most dates lie after that, the clock is
   * what is wrong, and the dates are measured by each other.
   */
  private latestPlausible(dates: number[]): number {
    if (typeof this.newest === 'number') dates.push(this.newest);
    dates.sort((a, b) => a - b);
    const middle = dates[Math.floor((dates.length - 1) / 2)];
    const limit = this.clock.now() + CLOCK_TOLERANCE;
    return middle !== undefined && middle > limit && dates.length >= WITNESSES ? middle + ONE_LOOK : limit;
  }

  private forget(): void {
    const since = this.since ?? -Infinity;
    for (const [identity, time] of this.seen) {
      if (time < since || this.seen.size > MAX_SEEN) this.seen.delete(identity);
    }
  }
}

function isEntry(value: unknown): value is [string, number] {
  return Array.isArray(value) && typeof value[0] === 'string' && typeof value[1] === 'number';
}

/**
 * Reads what may be new since the memory's last look. A long absence is caught up with once. A controller that stays
 * silent after that gets one look a reading, without a start: so the vendor's clock and not ours says what is now. Only
 * when that look finds something is the whole gap read again, for what was filed late.
 */
export class StatusReader {
  /** when everything was read in this run, by both clocks; the first reading after a restart catches up anew */
  private read: { now: number; monotonic: number } | undefined;
  /** what was seen to be all there is, so that the rest is not asked for at each reading */
  private whole = '';

  constructor(
    private readonly client: Pick<PowercontrollerClient, 'statuses'>,
    private readonly device: string,
    private readonly clock: Clock,
  ) {}

  async newOf(memory: StatusMemory, signal: AbortSignal): Promise<StatusResponse[]> {
    const read = { now: this.clock.now(), monotonic: this.clock.monotonic() };
    const responses = await this.responses(memory, read.now, signal);
    // Statuses without a listener do not count as read.
    if (!signal.aborted) this.read = read;
    return responses;
  }

  private async responses(memory: StatusMemory, now: number, signal: AbortSignal): Promise<StatusResponse[]> {
    const { client, device } = this;
    const { since } = memory;
    if (since === undefined) return this.look(undefined, now, signal);
    if (now - since < ONE_REQUEST) return this.look(since, now, signal);
    const look = this.oneLookReaches() ? await this.look(undefined, now, signal) : undefined;
    if (look && (!look.some((response) => memory.isNew(response)) || reachesBack(look, since))) return look;
    const gap = await wholeHistory(client, device, { start: since, end: now }, { signal });
    // The look may hold what our clock takes for the future.
    return [...gap, ...inOrder(look ?? [])];
  }

  /** What there is from a start on, or since yesterday; what the server keeps back of it is asked for as well. */
  private async look(since: number | undefined, now: number, signal: AbortSignal): Promise<StatusResponse[]> {
    const { client, device } = this;
    const first = await client.statuses({ device, start: since }, signal);
    const times = first.map(timeOf).filter((time) => time !== null);
    const start = since ?? times.reduce((earliest, time) => Math.min(earliest, time), Infinity);
    const shown = `${first.length} ${first[0] ? identityOf(first[0]) : ''} ${first.map(identityOf).at(-1) ?? ''}`;
    if (first.length < LEAST_PAGE || shown === this.whole) return first;
    let asked = 0;
    const all = await fetchWhole(
      { start, end: Infinity },
      {
        fetch: (part) =>
          asked++ === 0
            ? Promise.resolve(first)
            : client.statuses(
                { device, start: part.start, end: isFinite(part.end) ? part.end : undefined },
                signal,
              ),
        timeOf,
        identityOf,
        now,
      },
    );
    if (all.length === first.length) this.whole = shown;
    return all;
  }

  /** Whether all since the last reading is in one look; not after a clock was set, which may have been wrong then. */
  private oneLookReaches(): boolean {
    const { read, clock } = this;
    if (!read) return false;
    const elapsed = clock.now() - read.now;
    return elapsed >= 0 && Math.max(elapsed, clock.monotonic() - read.monotonic) < LOOK_REACHES;
  }
}

function reachesBack(responses: readonly StatusResponse[], to: number): boolean {
  return responses.some((response) => (timeOf(response) ?? Infinity) <= to);
}
