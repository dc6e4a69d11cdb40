import type { Cluster } from '../../lib/cluster/cluster';
import type { ClusterSettings } from '../../lib/cluster/settings';
import type { DeviceError } from '../../lib/core/errors';
import { VERSION } from './version';

/** What this Node-RED itself tells of its part in a cluster. */
export interface OwnPart {
  /** the engine is lost to it */
  lost: boolean;
  /** the last failure of the engine */
  problem: DeviceError | undefined;
  units: number;
  nodes: number;
  nodesOwned: number;
}

const base = (): Record<string, unknown> => ({
  package: `node-red-contrib-energy-devices ${VERSION}`,
  time: new Date().toISOString(),
});

/** For the diagnostics where no cluster could be made of the settings. */
export function reportWithout(wrong: DeviceError | undefined): Record<string, unknown> {
  return { ...base(), problem: told(wrong) };
}

/** For the diagnostics: members, what is owned, hand-overs and what was left to others. No addresses and no secrets. */
export function reportOf(settings: ClusterSettings, cluster: Cluster, own: OwnPart): Record<string, unknown> {
  const { lease, commands, holder } = cluster;
  return {
    ...base(),
    name: settings.name,
    takeover: settings.lease / 1000,
    spread: settings.spread,
    whenLost: settings.whenLost,
    instance: settings.instance,
    holder,
    connected: cluster.engine.connected,
    lost: own.lost,
    actsAlone: lease.actsAlone,
    problem: told(own.problem),
    members: lease.members.map((member) => ({
      ...{ name: member.name, holder: member.holder, self: member.holder === holder, ready: member.ready },
      ...(member.lease === undefined ? {} : { takeover: member.lease / 1000 }),
      sameFlows: member.digest === lease.digestInForce,
      partitions: [...lease.owners].filter(([, owner]) => owner === member.holder).length,
    })),
    units: own.units,
    partitions: lease.partitions.length,
    nodes: own.nodes,
    nodesOwned: own.nodesOwned,
    handOvers: { ...lease.counts },
    copiesDropped: commands.dropped,
  };
}

/** By its kind alone: the words of a socket, or of the engine, name addresses. */
function told(error: DeviceError | undefined): Record<string, unknown> | null {
  if (!error) return null;
  const { code, reason, params } = error;
  const { setting, policy } = params;
  return {
    ...{ code, reason },
    ...(setting === undefined ? {} : { setting }),
    ...(policy === undefined ? {} : { policy }),
  };
}
