import { type Clock, systemClock } from '../core/clock';
import { DeviceError, toDeviceError } from '../core/errors';
import { SerialQueue } from '../core/queue';
import type { PowerflexClient } from './client';
import { type ExternalSignal, sameSignal } from './dcm';

export interface SignalKeeperOptions {
  client: Pick<PowerflexClient, 'getExternalSignals' | 'setExternalSignal'>;
  /** ms without a new message after which what was there before is put back; `null`: never */
  restoreAfter: number | null;
  /** The signal was put back; what the server holds now. */
  onRestored?: (signal: ExternalSignal) => void;
  /** It was not put back, for the time being or for good. */
  onError?: (error: DeviceError) => void;
  /** cancels what is in flight */
  signal: AbortSignal;
  clock?: Clock;
}

interface Kept {
  /** what the server held before our first change; `undefined`: there was no such signal */
  before: ExternalSignal | undefined;
  /** every value that the server may hold because of us */
  ours: ExternalSignal[];
  cancel: () => void;
  /** tells a renewed wait from the one before */
  round: number;
  /** whether it was said that putting back fails */
  reported: boolean;
}

/** ms until the next try to put a signal back. */
const RETRY = 60_000;

/**
 * Changes external signals, one at a time, and puts back what was there before when no new message comes for a while.
 *
 * The vendor has no watchdog: a limit stays until it is changed. Putting back raises a limit, so it happens only when
 * the server still holds a value of ours; a limit that somebody else has set meanwhile stays.
 */
export class SignalKeeper {
  private readonly clock: Clock;
  private readonly queue = new SerialQueue();
  private readonly kept = new Map<string, Kept>();

  constructor(private readonly options: SignalKeeperOptions) {
    this.clock = options.clock ?? systemClock;
  }

  /** The names that are still to be put back. */
  get pending(): string[] {
    return [...this.kept.keys()];
  }

  /**
   * Sets a signal.
   *
   * @returns what the server holds now
   * @throws what the client throws; when the present value cannot be read first, nothing is changed
   */
  set(wanted: ExternalSignal): Promise<ExternalSignal> {
    const { client, restoreAfter, signal } = this.options;
    return this.queue.run(async () => {
      if (restoreAfter === null) return client.setExternalSignal(wanted, signal);
      const kept = this.kept.get(wanted.name) ?? {
        ...{ before: await this.find(wanted.name), ours: [], cancel: () => undefined, round: 0 },
        reported: false,
      };
      const held = [...kept.ours];
      this.kept.set(wanted.name, kept);
      kept.ours.push(wanted);
      try {
        const now = await client.setExternalSignal(wanted, signal);
        kept.ours = [wanted];
        return now;
      } catch (thrown) {
        // A refusal changed nothing; of anything else nobody knows.
        if (!mayHaveTakenEffect(thrown)) kept.ours = held;
        throw thrown;
      } finally {
        if (kept.ours.length === 0) this.kept.delete(wanted.name);
        else this.plan(wanted.name, kept, restoreAfter);
      }
    });
  }

  /** Forgets what is to be put back; it stays as it is. */
  close(): void {
    for (const { cancel } of this.kept.values()) cancel();
    this.kept.clear();
    this.queue.close();
  }

  private async find(name: string): Promise<ExternalSignal | undefined> {
    const all = await this.options.client.getExternalSignals(this.options.signal);
    return all.find((one) => one.name === name);
  }

  private plan(name: string, kept: Kept, ms: number): void {
    kept.cancel();
    const round = ++kept.round;
    kept.cancel = this.clock.after(ms, () => {
      this.queue
        .run(() => this.restore(name, kept, round))
        .catch((thrown: unknown) => this.failed(name, kept, round, toDeviceError(thrown)));
    });
  }

  /** A message may have come while this waited for its turn. */
  private isCurrent(name: string, kept: Kept, round: number): boolean {
    return this.kept.get(name) === kept && kept.round === round;
  }

  private async restore(name: string, kept: Kept, round: number): Promise<void> {
    if (!this.isCurrent(name, kept, round)) return;
    const { client, signal, onRestored } = this.options;
    const held = await this.find(name);
    const ours = held && kept.ours.find((one) => sameSignal(one, held));
    // What was not there before cannot be removed, but switched off it has no effect either.
    const goal = kept.before ?? (held && { ...held, enabled: false });
    if (goal && held && sameSignal(goal, held)) {
      this.kept.delete(name);
      onRestored?.(held);
      return;
    }
    if (!ours || !goal) {
      this.kept.delete(name);
      throw new DeviceError(
        'CONFLICT',
        `The external signal ${name} has been changed by somebody else. It stays as it is.`,
        { reason: 'signalChanged', params: { name } },
      );
    }
    const now = await client.setExternalSignal(goal, signal);
    this.kept.delete(name);
    onRestored?.(now);
  }

  private failed(name: string, kept: Kept, round: number, error: DeviceError): void {
    if (error.code === 'CANCELLED') return;
    if (!this.isCurrent(name, kept, round)) {
      this.options.onError?.(error);
      return;
    }
    if (isFinal(error)) this.kept.delete(name);
    // Reading comes first in the next try as well, so it cannot do anything twice.
    else this.plan(name, kept, RETRY);
    if (!kept.reported) this.options.onError?.(error);
    kept.reported = true;
  }
}

/** Whether another try would end in the same way. */
function isFinal({ code }: DeviceError): boolean {
  return ['REJECTED', 'CONFLICT', 'INVALID_INPUT', 'NOT_FOUND', 'FORBIDDEN'].includes(code);
}

function mayHaveTakenEffect(thrown: unknown): boolean {
  const { code } = toDeviceError(thrown);
  return code === 'OUTCOME_UNKNOWN' || code === 'CONFLICT';
}
