import { hourOfDay } from '../support/house';
import { noise } from '../support/random';

export const MONTHS = [
  'Jan',
  'Feb',
  'Mar',
  'Apr',
  'May',
  'Jun',
  'Jul',
  'Aug',
  'Sep',
  'Oct',
  'Nov',
  'Dec',
] as const;

export interface SiteOptions {
  /** The real clock, epoch ms. */
  now?: () => number;
  /** Simulated seconds a real second; default 1. */
  speed?: number;
  /** The simulated time at the start, epoch ms; default `now()`. Hours of the day and months are UTC. */
  startAt?: number;
  seed?: number;
  /** Charging stations; default 4. */
  stations?: number;
  /** Seconds between two rows of a station; default 60. */
  step?: number;
  /** Rows kept for each measurement; default 20 000, the oldest go first. */
  keep?: number;
  accId?: number;
}

/** An external signal as the vendor writes it. */
export interface Signal {
  name: string;
  max_load: number;
  max_load_unit: string;
  is_enabled: boolean;
}

/** One row of each of the three measurements, values in the order of the columns below. */
export type Row = (string | number)[];

export const COLUMNS = {
  ct_response: [
    ...['time', 'acc_id', 'acg_id', 'acn_id', 'acs_id', 'charging_state', 'energy_delivered', 'evse_address'],
    ...['evse_type', 'mamps_actual', 'peak_rate', 'phases', 'pilot_actual', 'power', 'space_number'],
    ...['version', 'voltage'],
  ],
  evse_request: [
    ...['time', 'acc_id', 'acg_id', 'acn_id', 'acs_id', 'charging_state', 'evse_address', 'evse_type'],
    ...['mamps_last', 'mamps_limit', 'mamps_rampdown', 'space_number', 'version'],
  ],
  evse_response: [
    ...['time', 'acc_id', 'acg_id', 'acn_id', 'acs_id', 'charging_state', 'connected', 'contactor'],
    ...['evse_address', 'evse_type', 'mamps_last', 'response_period', 'space_number', 'version'],
  ],
} as const;

export type Measurement = keyof typeof COLUMNS;

interface Station {
  index: number;
  /** Wh that the car still wants; 0 when full. */
  wanted: number;
  /** Wh delivered in this session; kept after the car left until the next one comes, as stations do. */
  delivered: number;
  plugged: boolean;
  /** simulated s at which the car leaves */
  leaves: number;
  /** A now and at the last step */
  current: number;
  last: number;
}

/** What the cars may take, which is the point of demand-charge mitigation. */
export interface Allocation {
  /** kW of the month's target */
  target: number;
  /** kW that the meter reported last, or null */
  siteLoad: number | null;
  /** kW the cars take now */
  evLoad: number;
  /** kW the cars may take */
  limit: number;
}

const VOLTS = 208;
const MAX_AMPS = 32;
const PHASES = ['AB', 'BC', 'CA'];

/**
 * A garage with charging stations. Cars come in the morning and in the evening, want some energy and leave. The DCM
 * divides among them what the month's target leaves beside the reported load of the site, and what the enabled
 * external signals allow.
 */
export class Site {
  readonly targets: Record<string, number> = Object.fromEntries(MONTHS.map((month) => [month, 200]));
  readonly signals = new Map<string, Signal>();
  realTimeLoad: number | null = null;
  readonly rows: Record<Measurement, Row[]> = { ct_response: [], evse_request: [], evse_response: [] };
  private readonly now: () => number;
  private readonly origin: number;
  private readonly startAt: number;
  private readonly step: number;
  private steps = 0;
  private readonly stations: Station[];

  constructor(private readonly options: SiteOptions = {}) {
    this.now = options.now ?? Date.now;
    this.origin = this.now();
    this.startAt = (options.startAt ?? this.origin) / 1000;
    this.step = options.step ?? 60;
    this.stations = Array.from({ length: options.stations ?? 4 }, (_, index) => ({
      ...{ index, wanted: 0, delivered: 0, plugged: false, leaves: 0, current: 0, last: 0 },
    }));
  }

  get accId(): number {
    return this.options.accId ?? 2;
  }

  /** The simulated time, Unix seconds. */
  get time(): number {
    return this.startAt + ((this.now() - this.origin) / 1000) * (this.options.speed ?? 1);
  }

