import { finite, isRecord, round, toNumber } from '../core/values';
import { listOf, recordOf, volts } from './values';

/** More than the PWX-12-4422 has room for; what stands behind them is not read. */
const MAX_SUPPLIES = 8;
const MAX_CELLS = 24;

/** V; less than this is no block of a battery and no battery: the wires hang in the air. */
const NO_BATTERY = 1;
/** V; a battery of lead, one block of it at least, has more even when it is empty. */
const LEAST_BATTERY = 9;

/** V by which a voltage has to rise above its limit again before a low battery counts as recovered. */
const LOW_BATTERY_HYSTERESIS = 0.5;

export interface SupplyOptions {
  /** V below which a supply counts as without mains; `null`: that supply's own undervoltage limit */
  mainsThreshold?: number | null;
  /** V above the threshold at which the mains count as back; default 0.5 */
  mainsHysteresis?: number;
  /** V below which a battery is low; `null`: its undervoltage limit and the margin */
  lowBattery?: number | null;
  /** V above the undervoltage limit below which a battery is low; default 1 */
  lowBatteryMargin?: number;
}

/** One power supply with its battery. Voltages in V. */
export interface Supply {
  /**
   * `false`: it has given nothing but zeros or 65535 since the start, so there is none in this place; `null`: it has
   * given nothing that can be read
   */
  fitted: boolean | null;
  mainVoltage: number | null;
  loadVoltage: number | null;
  batteryVoltage: number | null;
  /** below this the battery is cut off */
  undervoltageLimit: number | null;
  /** the battery's blocks (of about 13 V) */
  cellVoltages: (number | null)[];
  /** the highest block less the lowest; `null` without a battery */
  cellSpread: number | null;
  /** whether its input is below the limit of the mains */
  onBattery: boolean | null;
  /** whether the battery's voltage is below `lowBatteryLimit` */
  lowBattery: boolean | null;
  /** below this the battery counts as low */
  lowBatteryLimit: number | null;
  /** undocumented flags, as they came */
  status: unknown;
}

/** What an entry of the list measures, as voltages. */
interface Measured {
  main: number | null;
  load: number | null;
  battery: number | null;
  limit: number | null;
  cells: (number | null)[];
}

function measuredIn(source: Record<string, unknown>): Measured {
  return {
    main: volts(source.main),
    load: volts(source.load),
    battery: volts(source.batt),
    limit: limitIn(volts(source.buv)),
    cells: listOf(source.cell).slice(0, MAX_CELLS).map(volts),
  };
}

/** 0 V is no limit, nor is noise about it: nothing is ever below. */
const limitIn = (value: number | null): number | null =>
  value !== null && value >= NO_BATTERY ? value : null;

/** Whether a value is what an input shows that nothing is connected to. */
const isBlank = (value: unknown): boolean => [0, 65_535].includes(toNumber(value) ?? NaN);

/**
 * Whether a place in the list tells of nothing: zeros or 65535 in all that it measures. A dead input alone is a supply
 * without mains, so battery and load have to be told, or the limit has to be blank as well.
 */
function tellsNothing(
  source: Record<string, unknown>,
  { main, load, battery, limit, cells }: Measured,
): boolean {
  if ([main, load, battery, ...cells].some((value) => value !== null && value !== 0)) return false;
  const measured = [source.main, source.load, source.batt, ...listOf(source.cell).slice(0, MAX_CELLS)];
  if (!measured.some(isBlank)) return false;
  return limit === null || (isBlank(source.main) && isBlank(source.load) && isBlank(source.batt));
}

function spreadOf({ battery, cells }: Measured): number | null {
  const known = cells.filter((cell) => cell !== null);
  if (known.length < 2 || Math.max(...known) < NO_BATTERY) return null;
  if (battery !== null && battery < NO_BATTERY) return null;
  return finite(round(Math.max(...known) - Math.min(...known), 2));
}

/** What is remembered of one place in the list of supplies. */
interface Place {
  fitted: boolean | null;
  /** V; the last undervoltage limit that it told */
  limit: number | null;
  onBattery: boolean | null;
  lowBattery: boolean | null;
}

const booleanOrNull = (value: unknown): boolean | null => (typeof value === 'boolean' ? value : null);

function placeOf({ fitted, limit, onBattery, lowBattery }: Record<string, unknown>): Place {
  return {
    fitted: booleanOrNull(fitted),
    limit: typeof limit === 'number' ? limitIn(limit) : null,
    onBattery: booleanOrNull(onBattery),
    lowBattery: booleanOrNull(lowBattery),
  };
}

const EMPTY = { mainVoltage: null, loadVoltage: null, batteryVoltage: null, undervoltageLimit: null };

/** Reads the supplies of one UPS, status after status. What a value means depends on those before it. */
export class SupplyReader {
  private readonly places: Place[] = [];

  constructor(private readonly options: SupplyOptions = {}) {}

