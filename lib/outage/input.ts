import { invalidInput } from '../core/errors';
import { isRecord } from '../core/values';
import type { PortAnswer } from './ports';
import { isPort, type UpsView, viewOf, viewOfEvent } from './reading';
import type { PlanSettings } from './settings';

/** What a message means to a plan. */
export type PlanInput =
  | { kind: 'test' }
  | { kind: 'availability'; available: boolean }
  | { kind: 'answer'; answer: PortAnswer }
  /** `to`: key of a message, or number of a step */
  | { kind: 'reply'; to: string | number }
  | { kind: 'view'; view: UpsView; isReading: boolean }
  /** an event that says nothing about a plan */
  | { kind: 'nothing' };

/** What goes with each message of a plan, and comes back with the answer to it. */
export interface Tag {
  kind: 'command' | 'message';
  key: string;
  /** the row of the table; `null`: none names the port any more */
  step: number | null;
  port: number | null;
}

/** characters of a key that is looked at */
const LONGEST_KEY = 200;

const keyIn = (value: unknown): string | undefined =>
  typeof value === 'string' && value.length <= LONGEST_KEY ? value : undefined;
const flagIn = (value: unknown): boolean | null => (typeof value === 'boolean' ? value : null);

function unknownInput() {
  return invalidInput(
    'The message is neither a status or an event of a UPS, nor an answer to this plan.',
    'powersentrixOutageInput',
  );
}

/**
 * Reads a message.
 *
 * @param rule which supplies have to be on battery
 * @throws DeviceError INVALID_INPUT; nothing has changed then
 */
export function planInput(msg: Readonly<Record<string, unknown>>, rule: PlanSettings['supplies']): PlanInput {
  const payload = isRecord(msg.payload) ? msg.payload : {};
  if (payload.test === true) return { kind: 'test' };
  const tag = isRecord(msg.outage) ? msg.outage : {};
  const key = keyIn(tag.key);
  if (tag.kind === 'message' && key !== undefined) return { kind: 'reply', to: key };
  if (typeof payload.reply === 'string' || typeof payload.reply === 'number') {
    return { kind: 'reply', to: payload.reply };
  }
  if (typeof payload.available === 'boolean') return { kind: 'availability', available: payload.available };
  const answer = answerIn(msg, payload, key);
  if (answer) return { kind: 'answer', answer };
  if (tag.kind === 'command') throw unknownInput();
  // What else a node for ports has done: a restart, another name.
  if (isPort(payload.port) && typeof payload.verified === 'boolean') return { kind: 'nothing' };
  if (typeof payload.event === 'string') {
    const view = viewOfEvent(payload, rule);
    return view ? { kind: 'view', view, isReading: false } : { kind: 'nothing' };
  }
  const view = viewOf(payload, rule);
  if (!view) throw unknownInput();
  return { kind: 'view', view, isReading: true };
}

/** What `ups-port` sends, or a Catch node in its place. */
function answerIn(
  msg: Readonly<Record<string, unknown>>,
  payload: Readonly<Record<string, unknown>>,
  key: string | undefined,
): PortAnswer | undefined {
  const { port, action } = payload;
  if (!isPort(port) || (action !== 'on' && action !== 'off')) return undefined;
  if (isRecord(msg.error)) {
    return { key, port, on: null, changed: null, code: keyIn(msg.error.code) };
  }
  const on = flagIn(payload.on);
  return on === null ? undefined : { key, port, on, changed: flagIn(payload.changed), code: undefined };
}
