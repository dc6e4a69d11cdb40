import { isRecord, toSummable } from '../core/values';
import type { PlanSettings } from './settings';
import { PORTS } from './settings';

/** What a plan sees of a UPS; `null`: not told. */
export interface UpsView {
  onBattery: boolean | null;
  /** V of the lowest battery */
  voltage: number | null;
  lowBattery: boolean | null;
  /** by port */
  on: readonly (boolean | null)[];
  /** W by port */
  power: readonly (number | null)[];
  /** W */
  totalPower: number | null;
}

/** A UPS has room for fewer. */
const MAX_SUPPLIES = 8;
/** V; less is no battery but wires that hang in the air */
const NO_BATTERY = 1;

const flagOf = (value: unknown): boolean | null => (typeof value === 'boolean' ? value : null);
const numberOf = (value: unknown): number | null => (typeof value === 'number' ? toSummable(value) : null);

const NOTHING: UpsView = {
  ...{ onBattery: null, voltage: null, lowBattery: null, totalPower: null },
  on: [],
  power: [],
};

/**
 * Reads a status as `ups-status` tells it.
 *
 * @param rule which supplies have to be on battery: where one of two still has its mains, nothing is about to go down
 * @returns `undefined` for a payload that is none
 */
export function viewOf(payload: unknown, rule: PlanSettings['supplies']): UpsView | undefined {
  if (!isRecord(payload)) return undefined;
  const { supplies, outputs } = payload;
  if (!Array.isArray(supplies) && !Array.isArray(outputs) && flagOf(payload.onBattery) === null)
    return undefined;
  const listed = (Array.isArray(supplies) ? supplies.slice(0, MAX_SUPPLIES) : [])
    .filter(isRecord)
    .filter((one) => one.fitted !== false);
  // A place that has never told anything readable decides nothing beside one that has.
  const known = listed.filter((one) => one.fitted === true);
  const fitted = known.length > 0 ? known : listed;
  const voltages = fitted
    .map(({ batteryVoltage }) => numberOf(batteryVoltage))
    .filter((one) => one !== null)
    .filter((one) => one >= NO_BATTERY);
  const on: (boolean | null)[] = new Array<null>(PORTS).fill(null);
  const power: (number | null)[] = new Array<null>(PORTS).fill(null);
  for (const one of Array.isArray(outputs) ? outputs.slice(0, PORTS) : []) {
    if (!isRecord(one) || !isPort(one.port)) continue;
    on[one.port] = flagOf(one.on);
    power[one.port] = numberOf(one.power);
  }
  return {
    onBattery:
      fitted.length === 0
        ? flagOf(payload.onBattery)
        : sourceOf(
            fitted.map((one) => flagOf(one.onBattery)),
            rule,
          ),
    voltage: voltages.length === 0 ? null : Math.min(...voltages),
    lowBattery: flagOf(payload.lowBattery),
    on,
    power,
    totalPower: numberOf(payload.totalPower),
  };
}

export function isPort(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < PORTS;
}

/** Whether the supplies are on battery, as the rule has it. One that tells nothing leaves open what it might decide. */
function sourceOf(supplies: readonly (boolean | null)[], rule: PlanSettings['supplies']): boolean | null {
  const decides = rule === 'any';
  if (supplies.includes(decides)) return decides;
  return supplies.includes(null) ? null : !decides;
}

/**
 * Reads an event as `ups-events` tells it. That the mains are back is for a reading to say.
 *
 * @returns `undefined` for an event that says nothing about a plan
 */
export function viewOfEvent(
  event: Readonly<Record<string, unknown>>,
  rule: PlanSettings['supplies'],
): UpsView | undefined {
  if (event.event !== 'status') return undefined;
  switch (event.change) {
    case 'mainsLost':
      // It is told when any supply is without mains.
      return rule === 'any' ? { ...NOTHING, onBattery: true } : undefined;
    case 'lowBattery':
      return { ...NOTHING, lowBattery: true };
    case 'portChanged': {
      const { port, on } = event;
      if (!isPort(port) || typeof on !== 'boolean') return undefined;
      return { ...NOTHING, on: Array.from({ length: PORTS }, (_, one) => (one === port ? on : null)) };
    }
    default:
      return undefined;
  }
}
