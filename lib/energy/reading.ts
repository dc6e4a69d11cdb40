import { invalidInput } from '../core/errors';
import { refusedPayload } from '../core/input';
import { isRecord, toSummable } from '../core/values';
import { instantNear } from './local-text';
import type { MeterReading } from './meter';

/** Taking a meter's reading out of a message. */

export type PowerUnit = 'W' | 'kW';
export type EnergyUnit = 'Wh' | 'kWh';

/** Properties that somebody has chosen; empty: there is none. */
export interface ChosenProperties {
  power: string;
  powerUnit: PowerUnit;
  import: string;
  export: string;
  energyUnit: EnergyUnit;
}

export interface ReadingOptions {
  /** missing: what this package's nodes send is recognised */
  chosen?: ChosenProperties | undefined;
  /** of times without one */
  zone: string;
}

/** Looks a property of the message up, e.g. `payload.power`. */
export type Lookup = (property: string) => unknown;

export interface TakenReading {
  reading: MeterReading;
  /** the time that it carries, epoch ms; `null`: none */
  told: number | null;
  /** the time that it carries lies ahead, and was taken as now */
  ahead: boolean;
}

/** ms that a meter's clock may be ahead of ours */
const AHEAD = 10_000;

/**
 * The reading of a message.
 *
 * @param now epoch ms of arrival
 * @throws DeviceError INVALID_INPUT for a message without a reading, or with a time that nobody can read
 */
export function takeReading(
  payload: unknown,
  lookup: Lookup,
  { chosen, zone }: ReadingOptions,
  now: number,
): TakenReading {
  const values = chosen ? fromChosen(lookup, chosen) : recognised(payload);
  if (values.import === null && values.export === null && values.power === null) {
    throw refusedPayload(
      payload,
      invalidInput(
        'The message holds neither a counter of energy nor a power that this node knows.',
        'energyNoReading',
      ),
    );
  }
  const told = timeOf(isRecord(payload) ? payload.timestamp : undefined, zone, now);
  const ahead = told !== null && told - now > AHEAD;
  return { reading: { ...values, time: told === null || ahead ? now : told }, told, ahead };
}

type Values = Required<Pick<MeterReading, 'import' | 'export' | 'power' | 'duration'>>;

function fromChosen(lookup: Lookup, chosen: ChosenProperties): Values {
  const find = (property: string): number | null => (property === '' ? null : toSummable(lookup(property)));
  const scaled = (value: number | null, unit: string): number | null =>
    value === null ? null : unit.startsWith('k') ? value * 1000 : value;
  return {
    import: scaled(find(chosen.import), chosen.energyUnit),
    export: scaled(find(chosen.export), chosen.energyUnit),
    power: scaled(find(chosen.power), chosen.powerUnit),
    duration: null,
  };
}

/** What the nodes of this package send. */
function recognised(payload: unknown): Values {
  const values = isRecord(payload) ? payload : {};
  const find = (name: string): number | null => toSummable(values[name]);
  const load = find('realTimeLoad');
  const mean = find('averagePower');
  const power = find('power') ?? find('totalPower');
  const seconds = find('duration');
  // A mean describes the time before it, and holds no longer.
  const isMean = power === null && mean !== null && seconds !== null && seconds > 0;
  return {
    import: find('energyImport'),
    export: find('energyExport'),
    power: power ?? mean ?? (load === null ? null : load * 1000),
    duration: isMean ? seconds * 1000 : null,
  };
}

/** @returns epoch ms, `null` where none is told */
function timeOf(value: unknown, zone: string, now: number): number | null {
  if (value === undefined || value === null || value === '') return null;
  const time = instantNear(value, zone, now);
  if (time === null) throw invalidInput('The time of the reading cannot be read.', 'energyTime');
  return time;
}
