import { timingSafeEqual } from 'node:crypto';

/** Whether what came from outside is the secret. */
export type SecretCheck = (given: string) => boolean;

/** Makes a check that takes a time that tells nothing about how much of what was given was right. */
export function secretCheck(expected: string): SecretCheck {
  const wanted = Buffer.from(expected);
  return (given) => {
    // timingSafeEqual needs one length, whatever was given.
    const compared = Buffer.alloc(wanted.length);
    compared.write(given);
    return timingSafeEqual(compared, wanted) && Buffer.byteLength(given) === wanted.length;
  };
}
