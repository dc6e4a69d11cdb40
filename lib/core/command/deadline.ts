import type { Clock } from '../clock';
import { cancelled, DeviceError } from '../errors';

/**
 * Runs work that has to end in time, whatever it waits for: several requests, a sign-in that others share.
 *
 * @param signal cancels the work
 * @param work is given a signal that also aborts when the time is over; what it gives after that is dropped
 * @throws what `work` throws; DeviceError TIMEOUT when the time is over, CANCELLED when `signal` aborts
 */
export async function withDeadline<T>(
  clock: Clock,
  ms: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (signal.aborted) throw cancelled(false);
  const over = new AbortController();
  let stop = (): void => undefined;
  const end = new Promise<never>((_, reject) => {
    const finish = (error: DeviceError): void => {
      reject(error);
      over.abort();
    };
    const onAbort = (): void => finish(cancelled());
    signal.addEventListener('abort', onAbort, { once: true });
    const seconds = ms / 1000;
    const cancelTimer = clock.after(ms, () =>
      finish(new DeviceError('TIMEOUT', `No complete answer within ${seconds} s.`, { params: { seconds } })),
    );
    stop = () => {
      cancelTimer();
      signal.removeEventListener('abort', onAbort);
    };
  });
  try {
    return await Promise.race([work(over.signal), end]);
  } finally {
    stop();
  }
}
