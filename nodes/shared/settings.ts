import type { Node, NodeAPI } from 'node-red';

import { trimmed } from '../../lib/core/given';
import { toNumber } from '../../lib/core/units';
import { translate } from './text';

/**
 * A number from a flow file, where it may be a text, an environment variable's text, or missing.
 *
 * @param min lower values are raised to it
 * @param fallback for anything that is no number
 * @param onUnreadable hears of a value that is there but is no number, e.g. from an environment variable
 */
export function settingNumber(
  value: unknown,
  fallback: number,
  min: number,
  onUnreadable?: (value: string) => void,
): number {
  const parsed = toNumber(value);
  if (parsed === null && value !== undefined && value !== null && value !== '')
    onUnreadable?.(typeof value === 'string' ? value : typeof value);
  return parsed === null ? fallback : Math.max(parsed, min);
}

/** Reads the numbers of a node's settings as `settingNumber` does, and tells the log of what is there and unreadable. */
export function numberReader(
  RED: NodeAPI,
  node: Node,
): (value: unknown, fallback: number, min: number) => number {
  return (value, fallback, min) =>
    settingNumber(value, fallback, min, (text) =>
      node.warn(translate(RED, 'log.settingUnreadable', { value: text })),
    );
}

/**
 * A text from a flow file that is shown or compared; anything else is empty. What is used as an address, a key or an
 * identifier is read by `givenText`.
 */
export function settingText(value: unknown): string {
  return trimmed(value);
}
