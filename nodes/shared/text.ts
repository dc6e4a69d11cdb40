import type { Node, NodeAPI } from 'node-red';

import type { Notice } from '../../lib/core/notices';
import { DeviceError, type ErrorCode, type ErrorParams, toDeviceError } from '../../lib/core/errors';

/** A catalogue writes the place of a value as `__name__`. */
const PLACEHOLDER = /__(\w{1,40}?)__/g;

/** A key of a catalogue: names, with dots between them. */
export const CATALOGUE_KEY = /^[\w-]{1,60}(?:\.[\w-]{1,60}){0,4}$/;

/**
 * Fills a text's placeholders. Values come from devices and other people: the catalogue's own mechanism would take what
 * looks like an expression in them for one, and evaluate it.
 */
export function fillText(template: string, params: ErrorParams): string {
  return template.replace(PLACEHOLDER, (all, name: string) =>
    Object.hasOwn(params, name) ? String(params[name]) : all,
  );
}

/**
 * Looks up a text in the node set's catalogue; `fallback` where there is none. The one place that fills a text's
 * placeholders in the runtime.
 *
 * @param key written by us, never a part of what came from outside
 */
export function translate(RED: NodeAPI, key: string, params: ErrorParams = {}, fallback = key): string {
  // A key that is none of ours would be evaluated like a text that holds it.
  if (!CATALOGUE_KEY.test(key)) return fallback;
  const text: unknown = RED._(key, { skipInterpolation: 1 });
  return typeof text === 'string' && text !== '' && !text.endsWith(key)
    ? fillText(text, params).trim()
    : fallback;
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
