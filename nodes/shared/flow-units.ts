import type { NodeAPI } from 'node-red';

import type { FlowEntry } from '../../lib/cluster/flow-settings';
import type { Spread } from '../../lib/cluster/settings';
import { type Units, unitsOf } from '../../lib/cluster/units';

/**
 * Which nodes of this Node-RED belong together. After a deploy other instances still have the flow file of before, and by that
 * a node may be in another unit: until the new one is in force, the units of the one before say who owns what.
 */
export class FlowUnits {
  private inUse: Units | undefined;
  private next: Units | undefined;

  constructor(
    private readonly RED: NodeAPI,
    private readonly spread: () => Spread,
  ) {}

  /** by which it is told who owns what */
  get current(): Units {
    return (this.inUse ??= this.read());
  }

  /** of the flow file that runs here */
  get newest(): Units {
    return this.next ?? this.current;
  }

  /** Another flow file is about to run here. */
  changed(): void {
    const read = this.read();
    const isSame = !this.inUse || read.digest === this.inUse.digest || this.spread() === 'none';
    this.next = isSame ? undefined : read;
    if (isSame) this.inUse = read;
  }

  /** The flow file that runs here is in force. */
  inForce(): void {
    if (this.next) this.inUse = this.next;
    this.next = undefined;
  }

  private read(): Units {
    const entries: FlowEntry[] = [];
    this.RED.nodes.eachNode((entry) => {
      entries.push(entry as unknown as FlowEntry);
    });
    return unitsOf(entries, this.spread());
  }
}
