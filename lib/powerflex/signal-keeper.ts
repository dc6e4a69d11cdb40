import { type Clock, systemClock } from '../core/clock';
import { cancelled, DeviceError, toDeviceError } from '../core/errors';
import { beforeSending } from '../core/command/outcome';
import { SerialQueue } from '../core/command/queue';
import type { PowerflexClient } from './client';
import { describeSignal, type ExternalSignal, isSignalKeptAs, sameSignal } from './dcm';
import { type Ours, type PendingSignal, pendingSignals } from './pending-signals';

export interface SignalKeeperOptions {
  client: Pick<PowerflexClient, 'findExternalSignal' | 'setExternalSignal'>;
  /** ms without a new message after which what was there before is put back; `null`: never */
  restoreAfter: number | null;
  /** The signal was put back; what the server holds now. */
  onRestored?: (signal: ExternalSignal) => void;
  /**
   * Keeps what is still to be put back where it outlives this process: before a change is sent, which is not made where this
   * fails, and whenever that has changed.
   */
  keep?: (pending: readonly PendingSignal[]) => Promise<void>;
  /** It was not put back, for the time being or for good. */
  onError?: (error: DeviceError, name: string) => void;
  /** cancels what is in flight */
  signal: AbortSignal;
  clock?: Clock;
}

interface Kept {
  /** what the server held last that was not of us; `undefined`: there was no such signal */
  before: ExternalSignal | undefined;
  /** every value that the server may hold because of us, rounded or not */
  ours: Ours[];
  cancel: () => void;
  /** when it is to be put back, by the monotonic clock; `undefined`: a message is being carried out */
  due: number | undefined;
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
 * the server still holds a value of ours; a limit that somebody else has set meanwhile stays. For the same reason the
 * server is asked before every change: a limit of somebody else that we replace is what we put back.
 */
export class SignalKeeper {
  private readonly clock: Clock;
  private readonly queue = new SerialQueue();
  private readonly kept = new Map<string, Kept>();
  private closed = false;
  private working: Promise<void> = Promise.resolve();

  constructor(private readonly options: SignalKeeperOptions) {
    this.clock = options.clock ?? systemClock;
  }

  /** The names that are still to be put back. */
  get pending(): string[] {
    return [...this.kept.keys()];
  }

  /** What is still to be put back, in words: for somebody who has to do it by hand. */
  get pendingInWords(): string[] {
    return [...this.kept].map(([name, { before }]) => (before ? describeSignal(before) : name));
  }

  /** What is still to be put back, for one that goes on with it. */
  get state(): PendingSignal[] {
    const now = this.clock.monotonic();
    const { restoreAfter } = this.options;
    return [...this.kept].map(([name, { before, ours, due }]) => ({
      ...{ name, before: before ?? null, ours },
      left: due === undefined ? (restoreAfter ?? 0) : Math.max(due - now, 0),
    }));
  }

  /**
   * Goes on with what another one has kept: each is put back when its time is over, and the time before counts.
   *
   * @param stored anything; what is no state of a signal is left out
   * @param passed ms since it was kept
   */
  restore(stored: unknown, passed: number): void {
    for (const { name, before, ours, left } of pendingSignals(stored)) {
      if (this.kept.has(name)) continue;
      const kept: Kept = { ...nothingKept(before ?? undefined), ours };
      this.kept.set(name, kept);
      this.plan(name, kept, Math.max(left - passed, 0));
    }
  }

  /** Resolves when nothing is under way. */
  get settled(): Promise<void> {
    return this.working;
  }

  /**
   * Sets a signal.
   *
   * @param signal of this change alone
   * @returns what the server holds now
   * @throws what the client throws; when the present value cannot be read first, nothing is changed
   */
  set(wanted: ExternalSignal, signal = this.options.signal): Promise<ExternalSignal> {
    const { client, restoreAfter } = this.options;
    return this.inTurn(async () => {
      if (restoreAfter === null) return this.setForGood(wanted, signal);
      const known = this.kept.get(wanted.name);
      try {
        const held = await beforeSending(client.findExternalSignal(wanted.name, signal));
        const kept = known ?? nothingKept(held);
        kept.cancel();
        kept.due = undefined;
        if (!isOneOf(held, kept.ours)) kept.before = held;
        this.kept.set(wanted.name, kept);
        return await this.change(wanted, kept, signal);
      } finally {
        const kept = this.kept.get(wanted.name);
        // Also when it failed: messages do come, so nothing is to be put back yet.
        if (kept) this.plan(wanted.name, kept, restoreAfter);
        await this.note();
      }
    });
  }

  /** Without a time after which it is put back; what was to be put back before is not any more. */
  private async setForGood(wanted: ExternalSignal, signal: AbortSignal): Promise<ExternalSignal> {
    const held = await this.options.client.setExternalSignal(wanted, signal);
    const before = this.kept.get(wanted.name);
    before?.cancel();
    if (this.kept.delete(wanted.name)) await this.note();
    return held;
  }