  get month(): string {
    return MONTHS[new Date(this.time * 1000).getUTCMonth()] ?? 'Jan';
  }

  get allocation(): Allocation {
    this.catchUp();
    const evLoad = this.stations.reduce((sum, { current }) => sum + current, 0) * (VOLTS / 1000);
    return {
      target: this.targets[this.month] ?? 0,
      siteLoad: this.realTimeLoad,
      evLoad,
      limit: this.limit(),
    };
  }

  /** Lives through the time since the last call. */
  catchUp(): void {
    const due = Math.floor((this.time - this.startAt) / this.step);
    for (; this.steps < due; this.steps++) this.advance(this.startAt + this.steps * this.step);
  }

  private limit(): number {
    const free = Math.max(0, (this.targets[this.month] ?? 0) - (this.realTimeLoad ?? 0));
    const limits = [...this.signals.values()]
      .filter((signal) => signal.is_enabled)
      .map((signal) => (signal.max_load_unit === 'kW' ? signal.max_load : (signal.max_load * VOLTS) / 1000));
    return Math.min(free, ...limits);
  }

  private advance(second: number): void {
    for (const station of this.stations) this.comeAndGo(station, second);
    const charging = this.stations.filter(({ plugged, wanted }) => plugged && wanted > 0);
    const share = charging.length === 0 ? 0 : (this.limit() * 1000) / VOLTS / charging.length;
    for (const station of this.stations) {
      const wants = charging.includes(station);
      station.last = station.current;
      station.current = wants ? Math.floor(Math.min(MAX_AMPS, share) * 10) / 10 : 0;
      const energy = Math.min((station.current * VOLTS * this.step) / 3600, station.wanted);
      station.wanted -= energy;
      station.delivered += energy;
      this.record(station, second);
    }
  }

  private random(station: Station, salt: number): number {
    return noise((this.options.seed ?? 1) + salt, this.steps * 64 + station.index);
  }

  private comeAndGo(station: Station, second: number): void {
    if (station.plugged) {
      if (second >= station.leaves) station.plugged = false;
      return;
    }
    const hour = hourOfDay(second);
    const busy = (hour > 7 && hour < 10) || (hour > 16 && hour < 20);
    const arrivals = ((busy ? 1.5 : 0.15) * this.step) / 3600;
    if (this.random(station, 1) >= arrivals) return;
    station.plugged = true;
    station.delivered = 0;
    station.wanted = Math.round(5_000 + 35_000 * this.random(station, 2));
    station.leaves = second + 3600 * (1 + 7 * this.random(station, 3));
  }

  private record(station: Station, second: number): void {
    const state = !station.plugged ? 'UNPLUGGED' : station.wanted > 0 ? 'ADAPTIVE' : 'IDLE';
    const id = String(station.index + 1).padStart(2, '0');
    const ids = {
      time: second,
      acc_id: String(this.accId).padStart(2, '0'),
      acg_id: '01',
      acn_id: '0001',
      acs_id: id,
      charging_state: state,
      evse_address: `0001-${String(this.accId).padStart(2, '0')}-01-${id}`,
      evse_type: station.index % 2 === 0 ? 'AeroVironment' : 'Tesla',
      space_number: String(100 + station.index),
      version: '3',
      energy_delivered: Math.round(station.delivered * 1000),
      mamps_actual: Math.round(station.current * 1000),
      peak_rate: MAX_AMPS,
      phases: PHASES[station.index % 3] ?? 'AB',
      pilot_actual: station.current,
      power: Math.round(station.current * VOLTS) / 1000,
      voltage: VOLTS * 1000,
      mamps_last: Math.round(station.last * 1000),
      mamps_limit: Math.round(station.current * 1000),
      mamps_rampdown: Math.round(Math.max(station.current, 6) * 1000),
      connected: station.plugged ? 1 : 0,
      contactor: station.current > 0 ? 1 : 0,
      response_period: this.step,
    };
    const byName = new Map<string, string | number>(Object.entries(ids));
    for (const [measurement, columns] of Object.entries(COLUMNS)) {
      const rows = this.rows[measurement as Measurement];
      rows.push(columns.map((column) => byName.get(column) ?? ''));
      if (rows.length > (this.options.keep ?? 20_000)) rows.shift();
    }
  }
}
