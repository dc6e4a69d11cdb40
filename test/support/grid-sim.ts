import { LocalTime } from '../../lib/core/zone';
import type { GridEvent } from '../../lib/reports/grid-event';
import { factsOf } from '../../lib/reports/grid-input';
import { GridLog, type GridMonth, type GridState } from '../../lib/reports/grid-log';
import type { Seeded } from './seeded';

/**
 * A grid by chance: limits that are read each half minute, a controller that sheds its load by itself, a UPS, a meter, and
 * outages of each of them and of Node-RED. What a log has to tell is worked out here step by step, in another way than the
 * log does it.
 */

const STEP = 5000;
const MINUTE = 60_000;
const LOOK = 30_000;
const POLL = 10_000;
const OPTIONS = {
  zone: new LocalTime('Etc/UTC'),
  baseline: 5 * MINUTE,
  respondWithin: MINUTE,
  tolerance: 0.05,
  gap: 3 * STEP,
  meter: 'meter',
};

interface Span {
  from: number;
  to: number;
}

interface TrueEvent extends Span {
  kind: 'signal' | 'frequency' | 'mains';
  /** W */
  limit: number;
  /** ms until the power is down, or the relay is off; `null`: never */
  delay: number | null;
}

export interface World {
  start: number;
  end: number;
  events: TrueEvent[];
  /** W, by step */
  power: number[];
  /** no reading of the meter */
  silent: Span[];
  /** Node-RED is off */
  off: Span[];
  /** the site of the limits cannot be read */
  away: Span[];
}

export interface Expected {
  kind: TrueEvent['kind'];
  start: number;
  startSeen: boolean;
  end: number;
  endSeen: boolean;
  baseline: number | null;
  delivered: number | null;
  response: number | null;
  compliant: GridEvent['compliant'];
}

const isIn = (spans: readonly Span[], time: number): boolean =>
  spans.some(({ from, to }) => time >= from && time < to);

export function randomWorld(random: Seeded, count: number): World {
  const start = Date.UTC(2025, random.below(12), 1 + random.below(25), random.below(24));
  const events: TrueEvent[] = [];
  let at = start + 10 * MINUTE;
  for (let i = 0; i < count; i++) {
    const kind = random.pick(['signal', 'signal', 'frequency', 'mains'] as const);
    const length = LOOK * (1 + random.below(30));
    const limit = kind === 'signal' ? 1000 * (2 + i) : 0;
    const slow = random.chance(0.15);
    const signalDelay = random.chance(0.15) ? null : STEP * (slow ? 13 + random.below(6) : random.below(12));
    const relayDelay = random.chance(0.1) ? null : slow ? 61_000 + random.below(60_000) : random.below(5000);
    const delay = kind === 'signal' ? signalDelay : kind === 'frequency' ? relayDelay : null;
    events.push({ kind, limit, delay, from: at, to: at + length });
    at += length + LOOK * (2 + random.below(30));
  }
  const end = at + 20 * MINUTE;
  const spans = (most: number, step: number, longest: number): Span[] => {
    const made: Span[] = [];
    for (let from = start + MINUTE * 7; ;) {
      from += step * (1 + random.below(most));
      if (from >= end - 15 * MINUTE) return made;
      const to = from + step * (1 + random.below(longest));
      made.push({ from, to });
      from = to;
    }
  };
  // None of them begins or ends with a look, so that what is seen at that moment is beyond doubt.
  const off = spans(150, LOOK, 8).map(({ from, to }) => ({ from: from + 1000, to: to + 1000 }));
  const away = spans(120, LOOK, 8).map(({ from, to }) => ({ from: from + 2000, to: to + 2000 }));
  const silent = spans(200, STEP, 20);
  const power = Array.from({ length: (end - start) / STEP }, () => 20_000 + random.below(60_000));
  for (const { kind, from, to, limit, delay } of events) {
    if (kind !== 'signal' || delay === null) continue;
    for (let time = from + delay; time < to; time += STEP) {
      power[(time - start) / STEP] = Math.round(limit * (0.3 + random.next() * 0.7));
    }
  }
  return { start, end, events, power, silent, off, away };
}

