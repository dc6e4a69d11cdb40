import { invalidInput } from '../core/errors';
import { isRecord, toNumber } from '../core/values';
import type { Wait } from './step';

/** Ports 0 to 11. */
export const PORTS = 12;

const MOST_STEPS = 50;
const MOST_HOSTS = 20;
/** characters */
const LONGEST_HOST = 100;
const LONGEST_TEXT = 500;
/** s */
const LONGEST_DELAY = 86_400;
/** V */
const HIGHEST_VOLTAGE = 1000;

/** One row of the table, checked. */
export interface PlanStep {
  /** as the table has it, from 1 */
  number: number;
  /** due so many s after the mains were lost; `null`: not by time */
  after: number | null;
  /** due with a battery below this voltage; `null`: not by it */
  below: number | null;
  /** due with a low battery */
  low: boolean;
  action: 'off' | 'message';
  /** of an action `off`; for a message, whose hosts it is about, if anybody's */
  port: number | null;
  /** of a message */
  text: string;
  wait: Wait;
  /** s; of `time` the wait itself, of `hosts` and `reply` its longest */
  seconds: number;
  /** the same step after a change of the table, and over a restart */
  key: string;
}

export interface PlanSettings {
  /** as they are worked off: ports that the plan itself needs last */
  steps: readonly PlanStep[];
  /** by port: addresses and users of its hosts */
  hosts: ReadonlyMap<number, readonly string[]>;
  /** ports of the network and of this machine */
  needed: ReadonlySet<number>;
  /** which supplies have to be on battery */
  supplies: 'all' | 'any';
  /** s from the last host's end to the cut */
  finish: number;
  /** W; a port that draws less has finished; `null`: only time tells */
  offBelow: number | null;
  /** s of mains before anything comes back */
  stable: number;
  /** s of charging before anything comes back */
  charge: number;
  /** V that the battery must exceed before anything comes back; `null`: any that is not low */
  restoreVoltage: number | null;
  /** s between two ports */
  pause: number;
  /** which port comes back first: the one that was cut last, or the first one */
  order: 'reverse' | 'same';
}

type Fields = Record<string, unknown>;

const wrong = (reason: string, row: number, text: string) =>
  invalidInput(`Step ${row}: ${text}`, reason, { row });

function isBlank(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
}

/** @returns `null` where nothing is given; `NaN` for what is no number within the limits */
function numberIn(value: unknown, min: number, max: number): number | null {
  if (isBlank(value)) return null;
  const number = typeof value === 'number' || typeof value === 'string' ? toNumber(value) : null;
  return number !== null && number >= min && number <= max ? number : NaN;
}

function portIn(value: unknown): number | null {
  const port = numberIn(value, 0, PORTS - 1);
  return port !== null && !Number.isInteger(port) ? NaN : port;
}

/** What may be listed as a host: an address or a user, without blanks or separators. */
const hostsIn = (value: unknown): string[] =>
  typeof value === 'string'
    ? value
        .split(/[\s,;]/)
        .map((one) => one.trim())
        .filter((one) => one !== '')
    : [];

const WAITS: readonly unknown[] = ['none', 'time', 'hosts', 'reply'];

/**
 * Reads the table and what belongs to it. A wrong row is no row less: the plan as a whole is refused, since half of one
 * would cut ports that something waits for.
 *
 * @param rows of the dialog's table
 * @throws DeviceError INVALID_INPUT, with the row
 */
