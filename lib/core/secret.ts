import { createHash, timingSafeEqual } from 'node:crypto';

/** Whether what came from outside is the secret. */
export type SecretCheck = (given: string) => boolean;

/** Makes a check that takes a time that tells nothing about how much of what was given was right. */
export function secretCheck(expected: string): SecretCheck {
  // Digests have one length, which timingSafeEqual needs, and hide that of the secret.
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  const wanted = digest(expected);
  return (given) => timingSafeEqual(digest(given), wanted);
}