/** Lets a log hear of it. */
export function logged(random: Seeded, world: World): { events: GridEvent[]; months: GridMonth[] } {
  const { start, end, off, away, silent } = world;
  let log = new GridLog(OPTIONS);
  const events: GridEvent[] = [];
  const months: GridMonth[] = [];
  const tell = (device: object, payload: object, now: number): void => {
    for (const fact of factsOf({ device, payload }, 'Etc/UTC', now)) log.take(fact, now);
  };
  const site = { id: 'site', vendor: 'powerflex', name: 'Garage' };
  const controller = { id: 'heater', vendor: 'automate-green', name: 'Heater' };
  const ups = { id: 'ups', vendor: 'powersentrix', name: 'UPS' };
  let statuses = statusesOf(world);
  const told: object[] = [];
  let wasOff = false;
  let wasAway = false;
  let mains = true;
  for (let now = start; now < end; now += 1000) {
    const isOff = isIn(off, now);
    if (isOff && !wasOff) {
      const state = JSON.parse(JSON.stringify(log.state(now))) as GridState;
      log = new GridLog(OPTIONS, state);
    }
    if (!isOff && wasOff) months.push(...log.resume(now));
    const isBack = !isOff && wasOff;
    wasOff = isOff;
    if (isOff) continue;
    const outage = isIn(away, now);
    if (outage !== wasAway) {
      wasAway = outage;
      tell(
        site,
        { available: !outage, since: new Date(now).toISOString(), reason: { code: 'TIMEOUT' } },
        now,
      );
    }
    if ((now - start) % STEP === 0 && !isIn(silent, now)) {
      const power = world.power[(now - start) / STEP];
      tell({ id: 'meter' }, { timestamp: now, power }, now);
    }
    if ((now - start) % LOOK === 0 && !outage) {
      const active = world.events.find(({ kind, from, to }) => kind === 'signal' && now >= from && now < to);
      const maxLoad = (active?.limit ?? 99_000) / 1000;
      tell(site, { name: 'GRID', maxLoad, maxLoadUnit: 'kW', enabled: active !== undefined }, now);
    }
    if ((now - start) % POLL === 0) {
      const ready = statuses.filter(({ timestamp }) => Date.parse(timestamp) <= now);
      statuses = statuses.slice(ready.length);
      if (random.chance(0.02)) ready.unshift(...(told.slice(-3) as typeof ready));
      for (const status of ready) tell(controller, status, now);
      told.push(...ready);
    }
    const isLost = world.events.some(({ kind, from, to }) => kind === 'mains' && now >= from && now < to);
    if (isLost === mains) {
      mains = !isLost;
      const since = isBack ? { since: 'unknown' } : {};
      const change = isLost ? 'mainsLost' : 'mainsRestored';
      tell(ups, { event: 'status', change, timestamp: new Date(now).toISOString(), ...since }, now);
    }
    events.push(...log.ended(now));
    months.push(...log.close(now));
  }
  events.push(...log.ended(end + MINUTE));
  return { events, months };
}

function statusesOf({ events }: World): { timestamp: string; [key: string]: unknown }[] {
  const made: { timestamp: string; [key: string]: unknown }[] = [];
  const status = (time: number, more: object): void => {
    made.push({ timestamp: new Date(time).toISOString(), state: 'Active', ...more });
  };
  for (const { kind, from, to, delay } of events) {
    if (kind !== 'frequency') continue;
    status(from, { type: 'trigger', reason: 'ffr', frequency: 59.6 });
    if (delay !== null && from + delay < to)
      status(from + delay, { type: 'relay', reason: 'ffr', on: false });
    status(to, { type: 'relay', reason: 'ffrr', on: true });
  }
  return made.sort((a, b) => (a.timestamp < b.timestamp ? -1 : 1));
}