  /** Changes go one after the other. */
  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const running = this.queue.run(work);
    this.working = Promise.allSettled([this.working, running]).then(() => undefined);
    return running;
  }

  /** What is not kept any more is put back all the same: the next one finds that it has been. */
  private async note(): Promise<void> {
    if (this.closed) return;
    await this.options.keep?.(this.state).catch(() => undefined);
  }

  private async change(
    wanted: ExternalSignal,
    kept: Kept,
    signal: AbortSignal | undefined,
  ): Promise<ExternalSignal> {
    const { client } = this.options;
    const earlier = [...kept.ours];
    kept.ours.push({ value: wanted, decimals: 0 });
    kept.reported = false;
    try {
      // Whoever goes on with it has to know the value that the server may hold by then.
      if (this.options.keep) await beforeSending(this.options.keep(this.state));
      const now = await client.setExternalSignal(wanted, signal, (echo) => {
        // A server that holds something else because of us, such as the most it allows, holds nothing of others.
        kept.ours.push({ value: echo, decimals: 1 });
      });
      kept.ours = [
        { value: wanted, decimals: 1 },
        { value: now, decimals: 1 },
      ];
      return now;
    } catch (thrown) {
      // A refusal changed nothing. After any other error the outcome is unknown.
      if (!mayHaveTakenEffect(thrown)) kept.ours = earlier;
      if (kept.ours.length === 0) this.kept.delete(wanted.name);
      throw thrown;
    }
  }

  /** Forgets what is to be put back; it stays as it is. */
  close(): void {
    this.closed = true;
    for (const { cancel } of this.kept.values()) cancel();
    this.kept.clear();
    this.queue.close();
  }

  private plan(name: string, kept: Kept, ms: number): void {
    kept.cancel();
    if (this.closed) return;
    const round = ++kept.round;
    const due = this.clock.monotonic() + ms;
    kept.due = due;
    const onTimer = (): void => {
      // A timer cannot wait longer than some weeks.
      const rest = due - this.clock.monotonic();
      if (rest > 0) {
        kept.cancel = this.clock.after(rest, onTimer);
        return;
      }
      this.inTurn(() => this.putBack(name, kept, round)).catch((thrown: unknown) =>
        this.failed(name, kept, round, toDeviceError(thrown)),
      );
    };
    kept.cancel = this.clock.after(ms, onTimer);
  }

  /** A message may have come while this waited for its turn. */
  private isCurrent(name: string, kept: Kept, round: number): boolean {
    return this.kept.get(name) === kept && kept.round === round;
  }

  private async putBack(name: string, kept: Kept, round: number): Promise<void> {
    if (!this.isCurrent(name, kept, round)) return;
    const { client, signal } = this.options;
    const held = await client.findExternalSignal(name, signal);
    const ours = isOneOf(held, kept.ours);
    // What was not there before cannot be removed, but switched off it has no effect either.
    const goal = kept.before ?? (held && { ...held, enabled: false });
    if (goal && held && sameSignal(goal, held)) {
      await this.restored(name, held);
      return;
    }
    if (!ours || !goal) {
      this.kept.delete(name);
      await this.note();
      throw new DeviceError(
        'CONFLICT',
        `The external signal ${name} has been changed by somebody else. It stays as it is.`,
        { reason: 'powerflexSignalChanged', sent: false, params: { name } },
      );
    }
    if (this.closed) throw cancelled(false);
    await this.restored(name, await client.setExternalSignal(goal, signal));
  }

  private async restored(name: string, held: ExternalSignal): Promise<void> {
    // Whoever goes on with it tells of it.
    if (this.closed) return;
    this.kept.delete(name);
    await this.note();
    this.options.onRestored?.(held);
  }

  private failed(name: string, kept: Kept, round: number, error: DeviceError): void {
    if (this.closed || error.code === 'CANCELLED') return;
    if (!this.isCurrent(name, kept, round)) {
      this.options.onError?.(error, name);
      return;
    }
    const final = isFinal(error);
    if (final) {
      this.kept.delete(name);
      void this.note();
    }
    // Reading comes first in the next try as well, so it cannot do anything twice.
    else this.plan(name, kept, RETRY);
    // That it stays for good is another thing than that it takes longer.
    if (final || !kept.reported) this.options.onError?.(error, name);
    kept.reported = true;
  }
}

function nothingKept(before: ExternalSignal | undefined): Kept {
  return { before, ours: [], cancel: () => undefined, due: undefined, round: 0, reported: false };
}

function isOneOf(held: ExternalSignal | undefined, ours: readonly Ours[]): boolean {
  return held !== undefined && ours.some(({ value, decimals }) => isSignalKeptAs(value, held, decimals));
}

/** Whether another try would end in the same way. */
function isFinal({ code }: DeviceError): boolean {
  return ['REJECTED', 'CONFLICT', 'INVALID_INPUT', 'NOT_FOUND', 'FORBIDDEN'].includes(code);
}

function mayHaveTakenEffect(thrown: unknown): boolean {
  const { code } = toDeviceError(thrown);
  return code === 'OUTCOME_UNKNOWN' || code === 'CONFLICT';
}
