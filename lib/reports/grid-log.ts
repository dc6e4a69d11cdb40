import type { LocalTime } from '../core/zone';
import { Absence, type AbsenceState } from './absence';
import {
  beginEvent,
  closeEvent,
  type EventKind,
  follow,
  type GridEvent,
  type JudgeOptions,
  type OpenEvent,
  type Request,
} from './grid-event';
import type { Fact, Source } from './grid-input';
import { GridMonths, type MonthOfEvents, type MonthState } from './grid-months';
import { GridPower, type GridPowerState } from './grid-power';

/** The events of the grid, each once, and by month. */

export interface GridLogOptions extends JudgeOptions {
  zone: LocalTime;
  /** ms that a power holds at the most */
  gap: number;
  /** `msg.device.id` of the meter; empty: the first that tells a power */
  meter: string;
}

/** What is known of one device that events come from. */
interface Watched extends Source {
  absence: Absence;
  /** ms: least difference of our clock and the device's; `null`: it told no time */
  clock: number | null;
  /** of those told lately, so that none is told twice */
  told: [start: number, end: number][];
  /** the signals that are known to be off */
  off: Set<string>;
}

export interface GridMonth extends MonthOfEvents {
  sources: { device: string; name: string; availability: number | null; absent: Record<string, number> }[];
}

export interface GridState extends GridPowerState {
  /** epoch ms at which this was written */
  at: number;
  watched: (Source & {
    absence: AbsenceState;
    clock: number | null;
    told: [number, number][];
    off: string[];
  })[];
  open: OpenEvent[];
  month: MonthState | null;
}

const MOST_SOURCES = 100;
const MOST_OPEN = 200;
const MOST_TOLD = 50;
const MOST_SIGNALS = 20;
/** ms that the power before an event is kept for, since its status may come late */
const LATE = 3_600_000;
const OFF = 'restart';

export class GridLog {
  private readonly watched = new Map<string, Watched>();
  private open: OpenEvent[] = [];
  private readonly power: GridPower;
  private readonly months: GridMonths;

  /** @throws anything for a state that cannot be used */
  constructor(
    private readonly options: GridLogOptions,
    state?: GridState,
  ) {
    this.power = new GridPower(options.gap, options.meter, state);
    this.months = new GridMonths(options.zone, options.gap, state?.month);
    if (!state) return;
    this.open = state.open.slice(0, MOST_OPEN);
    for (const one of state.watched) {
      const { id, name, absence, clock, told, off } = one;
      this.watched.set(id, { id, name, absence: new Absence(absence), clock, told, off: new Set(off) });
    }
    this.missed(state.at);
  }

  /** Node-RED is back. @returns the months that have ended meanwhile */
  resume(now: number): GridMonth[] {
    const closed = this.close(now);
    for (const { absence } of this.watched.values()) absence.comeBackFrom(OFF, now);
    return closed;
  }

  /** Takes what a message tells. @param now epoch ms */
  take(fact: Fact, now: number): void {
    this.months.beginAt(now);
    if (fact.kind === 'power') {
      this.power.take(fact);
      return;
    }
    const source = this.sourceOf(fact, now);
    if (!source) return;
    switch (fact.kind) {
      case 'available':
        this.takeAvailable(source, fact);
        return;
      case 'trigger':
        this.begin(source, { ...FREQUENCY, name: '', start: fact.time, startSeen: true }, fact.frequency);
        return;
      case 'relay':
        this.takeRelay(source, fact);
        return;
      case 'signal':
        this.takeSignal(source, fact);
        return;
      case 'mains':
        if (fact.lost) this.begin(source, { ...MAINS, name: '', start: fact.time, startSeen: fact.seen });
        else this.end(this.openOf(source.id, 'mains', ''), fact.time, fact.seen && !source.absence.isAway);
    }
  }

  /** The events that are over, and whose power has had time to come. */
  ended(now: number): GridEvent[] {
    const over: GridEvent[] = [];
    this.open = this.open.filter((event) => {
      if (event.end === null || !this.isComplete(event, now)) return true;
      this.followed(event, event.end);
      const source = this.watched.get(event.device);
      over.push(closeEvent(event, event.end, source?.clock ?? null, this.options));
      source?.told.push([event.start, event.end]);
      source?.told.splice(0, source.told.length - MOST_TOLD);
      return false;
    });
    for (const event of over) this.months.keep(event);
    this.forget(now);
    return over;
  }

  /** The months that are over. */
  close(now: number): GridMonth[] {
    return this.months
      .close(now)
      .map((month) => this.withSources(month, (absence) => absence.endMonth(month.end)));
  }

  /** The running month. */
  running(now: number): GridMonth {
    const month = this.months.running(now);
    return this.withSources(month, (absence) => absence.running(Math.min(now, month.end)));
  }

  get openCount(): number {
    return this.open.filter(({ end }) => end === null).length;
  }

  /** When `ended` or `close` has something to say; epoch ms. */
  get nextTick(): number | null {
    const { gap } = this.options;
    const ends = this.open.flatMap(({ end }) => (end === null ? [] : [end + gap]));
    const { nextTick } = this.months;
    if (nextTick !== null) ends.push(nextTick);
    return ends.length > 0 ? Math.min(...ends) : null;
  }

  state(now: number): GridState {
    return {
      at: now,
      watched: [...this.watched.values()].map(({ absence, off, ...rest }) => ({
        ...rest,
        absence: absence.kept(),
        off: [...off],
      })),
      open: this.open,
      ...this.power.state(),
      month: this.months.state(),
    };
  }

