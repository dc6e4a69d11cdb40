import { trimmed } from '../../lib/core/given';

/**
 * A text from a flow file that is shown or compared; anything else is empty. What is used as an address, a key or an
 * identifier is read by `givenText`.
 */
export function settingText(value: unknown): string {
  return trimmed(value);
}
