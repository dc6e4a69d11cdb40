import { hourOfDay } from '../support/house';
import { noise } from '../support/random';
import { nextOf, type ScheduleEntry } from './schedule';

/** A status record as the vendor's cloud stores it. */
export interface StatusRecord {
  id: string;
  deviceId: string;
  /** ISO 8601 UTC */
  date: string;
  state: string;
  type: string;
  reason: string;
  info: Record<string, unknown>;
}

export interface ControllerOptions {
  id: string;
  serialNumber: string;
  country: string;
  /** The simulated time, epoch ms. */
  now: () => number;
  /** How far back the records reach; epoch ms. */
  historyStart: number;
  seed: number;
  /** Seconds between two updates from now on. */
  samplePeriod: number;
}

/** Settings as `PUT /devices/{id}` sets them. */
export interface ControllerConfig {
  ffr: Record<string, unknown>;
  flowmeter: Record<string, unknown>;
  capacity: Record<string, unknown>;
  samplePeriod: number;
  schedule: ScheduleEntry[];
}

interface PowerLimit {
  endsAt: number;
  /** Wh that are left */
  left: number;
}

const SAMPLE_S = 900;
/** The load behind the relay: the heating element of a water heater, W. */
const LOAD_POWER = 2_556;
const VOLTAGE = 238.4;
const HOUR_MS = 3_600_000;

/**
 * A controller with a water heater behind its relay: it sends an update every sample period, a relay status for
 * every switching, and a trigger status when the grid frequency trips its frequency response (FFR). Time passes when
 * it is looked at.
 */
export class Controller {
  readonly id: string;
  readonly config: ControllerConfig;
  /** Whether it is in reach of the cloud. */
  online = true;
  on = false;
  /** When the relay changes by itself, epoch ms; 0 = never. */
  toggleAt = 0;
  private limit: PowerLimit | undefined;
  private frequency: number | null = null;
  private tripped = false;
  private readonly records: StatusRecord[] = [];
  private readonly born: number;
  private readonly historyEnd: number;
  private time: number;
  private lastUpdate: number;
  /** up to when the schedule has been carried out, epoch ms */
  private scheduledUntil = 0;
  private energy = 0;
  private counter = 0;

  constructor(private readonly options: ControllerOptions) {
    this.id = options.id;
    this.config = {
      ffr: { enabled: false, tripThreshold: 59.7, returnThreshold: 60, periods: 10, maxBackOff: 10 },
      flowmeter: { type: 'none' },
      capacity: { enabled: false },
      samplePeriod: options.samplePeriod,
      schedule: [],
    };
    this.born = Math.ceil(options.historyStart / (SAMPLE_S * 1000));
    this.time = options.now();
    this.historyEnd = Math.floor(this.time / (SAMPLE_S * 1000));
    this.lastUpdate = this.historyEnd * SAMPLE_S * 1000;
  }

  /** Switches the relay for a reason, and again by itself after `seconds` (0 = never). */
  switch(on: boolean, reason: string, seconds = 0): void {
    this.advance();
    this.setRelay(on, reason, seconds > 0 ? this.time + seconds * 1000 : 0);
  }

  /** Switches the relay at a time, epoch ms. */
  switchAt(on: boolean, at: number): void {
    this.advance();
    if (this.on === on) this.toggleAt = 0;
    else this.toggleAt = Math.max(at, this.time);
  }

  /** Switches the relay after `seconds`. */
  switchIn(on: boolean, seconds: number): void {
    this.switchAt(on, this.options.now() + seconds * 1000);
  }

  /** Turns the load on and lets it use `energy` Wh within `seconds`. */
  limitPower(energy: number, seconds: number): void {
    this.advance();
    this.setRelay(true, 'api', 0);
    this.limit = { left: energy, endsAt: this.time + seconds * 1000 };
  }

  /** Takes the place of the whole schedule. */
  setSchedule(schedule: ScheduleEntry[]): void {
    this.advance();
    this.config.schedule = schedule;
    this.scheduledUntil = this.time;
  }

  reboot(): void {
    this.advance();
    this.setRelay(this.on, 'reboot', 0);
  }

  /** The grid's frequency in Hz; null: the usual noise around 60 Hz. */
  setFrequency(hertz: number | null): void {
    this.advance();
    this.frequency = hertz;
    const { enabled, tripThreshold, returnThreshold } = this.config.ffr;
    if (enabled !== true) return;
    const now = hertz ?? 60;
    if (!this.tripped && now < Number(tripThreshold)) {
      this.tripped = true;
      this.record('trigger', 'ffr', { frequency: now });
      if (this.on) this.setRelay(false, 'ffr', 0);
    } else if (this.tripped && now >= Number(returnThreshold)) {
      this.tripped = false;
      this.setRelay(true, 'ffrr', 0);
    }
  }

  /** Sends an update now, as when it was asked for. */
  update(reason: 'auto' | 'api'): void {
    this.advance();
    this.sample(reason);
  }

  /** Notes that a request was passed on without waiting for the device. */
  noteFunction(reason: string, update: unknown, responseCodes: number[]): void {
    this.advance();
    const state = responseCodes.length > 0 ? 'Active' : 'Unavailable';
    this.record('function', reason, { update, responseCodes }, state);
  }

  /** The records of a time range, epoch ms, `end` not included; newest first. */
  statuses(start: number, end: number): StatusRecord[] {
    this.advance();
    const live = this.records.filter(({ date }) => Date.parse(date) >= start && Date.parse(date) < end);
    return [...live.reverse(), ...this.history(start, end)];
  }

