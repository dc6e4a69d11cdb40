import { type Clock, systemClock } from '../../lib/core/clock';
import { withDeadline } from '../../lib/core/command/deadline';

/** ms after which a context store that does not answer is taken for one that fails */
export const PATIENCE = 10_000;

type Answer = (error: Error | null | undefined, value?: unknown) => void;

/**
 * Asks a context store, which may answer at once, later, by throwing or never.
 *
 * @param signal ends the waiting
 * @throws what the store fails with; DeviceError TIMEOUT where it stays silent, CANCELLED
 */
export function askStore(
  ask: (answer: Answer) => void,
  signal: AbortSignal = new AbortController().signal,
  clock: Clock = systemClock,
): Promise<unknown> {
  return withDeadline(
    clock,
    PATIENCE,
    signal,
    () =>
      new Promise((resolve, reject) => {
        ask((error, value) => {
          if (error) reject(error);
          else resolve(value);
        });
      }),
  );
}
