import type { Node, NodeAPI } from 'node-red';

import { DeviceError, type ErrorCode, type ErrorParams, toDeviceError } from '../../lib/core/errors';

/** Looks up a text in the node set's catalogue; `fallback` where there is none. */
export function translate(RED: NodeAPI, key: string, params: ErrorParams, fallback: string): string {
  const text: unknown = RED._(key, { ...params });
  return typeof text === 'string' && text !== '' && !text.endsWith(key) ? text.trim() : fallback;
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
