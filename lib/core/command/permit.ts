import type { DeviceError } from '../errors';

/**
 * What a command needs besides its message where several processes could give it: the word of all that it begins here and
 * nowhere else, and a last look before it leaves.
 */
export interface Permit {
  /**
   * Writes down, before the command leaves, that it begins, and what it leads to.
   *
   * @param goal such as `on`, from a fresh reading; empty: it has none
   * @returns the goal that counts: another one has begun it before, and this goes on with it
   * @throws DeviceError with `sent: false` when it may not begin here
   */
  begin(goal: string): Promise<string>;
  /** Why what is about to leave may not leave any more; asked when the connection stands. */
  refusal(): DeviceError | undefined;
}

const PERMIT = Symbol('permit');

interface Carrier extends AbortSignal {
  [PERMIT]?: Permit;
}

/** Gives a command's signal its permit: the signal goes wherever the command goes. */
export function withPermit(signal: AbortSignal, permit: Permit): AbortSignal {
  (signal as Carrier)[PERMIT] = permit;
  return signal;
}

export function permitOf(signal: AbortSignal | undefined): Permit | undefined {
  return (signal as Carrier | undefined)?.[PERMIT];
}