/** What the log has to tell. */
export function expectedOf(world: World): Expected[] {
  const { off, away, start } = world;
  const sure = { baseline: null, delivered: null, response: null };
  const up = (time: number, step: number): number => start + Math.ceil((time - start) / step) * step;
  const firstSeen = (time: number, step: number, blind: readonly Span[]): number => {
    let at = up(time, step);
    while (isIn(blind, at)) at += step;
    return at;
  };
  // Two outages are one for whoever was not there in between.
  const events = world.events.filter(({ kind }) => kind !== 'mains');
  for (const event of world.events.filter(({ kind }) => kind === 'mains')) {
    const before = events.findLast(({ kind }) => kind === 'mains');
    if (before && firstSeen(before.to, 1000, off) >= event.from) before.to = event.to;
    else events.push({ ...event });
  }
  return events.flatMap((event): Expected[] => {
    const { kind, from, to, delay, limit } = event;
    if (kind === 'signal') {
      const blind = [...off, ...away];
      const begun = firstSeen(from, LOOK, blind);
      const over = firstSeen(to, LOOK, blind);
      // Nobody was there while it went on.
      if (begun >= to) return [];
      const startSeen = !blind.some((one) => one.to > from - LOOK && one.from < begun);
      const endSeen = !blind.some((one) => one.to > to - LOOK && one.from < over);
      const breaks = blind.map((one) => one.from).filter((one) => one >= begun && one < over);
      const blindFrom = Math.min(Infinity, ...breaks);
      return [
        {
          kind,
          start: begun,
          startSeen,
          end: over,
          endSeen,
          ...powerOf(world, begun, over, limit, { startSeen, endSeen, blindFrom }),
        },
      ];
    }
    if (kind === 'mains') {
      const begun = firstSeen(from, 1000, off);
      const over = firstSeen(to, 1000, off);
      if (begun >= to) return [];
      return [
        {
          kind,
          start: begun,
          startSeen: begun === from,
          end: over,
          endSeen: over === to,
          ...sure,
          ...meanOnly(world, begun, over),
          compliant: 'unknown',
        },
      ];
    }
    const arrived = firstSeen(from, POLL, off);
    const ended = firstSeen(to, POLL, off);
    const wasBlind = off.some((one) => one.from >= arrived && one.from < ended);
    const shed = delay !== null && from + delay < to ? delay : null;
    const late = shed === null ? to - from > MINUTE : shed > MINUTE;
    const compliant = wasBlind || (shed === null && !late) ? 'unknown' : late ? 'no' : 'yes';
    return [
      {
        kind,
        start: from,
        startSeen: true,
        end: to,
        endSeen: true,
        ...sure,
        ...meanOnly(world, from, to),
        response: shed,
        compliant,
      },
    ];
  });
}

/** The power that holds in a step; `null`: nobody knows. */
function known({ start, power, silent, off }: World, time: number): number | null {
  for (let at = Math.floor((time - start) / STEP) * STEP + start; at > time - 3 * STEP; at -= STEP) {
    if (off.some((one) => one.from > at && one.from <= time) || isIn(off, at)) return null;
    if (!isIn(silent, at)) return power[(at - start) / STEP] ?? null;
  }
  return null;
}

function meanOf(world: World, from: number, to: number, share: number): number | null {
  let sum = 0;
  let count = 0;
  for (let time = from; time < to; time += 1000) {
    const value = known(world, time);
    if (value === null) continue;
    sum += value;
    count++;
  }
  return count > 0 && count * 1000 >= share * (to - from) ? sum / count : null;
}

function meanOnly(world: World, from: number, to: number): Pick<Expected, 'baseline' | 'delivered'> {
  const baseline = meanOf(world, from - OPTIONS.baseline, from, 0.8);
  const mean = meanOf(world, from + OPTIONS.respondWithin, to, 0.95);
  return { baseline, delivered: baseline === null || mean === null ? null : baseline - mean };
}

function powerOf(
  world: World,
  from: number,
  to: number,
  limit: number,
  { startSeen, endSeen, blindFrom }: { startSeen: boolean; endSeen: boolean; blindFrom: number },
): Pick<Expected, 'baseline' | 'delivered' | 'response' | 'compliant'> {
  const most = limit * (1 + OPTIONS.tolerance);
  let response: number | null = null;
  let gap = false;
  for (let time = from; time < Math.min(to, blindFrom) && response === null && !gap; time += 1000) {
    const value = known(world, time);
    if (value === null) gap = true;
    else if (value <= most) response = time - from;
  }
  let over = false;
  let whole = true;
  for (let time = from + OPTIONS.respondWithin; time < to; time += 1000) {
    const value = known(world, time);
    if (value === null) whole = false;
    else if (value > most && time < blindFrom) over = true;
  }
  const seen = startSeen && endSeen && blindFrom === Infinity && whole && to - from > OPTIONS.respondWithin;
  return {
    ...meanOnly(world, from, to),
    response: startSeen ? response : null,
    compliant: over ? 'no' : seen ? 'yes' : 'unknown',
  };
}