  /** The device as `GET /devices/{id}` shows it. */
  describe(): Record<string, unknown> {
    this.advance();
    const { id, serialNumber, country } = this.options;
    const last = this.records.findLast(({ type }) => type === 'update') ?? this.past(this.historyEnd);
    return {
      id,
      address: `${id}-000000000000000000000000`.slice(0, 24),
      sn: serialNumber,
      country,
      type: { id: 'power-controller-v10', profile: 'power-controller', desc: 'Power Controller' },
      status: {
        state: this.online ? 'Active' : 'Unavailable',
        info: { ...last.info, on: this.on, toggleIn: this.toggleIn },
        date: last.date,
      },
      info: {
        ...this.config,
        powerLimit: { endsAt: Math.round((this.limit?.endsAt ?? 0) / 1000), power: this.limit?.left ?? 0 },
      },
    };
  }

  private get toggleIn(): number {
    return this.toggleAt === 0 ? 0 : Math.max(1, Math.round((this.toggleAt - this.time) / 1000));
  }

  private advance(): void {
    const until = this.options.now();
    for (;;) {
      const next = this.nextEvent();
      if (next.at > until) break;
      this.pass(next.at);
      next.happen();
    }
    this.pass(until);
  }

  private nextEvent(): { at: number; happen: () => void } {
    const period = this.config.samplePeriod * 1000;
    const events = [
      { at: (Math.floor(this.lastUpdate / period) + 1) * period, happen: () => this.sample('auto') },
    ];
    if (this.toggleAt > 0) {
      events.push({ at: this.toggleAt, happen: () => this.setRelay(!this.on, 'timer', 0) });
    }
    const scheduled = this.nextScheduled();
    if (scheduled) events.push(scheduled);
    const { limit } = this;
    if (limit) {
      const reached = this.time + (limit.left / LOAD_POWER) * HOUR_MS;
      if (this.on && reached < limit.endsAt) {
        events.push({ at: reached, happen: () => this.setRelay(false, 'power_limit', 0, limit) });
      } else {
        events.push({
          at: limit.endsAt,
          happen: () => {
            this.limit = undefined;
            if (!this.on) this.setRelay(true, 'power_limit', 0);
          },
        });
      }
    }
    return events.reduce((first, event) => (event.at < first.at ? event : first));
  }

  /** What the schedule does next. An entry that is over when it is set does nothing. */
  private nextScheduled(): { at: number; happen: () => void } | undefined {
    const next = nextOf(this.config.schedule, this.scheduledUntil);
    if (!next) return undefined;
    const { entry, at } = next;
    return {
      at,
      happen: () => {
        this.scheduledUntil = at;
        const { power, time } = entry;
        this.setRelay(entry.name !== 'off', 'timer', 0);
        if (entry.name === 'limit_power')
          this.limit = { left: Number(power), endsAt: at + Number(time) * 1000 };
      },
    };
  }

  private pass(until: number): void {
    const used = this.on ? (LOAD_POWER * (until - this.time)) / HOUR_MS : 0;
    this.energy += used;
    if (this.limit) this.limit.left = Math.max(0, this.limit.left - used);
    this.time = Math.max(this.time, until);
  }

  private setRelay(on: boolean, reason: string, toggleAt: number, keep?: PowerLimit): void {
    this.on = on;
    this.toggleAt = toggleAt;
    this.limit = keep;
    this.record('relay', reason, { on, toggleIn: this.toggleIn });
  }

  private sample(reason: 'auto' | 'api'): void {
    const duration = Math.round((this.time - this.lastUpdate) / 1000);
    const random = noise(this.options.seed, Math.floor(this.time / 1000));
    this.record('update', reason, {
      duration,
      current: this.on ? round(LOAD_POWER / VOLTAGE) : 0,
      voltage: round(VOLTAGE + random),
      power: round(this.energy),
      temperature: round(70 + 10 * random),
      frequency: this.frequency ?? round(59.98 + random * 0.04),
      flow: this.config.flowmeter.type === 'none' ? null : round(random * 8),
      on: this.on,
      toggleIn: this.toggleIn,
    });
    this.energy = 0;
    this.lastUpdate = this.time;
  }

  private record(type: string, reason: string, info: Record<string, unknown>, state = 'Active'): void {
    const id = `${this.id}-${(this.counter++).toString(36)}`;
    const date = new Date(this.time).toISOString();
    this.records.push({ id, deviceId: this.id, date, state, type, reason, info });
  }

  /** Updates from before the start: a heater that is on in the small hours, newest first. */
  private history(start: number, end: number): StatusRecord[] {
    const step = SAMPLE_S * 1000;
    const last = Math.min(Math.ceil(end / step) - 1, this.historyEnd);
    const found: StatusRecord[] = [];
    for (let index = last; index >= Math.max(Math.ceil(start / step), this.born); index--) {
      found.push(this.past(index));
    }
    return found;
  }

  private past(index: number): StatusRecord {
    const seconds = index * SAMPLE_S;
    const hour = hourOfDay(seconds - 1);
    const random = noise(this.options.seed, index);
    const on = hour < 5;
    return {
      id: `${this.id}-past-${index.toString(36)}`,
      deviceId: this.id,
      date: new Date(seconds * 1000).toISOString(),
      state: 'Active',
      type: 'update',
      reason: 'auto',
      info: {
        duration: SAMPLE_S,
        current: on ? round(LOAD_POWER / VOLTAGE) : 0,
        voltage: round(VOLTAGE + random),
        power: on ? round(LOAD_POWER / 4 + random) : 0,
        temperature: round(65 + 15 * random),
        frequency: round(59.98 + random * 0.04),
        flow: null,
        on,
        toggleIn: 0,
      },
    };
  }
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
