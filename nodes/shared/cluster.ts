import type { Node, NodeAPI } from 'node-red';

import { isGiven } from '../../lib/core/given';
import { isRecord } from '../../lib/core/values';
import type * as runtimePart from './cluster-runtime';
import type { ClusterRuntime } from './cluster-runtime';
import type { Duty } from './cluster-duty';
import { faceOf } from './cluster-face';

/**
 * The way of all nodes to the cluster that this Node-RED is a member of. Where none is set up, which is nearly everywhere,
 * nothing of it is loaded.
 */

/** By the runtime's event bus, see shared-state. */
const clusters = new WeakMap<object, ClusterRuntime>();

/** What may set a cluster up, in Node-RED's settings or in the environment. */
function isConfigured(RED: NodeAPI): boolean {
  const settings = RED.settings as { energyDevices?: unknown } | undefined;
  const own = settings?.energyDevices;
  return isGiven(process.env.ENERGY_DEVICES_CLUSTER) || isGiven(isRecord(own) ? own.cluster : undefined);
}

/** The cluster, if this Node-RED is set up for one; it begins with the first node. */
export function clusterOf(RED: NodeAPI): ClusterRuntime | undefined {
  const known = clusters.get(RED.events);
  if (known) return known;
  // What settings and environment say holds for as long as the process runs, and is read in a moment.
  if (!isConfigured(RED)) return undefined;
  const { startCluster } = require('./cluster-runtime') as typeof runtimePart;
  const made = startCluster(RED, () => clusters.delete(RED.events));
  clusters.set(RED.events, made);
  return made;
}

/** What a node may do now, as a part of its cluster; `undefined`: there is none, and it may do everything. */
export function dutyOf(RED: NodeAPI, node: Node): Duty | undefined {
  return clusterOf(RED)?.dutyOf(faceOf(node)?.real ?? node);
}

/** A node has been made: the cluster lasts as long as there are any. */
export function joinCluster(RED: NodeAPI, node: Node): void {
  clusterOf(RED)?.join(node);
}
