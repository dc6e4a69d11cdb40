import type { Push } from './push';
import type { Registration } from './registry';

/** A push with what was known of its UPS then. */
export type TakenPush = readonly [push: Push, registration: Registration];

/** Hears what a UPS pushes. */
export type PushHandler = (push: Push, registration: Registration) => void;

/** Pushes that wait for those before them. */
const MOST_WAITING = 1000;

/**
 * Hears the pushes that came while nobody listened before those that come now, each once.
 *
 * @param missed oldest first; may hold what comes now as well
 * @returns hears those that come now, and ends
 */
export function afterMissed(
  handler: PushHandler,
  missed: () => Promise<readonly TakenPush[]>,
  failed: (thrown: unknown) => void,
): { hear: PushHandler; end: () => void } {
  let waiting: TakenPush[] | undefined = [];
  let ended = false;
  const tell = (pushes: readonly TakenPush[]): void => {
    for (const taken of pushes) {
      try {
        if (!ended) handler(...taken);
      } catch (thrown) {
        failed(thrown);
      }
    }
  };
  missed()
    .catch((thrown: unknown) => {
      failed(thrown);
      return [];
    })
    .then((before) => {
      const known = new Set(before.map(([{ id }]) => id));
      const now = (waiting ?? []).filter(([{ id }]) => id === undefined || !known.has(id));
      waiting = undefined;
      tell([...before, ...now]);
    })
    .catch(failed);
  return {
    hear: (push, registration) => {
      if (!waiting) handler(push, registration);
      else if (waiting.length < MOST_WAITING) waiting.push([push, registration]);
    },
    end: () => {
      ended = true;
    },
  };
}