export function readSteps(
  rows: unknown,
  needed: ReadonlySet<number>,
): Pick<PlanSettings, 'steps' | 'hosts' | 'needed'> {
  if (!Array.isArray(rows) || rows.length === 0) {
    throw invalidInput('The plan has no steps.', 'powersentrixOutageNoSteps');
  }
  if (rows.length > MOST_STEPS) {
    throw invalidInput(`A plan has at most ${MOST_STEPS} steps.`, 'powersentrixOutageTooManySteps', {
      max: MOST_STEPS,
    });
  }
  const hosts = new Map<number, string[]>();
  const texts = new Map<string, number>();
  const steps = rows.map((row: unknown, index) => {
    const number = index + 1;
    if (!isRecord(row)) throw wrong('powersentrixOutageRow', number, 'it cannot be read.');
    const step = readStep(row, number);
    const listed = hostsIn(row.hosts);
    checkHosts(row.hosts, listed, step, number);
    if (step.port !== null && listed.length > 0) {
      hosts.set(step.port, [...new Set([...(hosts.get(step.port) ?? []), ...listed])]);
    }
    const times = texts.get(step.key) ?? 0;
    texts.set(step.key, times + 1);
    // Two messages may be the same; a port can be cut once.
    if (times > 0 && step.action === 'off')
      throw wrong('powersentrixOutagePortTwice', number, 'its port is cut by another step.');
    return times > 0 ? { ...step, key: `${step.key}#${times}` } : step;
  });
  for (const { action, wait, port, number } of steps) {
    const isAwaited = steps.some((one) => one.port === port && one.wait === 'hosts' && one.number < number);
    if (action === 'off' && wait === 'none' && port !== null && hosts.has(port) && !isAwaited) {
      throw wrong(
        'powersentrixOutageHostsIgnored',
        number,
        'hosts are listed for its port, and nothing waits for them.',
      );
    }
    if (wait === 'hosts' && (port === null || !hosts.has(port))) {
      throw wrong(
        'powersentrixOutageNoHosts',
        number,
        'it waits for hosts, and none are listed for its port.',
      );
    }
  }
  const isNeeded = ({ action, port }: PlanStep): boolean =>
    action === 'off' && port !== null && needed.has(port);
  const ordered = [...steps.filter((one) => !isNeeded(one)), ...steps.filter(isNeeded)];
  return { steps: ordered, hosts, needed };
}

function readStep(row: Fields, number: number): PlanStep {
  const after = numberIn(row.after, 0, LONGEST_DELAY);
  const below = numberIn(row.below, 1, HIGHEST_VOLTAGE);
  if (Number.isNaN(after))
    throw wrong('powersentrixOutageAfter', number, 'the seconds on battery are no number in range.');
  if (Number.isNaN(below))
    throw wrong('powersentrixOutageBelow', number, 'the voltage is no number in range.');
  if (row.low !== undefined && typeof row.low !== 'boolean')
    throw wrong('powersentrixOutageRow', number, 'it cannot be read.');
  const low = row.low === true;
  if (after === null && below === null && !low)
    throw wrong('powersentrixOutageNoTrigger', number, 'nothing makes it due.');
  const { action } = row;
  if (action !== 'off' && action !== 'message')
    throw wrong('powersentrixOutageAction', number, 'its action is none.');
  const port = portIn(row.port);
  if (Number.isNaN(port) || (action === 'off' && port === null)) {
    throw wrong('powersentrixOutagePort', number, 'its port must be a whole number from 0 to 11.');
  }
  const text = typeof row.text === 'string' ? row.text.trim() : '';
  if (action === 'message' && (text === '' || text.length > LONGEST_TEXT)) {
    throw wrong(
      'powersentrixOutageText',
      number,
      `its message needs a text of at most ${LONGEST_TEXT} characters.`,
    );
  }
  const wait = isBlank(row.wait) ? 'none' : row.wait;
  if (!WAITS.includes(wait))
    throw wrong('powersentrixOutageWait', number, 'what it waits for is none of the choices.');
  const seconds = numberIn(row.seconds, 1, LONGEST_DELAY);
  if (wait !== 'none' && (seconds === null || Number.isNaN(seconds))) {
    throw wrong('powersentrixOutageSeconds', number, 'the seconds that it waits are no number in range.');
  }
  return {
    ...{ number, after, below, low, action, port, wait: wait as Wait },
    text: action === 'message' ? text : '',
    seconds: wait === 'none' ? 0 : (seconds ?? 0),
    key: action === 'off' ? `off ${port}` : `message ${port ?? ''} ${text}`,
  };
}

function checkHosts(given: unknown, listed: readonly string[], { port }: PlanStep, number: number): void {
  const unread = !isBlank(given) && typeof given !== 'string';
  if (unread || listed.length > MOST_HOSTS || listed.some((one) => one.length > LONGEST_HOST)) {
    throw wrong(
      'powersentrixOutageHosts',
      number,
      `it lists at most ${MOST_HOSTS} hosts, by address or user.`,
    );
  }
  if (listed.length > 0 && port === null)
    throw wrong('powersentrixOutageHostsPort', number, 'hosts are listed without a port.');
}

/**
 * Reads a list of ports, such as `0, 1`.
 *
 * @throws DeviceError INVALID_INPUT
 */
export function readPorts(text: string): ReadonlySet<number> {
  const ports = hostsIn(text).map(portIn);
  if (ports.some((port) => port === null || Number.isNaN(port))) {
    throw invalidInput('The needed ports must be whole numbers from 0 to 11.', 'powersentrixOutageNeeded');
  }
  return new Set(ports.filter((port) => port !== null));
}
