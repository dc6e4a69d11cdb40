import type { Clock } from '../core/clock';
import { isRecord } from '../core/units';
import type { PowercontrollerClient } from './client';
import { wholeHistory } from './history';
import { identityOf, inOrder, type StatusAnswer } from './status';

/** What a watch keeps across restarts: plain JSON. */
export interface Remembered {
  deviceId: string;
  /** epoch ms of the newest status that was seen */
  newest: number;
  /** identity and epoch ms of those that may turn up again */
  seen: [string, number][];
}

/** How far back each look reaches, so that a status that the cloud files late is not missed. */
const OVERLAP = 3_600_000;
/** A status from further in the future has a wrong date, and must not end the watch until then. */
const CLOCK_TOLERANCE = 600_000;
/** Longer absences are caught up with in windows; a margin keeps below the vendor's ten days. */
const ONE_REQUEST = 9 * 86_400_000;

/**
 * Tells the statuses of one controller that are new from those that were seen, also after a restart.
 */
export class StatusMemory {
  private newest: number | undefined;
  private seen = new Map<string, number>();

  /** @param remembered what `state` gave before; anything else, or another device's, is ignored */
  constructor(
    private readonly deviceId: string,
    remembered: unknown,
    private readonly clock: Clock,
  ) {
    if (!isRecord(remembered) || remembered.deviceId !== deviceId) return;
    if (typeof remembered.newest !== 'number' || !Array.isArray(remembered.seen)) return;
    this.newest = remembered.newest;
    this.seen = new Map((remembered.seen as unknown[]).filter(isEntry));
  }

  /** From when on to look, epoch ms; `undefined` when nothing is known yet. */
  get since(): number | undefined {
    return this.newest === undefined ? undefined : this.newest - OVERLAP;
  }

  get state(): Remembered | undefined {
    const { deviceId, newest } = this;
    return newest === undefined ? undefined : { deviceId, newest, seen: [...this.seen] };
  }

  /**
   * Takes note of statuses.
   *
   * @returns those not seen before, in the order of time; at the very first time only the newest one, because what
   *   was before the watch began is history
   */
  admit(answers: readonly StatusAnswer[]): StatusAnswer[] {
    const first = this.newest === undefined;
    const since = this.since ?? -Infinity;
    const limit = this.clock.now() + CLOCK_TOLERANCE;
    let newest = this.newest ?? 0;
    const fresh = inOrder(answers).filter((answer) => {
      const { timestamp } = answer.status;
      const time = timestamp === null ? newest : Math.min(Date.parse(timestamp), limit);
      const identity = identityOf(answer);
      if (time < since || this.seen.has(identity)) return false;
      this.seen.set(identity, time);
      newest = Math.max(newest, time);
      return true;
    });
    // An account without any status yet begins now; otherwise everything would be new at the first one.
    this.newest = newest === 0 ? this.clock.now() : newest;
    for (const [identity, time] of this.seen) if (time < this.newest - OVERLAP) this.seen.delete(identity);
    return first ? fresh.slice(-1) : fresh;
  }
}

function isEntry(value: unknown): value is [string, number] {
  return Array.isArray(value) && typeof value[0] === 'string' && typeof value[1] === 'number';
}

/** Reads what may be new since the memory's last look; a long absence is caught up with. */
export async function readSince(
  client: PowercontrollerClient,
  device: string,
  since: number | undefined,
  clock: Clock,
  signal: AbortSignal,
): Promise<StatusAnswer[]> {
  const now = clock.now();
  if (since === undefined) return client.statuses({ device }, signal);
  if (now - since < ONE_REQUEST) return client.statuses({ device, start: since }, signal);
  return wholeHistory(client, device, { start: since, end: now }, { signal });
}
