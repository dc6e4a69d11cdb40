import type { NodeAPI } from 'node-red';

import type { Cluster } from '../../lib/cluster/cluster';
import type { DeviceError } from '../../lib/core/errors';
import { LogLimit } from './log-limit';
import { errorText, translate } from './text';

/** What the log is told of a cluster, each once: that its engine is lost or back, and that another flow file is in force. */
export class ClusterLog {
  /** why the engine cannot be reached, as it was told last; `undefined`: it can */
  engineProblem: DeviceError | undefined;
  /** another flow file was in force, when that was looked at last */
  isOther = false;
  private lost = false;
  private readonly lines = new LogLimit();

  constructor(private readonly RED: NodeAPI) {}

  engineLost(reason: DeviceError): void {
    if (reason.reason !== this.engineProblem?.reason) this.warn(errorText(this.RED, reason));
    this.engineProblem = reason;
  }

  /** @returns whether the cluster is lost, as it is now */
  look({ lease, hasOtherFlows }: Pick<Cluster, 'lease' | 'hasOtherFlows'>): boolean {
    const { RED } = this;
    const { problem } = lease;
    const lost = problem !== undefined;
    if (lost !== this.lost) {
      // What cannot be reached has been told already, what it refuses has not.
      const why = problem && problem.reason !== this.engineProblem?.reason ? errorText(RED, problem) : '';
      this.warn(`${translate(RED, lost ? 'log.clusterLost' : 'log.clusterBack')} ${why}`.trimEnd());
    }
    const isOther = !lost && hasOtherFlows;
    // What was deployed here takes no effect, which nothing else would say.
    if (isOther && !this.isOther) this.warn(translate(RED, 'log.clusterFlows'));
    this.lost = lost;
    this.isOther = isOther;
    return lost;
  }

  private warn(text: string): void {
    if (this.lines.admit() !== undefined) this.RED.log.warn(`[energy-devices] ${text}`);
  }
}