  private withSources(
    month: MonthOfEvents,
    told: (absence: Absence) => ReturnType<Absence['running']>,
  ): GridMonth {
    const sources = [...this.watched.values()].map(({ id, name, absence }) => ({
      ...{ device: id, name },
      ...told(absence),
    }));
    return { ...month, sources };
  }

  private takeAvailable(source: Watched, { available, time, reason }: Fact & { kind: 'available' }): void {
    if (available) {
      source.absence.comeBack(time);
      return;
    }
    if (!source.absence.leave(time, reason)) return;
    this.blind(source.id, time);
  }

  private takeRelay(source: Watched, { on, time, frequencyEvent, seen }: Fact & { kind: 'relay' }): void {
    const event = this.openOf(source.id, 'frequency', '');
    if (on) {
      // Before the load has been shed it is on anyway.
      if (event && (seen || event.off !== null) && time >= event.start) this.end(event, time, seen);
      return;
    }
    if (event) {
      if (seen && time >= event.start) event.off ??= time;
      else if (!seen && event.off === null) this.doubt(event, time);
    } else if (frequencyEvent) {
      const begun = this.begin(source, { ...FREQUENCY, name: '', start: time, startSeen: false });
      if (begun) begun.off = time;
    }
  }

  private takeSignal(source: Watched, fact: Fact & { kind: 'signal' }): void {
    const { signal: name, enabled, set, time, direction, limit, unit } = fact;
    const event = this.openOf(source.id, 'signal', name);
    const watched = !source.absence.isAway;
    const known = watched && (source.off.has(name) || event !== undefined);
    if (event && enabled && event.limit === limit && event.unit === unit) {
      event.doubt &&= !watched;
      return;
    }
    // What was changed while nobody watched did so at some time since.
    if (event) this.end(event, time, watched && (set || !event.doubt));
    if (!enabled) {
      if (source.off.size < MOST_SIGNALS) source.off.add(name);
      return;
    }
    source.off.delete(name);
    this.begin(source, {
      ...{ kind: 'signal', name, direction, limit, unit, start: time },
      startSeen: set || (known && event?.doubt !== true),
    });
  }

  private begin(
    { id, name: deviceName, told, absence }: Watched,
    given: Request & { kind: EventKind; name: string; start: number; startSeen: boolean },
    frequency: number | null = null,
  ): OpenEvent | undefined {
    if (this.openOf(id, given.kind, given.name)) return undefined;
    const isIn = (start: number, end: number): boolean =>
      given.start >= start && given.start < Math.max(end, start + 1);
    const waits = this.open.some(
      (one) => one.device === id && one.kind === given.kind && one.end !== null && isIn(one.start, one.end),
    );
    const again = waits || told.some(([start, end]) => isIn(start, end));
    if ((again && given.kind !== 'signal') || this.open.length >= MOST_OPEN) return undefined;
    const event = beginEvent({ ...given, device: id, deviceName });
    event.frequency = frequency;
    event.blind = event.doubt = absence.isAway;
    this.open.push(event);
    return event;
  }

  private end(event: OpenEvent | undefined, time: number, seen: boolean): void {
    if (!event) return;
    event.end = Math.max(time, event.start);
    event.endSeen = seen;
  }

  private openOf(device: string, kind: EventKind, name: string): OpenEvent | undefined {
    return this.open.find(
      (one) => one.end === null && one.device === device && one.kind === kind && one.name === name,
    );
  }

  private followed(event: OpenEvent, to: number): void {
    // A load that is off leaves others on, which the meter of the place shows.
    const judged = event.kind === 'signal' || this.power.isTold(event.device);
    follow(event, this.power.recordOf(event), to, this.options, judged);
  }

  private isComplete(event: OpenEvent, now: number): boolean {
    const end = event.end ?? Infinity;
    const newest = this.power.recordOf(event)?.newest ?? -Infinity;
    return newest >= end || now >= end + this.options.gap;
  }

  private sourceOf(fact: Fact, now: number): Watched | undefined {
    const { id, name, time, kind } = fact;
    let source = this.watched.get(id);
    if (!source) {
      if (this.watched.size >= MOST_SOURCES) return undefined;
      const absence = new Absence({ since: Math.min(time, now), away: null });
      source = { id, name, absence, clock: null, told: [], off: new Set() };
      this.watched.set(id, source);
    }
    source.name = name;
    if (kind !== 'signal' && kind !== 'available') {
      source.clock = Math.min(source.clock ?? Infinity, now - time);
    }
    return source;
  }

  /** Nobody watched since: neither what began nor what ended is known. `resume` ends that. */
  private missed(from: number): void {
    this.power.endAt(from);
    for (const { id, absence } of this.watched.values()) {
      absence.leave(from, OFF);
      this.blind(id, from);
    }
  }

  private blind(id: string, time: number): void {
    for (const event of this.open) {
      if (event.device === id && (event.end ?? Infinity) > time) this.doubt(event, time);
    }
    this.watched.get(id)?.off.clear();
  }

  private doubt(event: OpenEvent, time: number): void {
    this.followed(event, time);
    event.blind = event.doubt = true;
  }

  /** Long events are looked at piece by piece. */
  private forget(now: number): void {
    const before = now - LATE - this.options.baseline;
    for (const event of this.open) {
      if (event.judge.at < now - LATE) this.followed(event, now - LATE);
    }
    this.power.forget(before);
  }
}

const FREQUENCY = { kind: 'frequency', direction: 'down', limit: 0, unit: 'W' } as const;
const MAINS = { kind: 'mains', direction: null, limit: null, unit: null } as const;
