import { invalidInput } from '../core/errors';
import { Fields, refusedPayload } from '../core/input';
import { isRecord } from '../core/values';
import { configurationBody, epochSeconds, SECONDS, SECTIONS } from './configuration';

/** Everything that can be asked of a controller or its account. */
export const COMMANDS = [
  'on',
  'off',
  'on_for',
  'off_for',
  'on_at',
  'off_at',
  'limit_power',
  'refresh',
  'reset',
  'configure',
  'add',
] as const;

export type CommandName = (typeof COMMANDS)[number];

/** Which key `on_for` and `off_for` send: `time` as first documented, `delay` as documented later. Never both. */
export type DurationKey = 'time' | 'delay';

/** A command that was checked, and the request that carries it out. */
export interface CommandRequest {
  command: CommandName;
  method: 'POST' | 'PUT';
  /** what follows `/devices`, or, for a device, `/devices/{id}` */
  path: string;
  /** `false` for a request that concerns the account, not one device */
  forDevice: boolean;
  json?: Record<string, unknown>;
  /** Asked to answer at once, and to reach the device when it is there. */
  async: boolean;
  /** The state that an immediate `on` or `off` leads to; `null` for everything else. */
  switchesTo: boolean | null;
}

/** The properties of each command besides `command`. */
const PROPERTIES: Readonly<Record<CommandName, readonly string[]>> = {
  on: ['delay', 'async', 'persist'],
  off: ['delay', 'async', 'persist'],
  on_for: ['time', 'async', 'persist'],
  off_for: ['time', 'async', 'persist'],
  on_at: ['time', 'async', 'persist'],
  off_at: ['time', 'async', 'persist'],
  limit_power: ['power', 'time', 'async', 'persist'],
  reset: ['async', 'persist'],
  refresh: ['async'],
  configure: [...SECTIONS, 'async'],
  add: ['sn', 'country'],
};

/**
 * Reads a command as flows give it and makes the vendor's request of it.
 *
 * @param input `true`, `false`, `"on"`, `"off"`, the name of a command without parameters, or
 *   `{ command, delay? (s), time? (s; for on_at/off_at a moment), power? (Wh), async?, persist?, … }`
 * @throws DeviceError INVALID_INPUT; nothing is sent
 */
export function commandRequest(input: unknown, durationKey: DurationKey = 'time'): CommandRequest {
  const given = isRecord(input) ? input : { command: shorthand(input) };
  const command = COMMANDS.find((name) => name === given.command);
  if (!command) {
    const choices = COMMANDS.join(', ');
    throw refusedPayload(
      input,
      invalidInput(`The command must be one of ${choices}.`, 'powercontrollerCommandUnknown', { choices }),
    );
  }
  const fields = new Fields(given, command, ['command', ...PROPERTIES[command]]);
  const later = fields.optionalFlag('async') ?? false;
  const common = { command, async: later, forDevice: true, switchesTo: null };
  switch (command) {
    case 'add':
      return { ...common, method: 'POST', path: '', forDevice: false, json: registration(fields) };
    case 'refresh':
      return { ...common, method: 'POST', path: '/status' };
    case 'configure':
      return { ...common, method: 'PUT', path: '', json: configurationBody(fields) };
    default: {
      const parameters = parametersOf(command, fields, durationKey);
      const json = { command: { name: command, ...parameters, ...persistence(fields, later) } };
      const switchesTo =
        (command === 'on' || command === 'off') && parameters.delay === undefined ? command === 'on' : null;
      return { ...common, method: 'POST', path: '/command', json, switchesTo };
    }
  }
}

function shorthand(input: unknown): unknown {
  if (typeof input === 'boolean') return input ? 'on' : 'off';
  return typeof input === 'string' ? input.trim().toLowerCase() : undefined;
}

function parametersOf(
  command: CommandName,
  fields: Fields,
  durationKey: DurationKey,
): Record<string, number> {
  const duration = (): number => fields.number('time', { min: 1, ...SECONDS });
  switch (command) {
    case 'on':
    case 'off': {
      const delay = fields.optionalNumber('delay', { min: 0, ...SECONDS });
      return delay ? { delay } : {};
    }
    case 'on_for':
    case 'off_for':
      return { [durationKey]: duration() };
    case 'on_at':
    case 'off_at':
      return { time: epochSeconds(fields, 'time') };
    case 'limit_power':
      return { power: fields.number('power', { above: 0 }), time: duration() };
    default:
      return {};
  }
}

/** `persist: false` tells the cloud to try a command once; it has a meaning only for one that may wait. */
function persistence(fields: Fields, later: boolean): Record<string, boolean> {
  const persist = fields.optionalFlag('persist');
  if (persist !== undefined && !later) {
    throw invalidInput('"persist" needs "async": true.', 'powercontrollerPersistNeedsAsync');
  }
  return persist === false ? { persist } : {};
}

function registration(fields: Fields): Record<string, unknown> {
  return {
    sn: fields.text('sn', /^[\w-]{1,64}$/),
    country: fields.text('country', /^[A-Za-z]{2}$/).toUpperCase(),
  };
}
