import type { Node, NodeAPI } from 'node-red';

import { systemClock } from '../../lib/core/clock';
import { withPermit } from '../../lib/core/command/permit';
import { cancelled, type DeviceError } from '../../lib/core/errors';
import { isRecord, toNumber } from '../../lib/core/values';
import { describeSignal, type ExternalSignal } from '../../lib/powerflex/dcm';
import { type PendingSignal, pendingSignals } from '../../lib/powerflex/pending-signals';
import { SignalKeeper, type SignalKeeperOptions } from '../../lib/powerflex/signal-keeper';
import { clusterOf, dutyOf } from '../shared/cluster';
import type { SharedMemory } from '../shared/cluster-face';
import { translate } from '../shared/text';

/** Key under which what is to be put back is kept for whoever owns the node next. */
const PENDING = 'powerflexSignals';

export interface SignalsOptions {
  client: SignalKeeperOptions['client'];
  /** of the site: what another one's signals were is no concern of this one */
  siteId: string;
  /** ms; `null`: nothing is put back */
  restoreAfter: number | null;
  onRestored: (signal: ExternalSignal) => void;
  onError: (error: DeviceError, name: string) => void;
}

/**
 * The external signals that a flow node sets at one site, and puts back. Where several instances share the work, the owner
 * alone does, and keeps what is to be put back for the next one.
 */
export class Signals {
  private keeper: SignalKeeper | undefined;
  private ending = new AbortController();
  private memory: SharedMemory | undefined;
  /** whoever owns the node next knows what is to be put back */
  private isKept = false;
  private readonly waiting = new Set<() => void>();
  private readonly duty: ReturnType<typeof dutyOf>;

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    private readonly options: SignalsOptions,
  ) {
    this.duty = dutyOf(RED, node);
    if (!this.duty) this.keeper = this.makeKeeper();
  }

  /** This instance owns the node now. */
  begin(memory: SharedMemory): void {
    this.memory = memory;
    this.isKept = true;
    const keeper = this.makeKeeper();
    this.takeOver(keeper, memory.get(PENDING));
    this.keeper = keeper;
    for (const tell of [...this.waiting]) tell();
  }

  /** It does not any more, or the site or the node ends; what is under way may end where it is owned still. */
  async end(isPatient: boolean): Promise<void> {
    const { keeper } = this;
    if (isPatient && this.duty?.active === true) await keeper?.settled;
    if (keeper !== this.keeper) return;
    this.close();
  }

  close(): void {
    const { keeper, ending } = this;
    this.keeper = undefined;
    this.memory = undefined;
    ending.abort();
    this.ending = new AbortController();
    if (!this.isKept) this.tellPending(keeper);
    keeper?.close();
  }

  /** The node has been deleted: nobody puts anything back. */
  async forget(): Promise<void> {
    if (this.isKept) this.tellPending(this.keeper);
    await this.memory?.set(PENDING, undefined);
  }

  /**
   * @param signal ends the wait for what the owner before has kept
   * @throws DeviceError what the keeper throws
   */
  async set(wanted: ExternalSignal, signal: AbortSignal): Promise<ExternalSignal> {
    if (!this.duty && this.keeper) return this.keeper.set(wanted);
    while (!this.keeper) await this.change(signal);
    return this.keeper.set(wanted, signal);
  }

  private change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.waiting.delete(settle);
        signal.removeEventListener('abort', settle);
        if (signal.aborted) reject(cancelled(false));
        else resolve();
      };
      if (signal.aborted) settle();
      this.waiting.add(settle);
      signal.addEventListener('abort', settle);
    });
  }

  private makeKeeper(): SignalKeeper {
    const { duty, memory } = this;
    const { client, restoreAfter, onRestored, onError } = this.options;
    const { signal } = this.ending;
    if (duty) {
      // Nobody else has a message for what is put back: the lease alone says whether it may leave.
      const refusal = (): DeviceError | undefined => (duty.active ? undefined : duty.cluster.lostError());
      withPermit(signal, { begin: (goal) => Promise.resolve(goal), refusal });
    }
    return new SignalKeeper({
      ...{ client, restoreAfter, signal, onRestored, onError },
      ...(memory ? { keep: (pending) => this.keep(memory, pending) } : {}),
    });
  }

  private async keep(memory: SharedMemory, signals: readonly PendingSignal[]): Promise<void> {
    const at = { engine: this.engineTime(), wall: systemClock.now() };
    this.isKept = false;
    this.isKept = await memory.set(PENDING, { site: this.options.siteId, at, signals });
  }

  private takeOver(keeper: SignalKeeper, stored: unknown): void {
    if (!isRecord(stored) || !isRecord(stored.at)) return;
    const { site, signals, at } = stored;
    if (site === this.options.siteId) {
      // A clock that is put forward must not put anything back early.
      const byEngine = this.engineTime() - (toNumber(at.engine) ?? Infinity);
      const byWall = systemClock.now() - (toNumber(at.wall) ?? Infinity);
      keeper.restore(signals, Math.max(Math.min(byEngine, byWall), 0));
      return;
    }
    this.warn('restoreOtherSite', pendingSignals(signals).map(inWords));
  }

  private engineTime(): number {
    return clusterOf(this.RED)?.cluster?.engine.time() ?? systemClock.now();
  }

  private tellPending(keeper: SignalKeeper | undefined): void {
    this.warn('restorePending', keeper?.pendingInWords ?? []);
  }

  private warn(key: string, names: readonly string[]): void {
    if (names.length > 0) this.node.warn(translate(this.RED, `log.${key}`, { names: names.join('; ') }));
  }
}

function inWords({ name, before }: PendingSignal): string {
  return before ? describeSignal(before) : name;
}
