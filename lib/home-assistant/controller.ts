import { readTime } from '../core/time';
import { isRecord, toNumber, toSummable } from '../core/values';
import { POWERCONTROLLER_MEASUREMENTS } from '../powercontroller/measurements';
import { type DecidedGroup, entitiesOf, fieldValues } from './decision';
import { Catalogue } from './entity';
import type { CommandMaker, Observation, Told } from './observation';
import { switchValue, textValue, timeValue } from './values';
import type { StateValue } from './entity';

const STATUS: DecidedGroup = {
  source: 'powercontroller-status',
  path: 'payload',
  fields: {
    toggleIn: { not: 'next_change tells the moment, which does not change each second' },
    duration: { not: 'how long a mean covers is no state' },
    current: { key: 'current' },
    voltage: { key: 'voltage' },
    energy: { key: 'energy_total', unit: 'kWh', decimals: 3, counter: 'sum' },
    averagePower: { key: 'average_power' },
    temperature: { key: 'temperature' },
    frequency: { key: 'frequency' },
    flow: { key: 'flow', lazy: true },
    responseCodes: { not: 'a list that belongs to one request' },
  },
};

export const CONTROLLER_DECISIONS: readonly DecidedGroup[] = [STATUS];

const text = (key: string) =>
  ({ key, platform: 'sensor', name: { word: key }, category: 'diagnostic', off: true }) as const;

export const CONTROLLER_ENTITIES = new Catalogue([
  ...entitiesOf(CONTROLLER_DECISIONS, POWERCONTROLLER_MEASUREMENTS),
  { key: 'relay', platform: 'switch', name: null, permission: 'switch', urgent: true },
  {
    key: 'relay_state',
    platform: 'binary_sensor',
    deviceClass: 'power',
    name: null,
    unless: 'switch',
    urgent: true,
  },
  {
    key: 'next_change',
    platform: 'sensor',
    deviceClass: 'timestamp',
    name: { word: 'nextChange' },
    off: true,
    steady: 60,
  },
  ...[text('state'), text('type'), text('reason')],
  {
    key: 'refresh',
    platform: 'button',
    name: { word: 'refresh' },
    category: 'diagnostic',
    permission: 'switch',
    off: true,
  },
]);

/** A controller's status, alone or in the answer to a command. Each carries only a part of what there is. */
export function readController({ device, payload }: Told): Observation[] | undefined {
  if (Array.isArray(payload)) {
    return payload.slice(-1).flatMap((one: unknown) => readController({ device, payload: one }) ?? []);
  }
  if (!isRecord(payload)) return undefined;
  if ('accepted' in payload) return [readAnswer(device, payload)];
  if (!('averagePower' in payload || 'on' in payload || 'type' in payload)) return undefined;
  return [readStatus(device, payload)];
}

function readStatus(device: Told['device'], status: Record<string, unknown>): Observation {
  const time = readTime(status.timestamp);
  const left = toNumber(status.toggleIn);
  const values: Record<string, StateValue> = {
    ...fieldValues(status, STATUS, { sparse: true }),
    ...relay(switchValue(status.on)),
  };
  if (left !== null && time !== null) {
    values.next_change = left === 0 ? null : timeValue(time + left * 1000);
  }
  for (const key of ['state', 'type', 'reason']) {
    const told = textValue(status[key]);
    if (told !== null) values[key] = told;
  }
  const energy = toSummable(status.energy);
  const adds = status.type === 'update' && energy !== null && energy >= 0 && time !== null;
  return {
    device,
    values,
    // All that the type has, although one status carries only a part of it.
    also: ALWAYS,
    time,
    history: true,
    ...(adds ? { addition: { key: 'energy_total', energy, time } } : {}),
  };
}

const ALWAYS = CONTROLLER_ENTITIES.patterns.filter(({ lazy }) => !lazy).map(({ key }) => key);

function relay(on: StateValue): Record<string, StateValue> {
  return on === null ? {} : { relay: on, relay_state: on };
}

/** The answer to a command: what it shows, and nothing that it only promises. */
function readAnswer(device: Told['device'], payload: Record<string, unknown>): Observation {
  const { status, command, verified } = payload;
  const seen = isRecord(status) ? switchValue(status.on) : null;
  const switched =
    verified === true && (command === 'on' || command === 'off') ? switchValue(command === 'on') : null;
  return { device, values: relay(seen ?? switched), also: ALWAYS, time: null, answer: true };
}

/** What `powercontroller-command` takes. */
export const controllerCommand: CommandMaker = ({ device, entity, value }) => {
  const payload = entity.platform === 'button' ? 'refresh' : value === true ? 'on' : 'off';
  return { payload, deviceId: device.id };
};