  /** What is remembered; plain data, for a restart. */
  get state(): unknown {
    return this.places.map((place) => ({ ...place }));
  }

  /** Goes on from what `state` gave, in the places that have told nothing yet. Anything else is ignored. */
  restore(stored: unknown): void {
    listOf(stored)
      .slice(0, MAX_SUPPLIES)
      .forEach((one, index) => {
        this.places[index] ??= placeOf(recordOf(one));
      });
  }

  /** @param list `upsData.ps` */
  read(list: unknown): Supply[] {
    return listOf(list)
      .slice(0, MAX_SUPPLIES)
      .map((entry, index) => this.readOne(entry, index));
  }

  /**
   * Where the UPS's power comes from: a supply without mains decides, and one that tells nothing does not; but one that
   * was without mains when it fell silent leaves the source unknown, as nobody has seen its mains come back.
   *
   * @param supplies as `read` gave them last
   */
  sourceOf(supplies: readonly Supply[]): 'mains' | 'battery' | 'unknown' {
    const verdicts = supplies.map(({ onBattery }) => onBattery);
    // A list that has become shorter tells of fewer supplies; what was behind its end says nothing any more.
    const places = this.places.slice(0, supplies.length);
    if (verdicts.includes(true)) return 'battery';
    if (!verdicts.includes(false) || places.some(({ onBattery }) => onBattery === true)) return 'unknown';
    return 'mains';
  }

  private readOne(entry: unknown, index: number): Supply {
    const place = (this.places[index] ??= placeOf({}));
    const source = recordOf(entry);
    const measured = measuredIn(source);
    const status = source.status ?? null;
    if (!isRecord(entry) || tellsNothing(source, measured)) {
      if (isRecord(entry) && place.fitted !== true) place.fitted = false;
      return {
        fitted: place.fitted,
        ...EMPTY,
        cellVoltages: [],
        cellSpread: null,
        onBattery: null,
        lowBattery: null,
        lowBatteryLimit: null,
        status,
      };
    }
    const { main, load, battery, limit, cells } = measured;
    if ([main, load, battery, ...cells].some((value) => value !== null)) place.fitted = true;
    const lowBatteryLimit = this.lowBatteryLimit(limit);
    place.limit = limit ?? place.limit;
    const onBattery = this.onBattery(measured, place);
    const lowBattery = isLow(battery, lowBatteryLimit, place.lowBattery);
    // A value that is missing once does not end what went before.
    place.onBattery = onBattery ?? place.onBattery;
    place.lowBattery = lowBattery ?? place.lowBattery;
    return {
      fitted: place.fitted,
      mainVoltage: main,
      loadVoltage: load,
      batteryVoltage: battery,
      undervoltageLimit: limit,
      cellVoltages: cells,
      cellSpread: spreadOf(measured),
      onBattery,
      lowBattery,
      lowBatteryLimit,
      status,
    };
  }

  /** Whether the input is below its limit; with hysteresis, so that a voltage at the limit is not ever new. */
  private onBattery({ main, load, battery }: Measured, { limit, onBattery }: Place): boolean | null {
    if (main === null) return null;
    const threshold = this.options.mainsThreshold ?? limit;
    if (threshold !== null) {
      const { mainsHysteresis = DEFAULT_MAINS_HYSTERESIS } = this.options;
      return main < (onBattery === true ? round(threshold + mainsHysteresis, 2) : threshold);
    }
    // Without a limit only the plain cases are known: a dead input beside something alive, and an input above the
    // battery, which therefore gives nothing.
    if (main === 0 && ((battery ?? 0) >= NO_BATTERY || (load ?? 0) >= NO_BATTERY)) return true;
    return battery !== null && battery >= LEAST_BATTERY && main >= battery ? false : null;
  }

  private lowBatteryLimit(undervoltageLimit: number | null): number | null {
    const { lowBattery = null, lowBatteryMargin = DEFAULT_LOW_BATTERY_MARGIN } = this.options;
    if (lowBattery !== null) return lowBattery;
    return undervoltageLimit === null ? null : round(undervoltageLimit + lowBatteryMargin, 2);
  }
}

export const DEFAULT_MAINS_HYSTERESIS = 0.5;
export const DEFAULT_LOW_BATTERY_MARGIN = 1;

/** A battery that is not there is not low. */
function isLow(battery: number | null, limit: number | null, before: boolean | null): boolean | null {
  if (battery === null || battery < NO_BATTERY || limit === null) return null;
  return battery < (before === true ? round(limit + LOW_BATTERY_HYSTERESIS, 2) : limit);
}

/** Whether a battery of the UPS is low; `null` when none is and one is not known. */
export function anyLow(supplies: readonly Supply[]): boolean | null {
  const verdicts = supplies.filter(({ fitted }) => fitted !== false).map(({ lowBattery }) => lowBattery);
  if (verdicts.includes(true)) return true;
  return verdicts.length === 0 || verdicts.includes(null) ? null : false;
}
