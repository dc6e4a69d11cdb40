import type { Node } from 'node-red';

import { invalidInput } from '../../lib/core/errors';
import type { ConfigTools } from './config-node';

/** A shorter secret, such as the word `null`, may stand in an identity by chance. */
const MIN_SECRET = 6;

/**
 * What a device that tells no id of its own is known by, see identity.form.ts: the setting, else its node's id. Whoever reads
 * a message or a topic sees it, and another node of the same is told in the log.
 *
 * @param given the setting `deviceUid`
 * @param secrets what it must not hold
 * @throws DeviceError INVALID_INPUT `deviceUidSecret`
 */
export function deviceUid(
  node: Node,
  tools: Pick<ConfigTools, 'claim' | 'warn'>,
  given: string,
  secrets: readonly string[],
): string {
  const uid = given || node.id;
  const seen = uid.toLowerCase();
  if (secrets.some((secret) => secret.length >= MIN_SECRET && seen.includes(secret.toLowerCase()))) {
    throw invalidInput(
      'The identity holds the API key, which everybody would see in messages. Enter another one.',
      'deviceUidSecret',
    );
  }
  if (!tools.claim(`uid ${uid}`, undefined)) tools.warn('deviceUidTwice', { uid });
  return uid;
}
