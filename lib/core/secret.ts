import { createHash, timingSafeEqual } from 'node:crypto';

/** Compares a secret that came from outside in a time that tells nothing about how much of it was right. */
export function sameSecret(given: string, expected: string): boolean {
  // Digests have one length, which timingSafeEqual needs, and hide that of the secret.
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
