import type { Node, NodeAPI } from 'node-red';

import { systemClock } from '../../lib/core/clock';
import { toDeviceError } from '../../lib/core/errors';
import type { Duty } from './cluster-duty';
import type { SharedMemory } from './cluster-face';
import { errorText } from './text';

/** ms between two tries to read what the owner before has kept */
const RETRY = 1000;

/** What a node does while this instance owns it. */
export interface ShiftWork {
  /** This instance owns the node now; what the owner before has kept is in `memory`, and what is kept there is for the next one. */
  begin: (memory: SharedMemory) => void;
  /** It does not any more, or the node ends. */
  end: (how: ShiftEnd) => void | Promise<void>;
  /** What waits for the next one need not: the node is not owned any more, or ends. Told more often than that, too. */
  passed?: () => void;
  /** what `begin` and `end` throw */
  failed: (thrown: unknown) => void;
}

export interface ShiftEnd {
  /** another instance owns the node, or is about to: it waits for this end */
  handedOver: boolean;
  /** the node has been deleted */
  removed: boolean;
}

/** What of its cluster a node's shifts need. */
interface ShiftCluster {
  dutyOf(node: Node): Duty;
  atHandOver(duty: Duty, work: () => Promise<void>): () => void;
  memoryOf(node: Node): Promise<SharedMemory>;
}

/**
 * The times that this instance owns a node. Each of them begins when what the owner before has kept has been read, and not
 * before the one before it has ended.
 */
export class Shifts {
  private readonly duty: Duty;
  private readonly leave: readonly (() => void)[];
  /** ends that */
  private readonly atHandOver: () => void;
  private on = false;
  private loading = false;
  private closed = false;
  /** counts the ends: what was read before one is old after it */
  private round = 0;
  /** being given to another instance, though owned still */
  private given: number | undefined;
  private ending: Promise<void> = Promise.resolve();

  constructor(
    private readonly RED: NodeAPI,
    private readonly cluster: ShiftCluster,
    private readonly node: Node,
    private readonly work: ShiftWork,
  ) {
    const duty = cluster.dutyOf(node);
    this.duty = duty;
    // Other nodes are made in this turn.
    const starting = setImmediate(() => this.look());
    this.leave = [() => clearImmediate(starting), duty.follow(() => this.look())];
    this.atHandOver = cluster.atHandOver(duty, () => {
      this.given = duty.partition;
      duty.forget();
      return this.finish({ handedOver: true, removed: false });
    });
  }

  /** What was kept is being read. */
  get isBeginning(): boolean {
    return this.loading;
  }

  /** For the node's end. */
  close(removed: boolean): Promise<void> {
    this.closed = true;
    for (const leave of this.leave) leave();
    this.work.passed?.();
    // An instance that ends waits for its nodes before it gives anything away.
    return this.finish({ handedOver: false, removed }).finally(this.atHandOver);
  }

  private look(): void {
    const { duty, work } = this;
    if (duty.active) {
      this.begin().catch(work.failed);
      return;
    }
    this.given = undefined;
    // After a hand-over there is no shift any more that could end.
    work.passed?.();
    this.finish({ handedOver: true, removed: false }).catch(work.failed);
  }

  private isWanted(): boolean {
    const { duty } = this;
    return !this.closed && duty.active && this.given !== duty.partition;
  }

  private async begin(): Promise<void> {
    if (this.on || this.loading || !this.isWanted()) return;
    this.loading = true;
    let memory: SharedMemory | undefined;
    // Another owner may have kept something since what was asked for before a loss was read.
    for (let read = -1; this.isWanted() && read !== this.round;) {
      read = this.round;
      memory = await this.remembered();
    }
    this.loading = false;
    if (!memory || !this.isWanted()) {
      this.work.passed?.();
      return;
    }
    this.on = true;
    this.work.begin(memory);
  }

  /** What the owner before has kept; `undefined`: it is not wanted any more. */
  private async remembered(): Promise<SharedMemory | undefined> {
    const { RED, cluster, node } = this;
    // How it failed has been told.
    await this.ending.catch(() => undefined);
    for (let told = false; this.isWanted();) {
      try {
        return await cluster.memoryOf(node);
      } catch (thrown) {
        // To go on without it would count anew, and overwrite it.
        if (!told) node.warn(errorText(RED, toDeviceError(thrown)));
        told = true;
        await new Promise<void>((resolve) => systemClock.after(RETRY, resolve));
      }
    }
    return undefined;
  }

  private finish(how: ShiftEnd): Promise<void> {
    this.round++;
    if (this.on) {
      this.on = false;
      this.ending = (async () => this.work.end(how))();
    }
    return this.ending;
  }
}
