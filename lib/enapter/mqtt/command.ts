import { isUtf8 } from 'node:buffer';

import { DEEPEST, parseForeignJson } from '../../core/json/parse';
import { isRecord } from '../../core/values';
import { faultInJson } from '../../core/json/untrusted';

/** A command that the EMS sent to this device. */
export interface Command {
  id: string;
  name: string;
  arguments: Record<string, unknown>;
}

export type CommandState = 'completed' | 'error' | 'log';

/** What goes back to the EMS. */
export interface CommandResponse {
  id: string;
  state: CommandState;
  payload: Record<string, unknown>;
}

/** Why a body of the command topic is no command. */
export type JunkDetail = 'tooLong' | 'notUtf8' | 'notJson' | 'noId';

/** What a body turned out to be. */
export type ReadCommand =
  | { command: Command }
  /** there is an id, so the EMS waits for a response */
  | { malformed: string }
  | { junk: JunkDetail };

/** Bytes of the longest body that is looked at; the SDK's are some hundred. */
export const LONGEST_COMMAND = 256 * 1024;
/** Characters of an id and of a name: both are remembered. */
export const LONGEST_NAME = 200;

function parse(body: Buffer): unknown {
  try {
    // A bare nan is no value that somebody can have meant.
    return parseForeignJson(body, { strict: true });
  } catch {
    return undefined;
  }
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= LONGEST_NAME;
}

/** Reads a body of the command topic. Whatever it is, this does not throw. */
export function readCommand(body: Buffer): ReadCommand {
  if (body.length > LONGEST_COMMAND) return { junk: 'tooLong' };
  // Node.js would put another character in place of what is none, and the device would be asked for something else.
  if (!isUtf8(body)) return { junk: 'notUtf8' };
  const parsed = parse(body);
  if (parsed === undefined) return { junk: 'notJson' };
  if (!isRecord(parsed) || !isName(parsed.id)) return { junk: 'noId' };
  const { id, name } = parsed;
  if (faultInJson(parsed, { depth: DEEPEST }) !== undefined) return { malformed: id };
  const args = parsed.arguments ?? {};
  if (!isName(name) || !isRecord(args)) return { malformed: id };
  return { command: { id, name, arguments: args } };
}
