import { invalidInput } from '../core/errors';
import { Fields } from '../core/input';
import { parseInstant } from '../core/windows';

/** The properties of a `configure` command. */
export const SECTIONS = ['ffr', 'flowmeter', 'capacity', 'samplePeriod', 'schedule'] as const;

/** Whole seconds that fit the controller's 32-bit timers. */
export const SECONDS = { whole: true, max: 2 ** 31 - 1 } as const;

/** The later documentation allows so many scheduled commands. */
const LONGEST_SCHEDULE = 39;
/** Epoch seconds of a controller: after the year 2000, before 2106. */
const EPOCH_SECONDS = { min: 946_684_800, max: 2 ** 32 - 1 };

type Json = Record<string, unknown>;

/**
 * Reads a configuration and makes the body of `PUT /devices/{id}` of it. Nothing but the documented keys is let
 * through, and all of a section or nothing: what a controller does with half a section is not documented.
 *
 * @param config has one or more of `ffr`, `flowmeter`, `capacity`, `samplePeriod` (s), `schedule`
 * @throws DeviceError INVALID_INPUT
 */
export function configurationBody(config: Fields): Json {
  const info: Json = {};
  if (config.has('ffr')) info.ffr = ffr(config.get('ffr'));
  if (config.has('flowmeter')) info.flowmeter = flowmeter(config.get('flowmeter'));
  if (config.has('capacity')) info.capacity = capacity(config.get('capacity'));
  if (config.has('samplePeriod')) info.samplePeriod = config.number('samplePeriod', { min: 1, ...SECONDS });
  const body: Json = {};
  if (Object.keys(info).length > 0) body.info = info;
  if (config.has('schedule')) body.schedule = schedule(config.get('schedule'));
  if (Object.keys(body).length === 0) {
    throw invalidInput(
      `"configure" needs one of ${SECTIONS.join(', ')}.`,
      'powercontrollerConfigurationEmpty',
      {
        choices: SECTIONS.join(', '),
      },
    );
  }
  return body;
}

function isOff(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Reflect.get(value, 'enable') === false;
}

/** Fast frequency response: trips below one frequency (Hz) and returns above a higher one. */
function ffr(value: unknown): Json {
  if (isOff(value)) return { enable: new Fields(value, 'ffr', ['enable']).flag('enable') };
  const fields = new Fields(value, 'ffr', ['enable', 'tripThreshold', 'returnThreshold', 'periods', 'delay']);
  const enable = fields.flag('enable');
  const tripThreshold = fields.number('tripThreshold', { above: 0 });
  const returnThreshold = fields.number('returnThreshold', { above: 0 });
  if (tripThreshold >= returnThreshold) {
    throw invalidInput('"tripThreshold" must be below "returnThreshold".', 'powercontrollerFfrThresholds');
  }
  const periods = fields.number('periods', { min: 1, whole: true });
  return { enable, tripThreshold, returnThreshold, periods, delay: fields.number('delay', { min: 0 }) };
}

function flowmeter(value: unknown): Json {
  const all = ['type', 'pipeOuterDiameter', 'pipeWallThickness', 'pipeType'];
  const fields = new Fields(value, 'flowmeter', all);
  const type = fields.oneOf('type', ['none', 'tuf2000m', 'euf4315k']);
  if (type !== 'tuf2000m') {
    new Fields(value, `flowmeter ${type}`, ['type']);
    return { type };
  }
  const pipeOuterDiameter = fields.number('pipeOuterDiameter', { above: 0 });
  const pipeWallThickness = fields.number('pipeWallThickness', { above: 0 });
  if (2 * pipeWallThickness >= pipeOuterDiameter) {
    throw invalidInput('The pipe wall is thicker than the pipe.', 'powercontrollerPipeWall');
  }
  return { type, pipeOuterDiameter, pipeWallThickness, pipeType: fields.text('pipeType', /^[\w-]{1,32}$/) };
}

/** The model of what the load holds (a tank's heat, say), in whatever unit the user counts it. */
function capacity(value: unknown): Json {
  if (isOff(value)) return { enable: new Fields(value, 'capacity', ['enable']).flag('enable') };
  const rates = ['lossPerLiter', 'lossPerIdleMinute', 'gainPerWattHour'] as const;
  const fields = new Fields(value, 'capacity', ['enable', 'maxCapacity', 'minCapacity', ...rates]);
  const enable = fields.flag('enable');
  const maxCapacity = fields.number('maxCapacity', { min: 0 });
  const minCapacity = fields.number('minCapacity', { min: 0 });
  if (minCapacity >= maxCapacity) {
    throw invalidInput('"minCapacity" must be below "maxCapacity".', 'powercontrollerCapacityOrder');
  }
  const [lossPerLiter, lossPerIdleMinute, gainPerWattHour] = rates.map((name) =>
    fields.number(name, { min: 0 }),
  );
  return { enable, maxCapacity, minCapacity, lossPerLiter, lossPerIdleMinute, gainPerWattHour };
}

function schedule(value: unknown): Json[] {
  if (!Array.isArray(value) || value.length > LONGEST_SCHEDULE) {
    throw invalidInput(
      `"schedule" must be a list of at most ${LONGEST_SCHEDULE} commands.`,
      'powercontrollerScheduleList',
      {
        max: LONGEST_SCHEDULE,
      },
    );
  }
  return value.map((entry: unknown, index) => {
    const what = `schedule[${index}]`;
    const all = ['name', 'when', 'repeat', 'power', 'time'];
    const fields = new Fields(entry, what, all);
    const name = fields.oneOf('name', ['on', 'off', 'limit_power']);
    const limit: Json = {};
    if (name === 'limit_power') {
      limit.power = fields.number('power', { above: 0 });
      limit.time = fields.number('time', { min: 1, ...SECONDS });
    } else {
      new Fields(entry, what, ['name', 'when', 'repeat']);
    }
    const repeat = fields.optionalNumber('repeat', { min: 0, ...SECONDS });
    const when = epochSeconds(fields, 'when');
    return { name, ...limit, when, ...(repeat === undefined ? {} : { repeat }) };
  });
}

/** A moment as the controller wants it: epoch seconds. Taken are those, epoch ms and ISO 8601 text. */
export function epochSeconds(fields: Fields, name: string): number {
  const value = fields.get(name);
  const inMs = parseInstant(value);
  if (inMs === null) return fields.number(name, { ...EPOCH_SECONDS, whole: true });
  const seconds = Math.round(inMs / 1000);
  if (seconds >= EPOCH_SECONDS.min && seconds <= EPOCH_SECONDS.max) return seconds;
  throw invalidInput(`"${name}" lies outside of the controller's time.`, 'powercontrollerTimeOutside', {
    name,
  });
}
