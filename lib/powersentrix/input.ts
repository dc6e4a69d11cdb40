import { invalidInput } from '../core/errors';
import { Fields, refusedPayload } from '../core/input';
import { isRecord } from '../core/values';
import { PORT_COUNT } from './status';

const PORT_ACTIONS = ['on', 'off', 'toggle', 'restart', 'describe'] as const;
export type PortAction = (typeof PORT_ACTIONS)[number];

/** A checked command for one port. */
export type PortCommand =
  | { port: number; action: Exclude<PortAction, 'describe'> }
  | { port: number; action: 'describe'; description: string };

/** What a node fixes for every message; `undefined`: the message says. */
export interface PortDefaults {
  port?: unknown;
  action?: PortAction | undefined;
}

const LONGEST_DESCRIPTION = 128;

/**
 * Reads a port number: 0–11, as a number or its decimal digits.
 *
 * @throws DeviceError INVALID_INPUT
 */
function parsePort(value: unknown): number {
  const digits = typeof value === 'string' && /^\d{1,2}$/.test(value.trim());
  const port = digits ? Number(value) : value;
  if (typeof port === 'number' && Number.isInteger(port) && port >= 0 && port < PORT_COUNT) return port;
  throw invalidInput('The port must be a whole number from 0 to 11.', 'powersentrixPortInvalid');
}

function parseAction(value: unknown): PortAction {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  const word = typeof value === 'string' ? value.trim().toLowerCase() : '';
  const action = PORT_ACTIONS.find((one) => one === word);
  if (action) return action;
  throw refusedPayload(
    value,
    invalidInput('The action must be on, off, toggle, restart or describe.', 'powersentrixActionInvalid'),
  );
}

function parseDescription(value: unknown): string {
  if (typeof value !== 'string' || value.trim() === '' || /\p{Cc}/u.test(value)) {
    throw refusedPayload(
      value,
      invalidInput(
        'The description must be a text without control characters.',
        'powersentrixDescriptionInvalid',
      ),
    );
  }
  const length = Array.from(value).length;
  if (length > LONGEST_DESCRIPTION) {
    throw invalidInput(
      `The description has ${length} characters; the UPS takes at most ${LONGEST_DESCRIPTION}.`,
      'powersentrixDescriptionTooLong',
      { length, limit: LONGEST_DESCRIPTION },
    );
  }
  return value;
}

const has = (value: unknown): boolean => value !== undefined && value !== '';

/**
 * Makes a command of a message.
 *
 * A port or an action that the node fixes counts; a message that names another port is refused, since it was meant
 * for another one.
 *
 * @param payload `true`, `false`, an action's name, or `{ port, action, description? }`
 * @param messagePort `msg.port`, for a payload that is no object
 * @throws DeviceError INVALID_INPUT; nothing has been sent then
 */
export function portCommand(payload: unknown, messagePort: unknown, fixed: PortDefaults): PortCommand {
  const given = isRecord(payload) ? payload : { action: payload, description: payload };
  const fields = new Fields(given, 'payload');
  const asked = fields.has('port') ? fields.get('port') : messagePort;
  const port = parsePort(has(fixed.port) ? fixed.port : asked);
  if (has(fixed.port) && asked !== undefined && parsePort(asked) !== port) {
    throw invalidInput(
      'The message names another port than this node is set to.',
      'powersentrixPortContradiction',
    );
  }
  const action = fixed.action ?? fields.read('action', parseAction);
  if (action !== 'describe') return { port, action };
  return { port, action, description: fields.read('description', parseDescription) };
}
