import type { Node, NodeAPI } from 'node-red';

import { toDeviceError } from '../../lib/core/errors';
import type { Duty } from './cluster-duty';
import type { SharedMemory } from './cluster-face';
import type { ClusterRuntime } from './cluster-runtime';
import type { Shifts } from './cluster-shifts';
import { errorText } from './text';

export interface TurnWork {
  /** This instance owns the node now: what the owner before has kept is read. */
  begin?: (memory: SharedMemory) => void;
  /** It does not any more. */
  end?: () => void;
}

/** What a node that every instance has keeps while this one owns it, for whoever owns it next. */
export class TurnMemory {
  private memory: SharedMemory | undefined;
  /** until what the owner before has kept is in use */
  private beginning: { begun: Promise<void>; settle: () => void } | undefined;
  private readonly shifts: Shifts;
  private readonly duty: Duty;
  private closed = false;

  constructor(
    RED: NodeAPI,
    private readonly cluster: Pick<ClusterRuntime, 'dutyOf' | 'shifts' | 'memoryOf'>,
    private readonly node: Node,
    work: TurnWork = {},
  ) {
    this.duty = cluster.dutyOf(node);
    this.shifts = cluster.shifts(node, {
      begin: (memory) => {
        this.memory = memory;
        try {
          work.begin?.(memory);
        } finally {
          this.settle();
        }
      },
      end: () => {
        this.memory = undefined;
        work.end?.();
        this.settle();
      },
      passed: () => this.settle(),
      failed: (thrown) => node.error(errorText(RED, toDeviceError(thrown))),
    });
  }

  /**
   * Resolves when work of the owner may begin; at once where this instance is none. What comes while the node is given to
   * another instance waits until it is: its readings are told by that one.
   */
  async ready(): Promise<void> {
    if (this.closed || !this.duty.active || this.memory) return;
    if (!this.beginning) {
      let settle = (): void => undefined;
      const begun = new Promise<void>((resolve) => (settle = resolve));
      this.beginning = { begun, settle };
    }
    const { begun } = this.beginning;
    // Many nodes begin one after the other: one that is asked for does not wait, and hears of an end before its turn.
    this.duty.look();
    await begun;
  }

  /** What is kept, as the owner has it or, elsewhere, as it was written last. @throws DeviceError */
  async get(key: string): Promise<unknown> {
    return (this.memory ?? (await this.cluster.memoryOf(this.node))).get(key);
  }

  /** Keeps a value, where this instance owns the node. */
  set(key: string, value: unknown): void {
    this.memory?.set(key, value).catch((thrown: unknown) => this.node.debug(`cluster: ${String(thrown)}`));
  }

  /** For the node's end. */
  close(removed: boolean): Promise<void> {
    this.closed = true;
    return this.shifts.close(removed);
  }

  private settle(): void {
    this.beginning?.settle();
    this.beginning = undefined;
  }
}
