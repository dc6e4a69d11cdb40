/** The passage of time, injected so that tests decide it. */
export interface Clock {
  /** Wall clock, epoch milliseconds. Only for times that are shown. */
  now(): number;
  /** Milliseconds that never jump: for intervals and waits. They may stand still while the host sleeps: ages are `Aging`'s. */
  monotonic(): number;
  /** Calls `fn` once after `ms`; the result cancels it. */
  after(ms: number, fn: () => void): () => void;
  /** 0 ≤ x < 1. */
  random(): number;
}

/** Longest delay `setTimeout` takes without firing at once. */
const MAX_TIMEOUT = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, fn) {
    const timer = setTimeout(fn, Math.min(Math.max(ms, 0), MAX_TIMEOUT));
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
};

/**
 * Resolves after `ms`, or as soon as `signal` aborts. It never rejects: the caller looks at the signal.
 */
export function delay(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) {
      resolve();
      return;
    }
    const finish = (): void => {
      cancel();
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const cancel = clock.after(ms, finish);
    signal?.addEventListener('abort', finish, { once: true });
  });
}
