import type { Node, NodeAPI } from 'node-red';

import type { Notice } from '../../lib/core/notices';
import { DeviceError, type ErrorCode, type ErrorParams, toDeviceError } from '../../lib/core/errors';
import { SHARED_TEXTS } from './version';
import { isCaught } from './watchers';

/** A catalogue writes the place of a value as `__name__`. */
const PLACEHOLDER = /__(\w{1,40}?)__/g;

/** A key of a catalogue: names, with dots between them. */
export const CATALOGUE_KEY = /^[\w-]{1,60}(?:\.[\w-]{1,60}){0,4}$/;

/**
 * Fills a text's placeholders. Values come from devices and other people: the catalogue's own mechanism would take what
 * looks like an expression in them for one, and evaluate it.
 */
function fillText(template: string, params: ErrorParams): string {
  return template.replace(PLACEHOLDER, (all, name: string) =>
    Object.hasOwn(params, name) ? String(params[name]) : all,
  );
}

/**
 * Looks up a text in the node set's catalogue, and in that of all; `fallback` where there is none. The one place that fills a text's
 * placeholders in the runtime.
 *
 * @param key written by us, never a part of what came from outside
 */
export function translate(RED: NodeAPI, key: string, params: ErrorParams = {}, fallback = key): string {
  // A key that is none of ours would be evaluated like a text that holds it.
  if (!CATALOGUE_KEY.test(key)) return fallback;
  for (const place of [key, `${SHARED_TEXTS}:${key}`]) {
    const text: unknown = RED._(place, { skipInterpolation: 1 });
    if (typeof text === 'string' && text !== '' && !text.endsWith(key)) return fillText(text, params).trim();
  }
  return fallback;
}

/** The text of an oddity that `Notices` tells. */
export function noticeText(RED: NodeAPI, { reason, params }: Notice): string {
  return translate(RED, `notice.${reason}`, params, `${reason} ${JSON.stringify(params ?? {})}`);
}

/** An error's text in the runtime's language. */
export function errorText(RED: NodeAPI, error: DeviceError): string {
  return translate(RED, `errors.${error.reason}`, error.params, error.message);
}

/**
 * What goes to `done`: a plain error with text and `code`. Catch copies an error's own properties into a message, so
 * there are no others.
 */
export class NodeError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }

  /** Catch shows `String(error)`; a leading "Error: " would be noise. */
  override toString(): string {
    return this.message;
  }
}

/** Translates anything thrown into what `done` takes. A fault of our own is logged with its stack as well. */
export function nodeError(RED: NodeAPI, node: Node, thrown: unknown): NodeError {
  const error = toDeviceError(thrown);
  if (!(thrown instanceof DeviceError) && thrown instanceof Error) node.debug(thrown.stack ?? thrown.message);
  return new NodeError(error.code, errorText(RED, error));
}

/** Characters of an error's text that the debug sidebar shows without cutting it off. */
const LONGEST_SHOWN = 150;

/** A text in the length that people see at once: whole sentences, else whole words. */
function shortened(text: string): string {
  if (text.length <= LONGEST_SHOWN) return text;
  const start = text.slice(0, LONGEST_SHOWN - 2);
  const sentence = start.lastIndexOf('. ') + 1;
  const end = sentence > LONGEST_SHOWN / 3 ? sentence : Math.max(start.lastIndexOf(' '), 1);
  return `${start.slice(0, end).trimEnd()} …`;
}

/**
 * What `done` and `node.error` take for an error: where a Catch node hears of it, the error with its code, else its text
 * alone. The debug sidebar shows an error as a folded object and a text as a whole. What is cut off goes to the log at
 * level debug.
 */
export function toldError(RED: NodeAPI, node: Node, error: NodeError): NodeError | string {
  if (isCaught(RED, node)) return error;
  const text = shortened(error.message);
  if (text !== error.message) node.debug(error.message);
  return text;
}
