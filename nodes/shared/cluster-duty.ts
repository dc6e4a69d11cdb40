import type { Node, NodeStatus } from 'node-red';

import type { DeviceError } from '../../lib/core/errors';

/** What a duty needs of its cluster. */
export interface DutyCluster {
  partitionOf(node: Node): number;
  owns(partition: number): boolean;
  reads(partition: number): boolean;
  /** A last word may be said where nobody else can own it yet. */
  saysLast(partition: number): boolean;
  /**
   * Below a node that stands by; `undefined`: it does not.
   *
   * @param owning it does nothing but for the owner, so reading alone is standing by
   */
  standbyStatus(partition: number, owning?: boolean): NodeStatus | undefined;
  readonly problem: DeviceError | undefined;
  /** of what cannot be done here because the engine is lost */
  lostError(): DeviceError;
}

/** What one node may do now. */
export class Duty {
  private readonly followers = new Set<() => void>();
  private told: string;
  private toldReads: boolean;

  constructor(
    readonly cluster: DutyCluster,
    readonly node: Node,
  ) {
    this.told = this.state;
    this.toldReads = this.reads;
  }

  /** It may read, and has not been told so: work begins with the next look. */
  get isBeginning(): boolean {
    return !this.toldReads && this.reads;
  }

  /** Asked for each time: another flow file may put the node elsewhere. */
  get partition(): number {
    return this.cluster.partitionOf(this.node);
  }

  /** It owns what it works with: it may switch, count and tell. */
  get active(): boolean {
    return this.cluster.owns(this.partition);
  }

  /** It may tell others of what it works with, the end of its ownership included. */
  get tells(): boolean {
    return this.cluster.saysLast(this.partition);
  }

  /** It may read by itself, and tell what it has read. */
  get reads(): boolean {
    return this.cluster.reads(this.partition);
  }

  /** What the node shows in place of anything else. */
  get standby(): NodeStatus | undefined {
    return this.cluster.standbyStatus(this.partition);
  }

  /** The same for a node that works at the owner alone. */
  get rest(): NodeStatus | undefined {
    return this.cluster.standbyStatus(this.partition, true);
  }

  /** Calls `tell` after each change. @returns ends that */
  follow(tell: () => void): () => void {
    this.followers.add(tell);
    return () => void this.followers.delete(tell);
  }

  /** Something in the cluster is another way. */
  look(): void {
    const { state } = this;
    if (state === this.told) return;
    this.told = state;
    this.toldReads = this.reads;
    for (const tell of [...this.followers]) tell();
  }

  /** The next look is told in any case: what came and went between two of them is not seen by its state. */
  forget(): void {
    this.told = '';
  }

  end(): void {
    this.followers.clear();
  }

  private get state(): string {
    const { partition, cluster } = this;
    const standby = cluster.standbyStatus(partition);
    return `${cluster.owns(partition)} ${cluster.reads(partition)} ${standby?.fill ?? ''} ${standby?.text ?? ''}`;
  }
}
