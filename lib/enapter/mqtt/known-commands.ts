import { isRecord, toNumber } from '../../core/values';
import { type CommandResponse, LONGEST_NAME } from './command';

/** A command as whoever speaks for the device next has to know it; plain data. */
export interface StoredCommand {
  id: string;
  /** when it came, epoch ms */
  at: number;
  /** how it ended; missing: it was begun */
  state?: 'completed' | 'error';
  /** missing: it was long */
  payload?: Record<string, unknown>;
}

/** Commands that are kept at the most, and for how long: nobody sends one again after a day. */
const MOST = 500;
const KEPT_FOR = 24 * 3_600_000;
/** characters of one response's payload, and of all */
const LONGEST_PAYLOAD = 2000;
const LONGEST_PAYLOADS = 100_000;

interface Known {
  at: number;
  response?: CommandResponse;
}

/** @param known oldest first; @param now epoch ms */
export function storedOf(known: Iterable<[id: string, Known]>, now: number): StoredCommand[] {
  const newest = [...known].filter(([, { at }]) => now - at < KEPT_FOR).slice(-MOST);
  let left = LONGEST_PAYLOADS;
  // The newest ones keep their words.
  return newest
    .reverse()
    .map(([id, { at, response }]) => {
      if (!response || response.state === 'log') return { id, at };
      const { state, payload } = response;
      const length = JSON.stringify(payload).length;
      if (length > Math.min(LONGEST_PAYLOAD, left)) return { id, at, state };
      left -= length;
      return { id, at, state, payload };
    })
    .reverse();
}

/** @param value anything: what is no command is left out. @returns oldest first */
export function readStored(value: unknown, now: number): StoredCommand[] {
  if (!Array.isArray(value)) return [];
  return (value as unknown[]).slice(-MOST).flatMap((one) => {
    if (!isRecord(one)) return [];
    const { id, state, payload } = one;
    const at = toNumber(one.at);
    if (typeof id !== 'string' || id === '' || id.length > LONGEST_NAME) return [];
    if (at === null || now - at >= KEPT_FOR) return [];
    if (state !== 'completed' && state !== 'error') return [{ id, at }];
    return [{ id, at, state, ...(isRecord(payload) ? { payload } : {}) }];
  });
}
