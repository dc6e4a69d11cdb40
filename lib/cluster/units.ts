import { type FlowEntry, FlowSettings, isOwn } from './flow-settings';
import { Groups } from './groups';
import { partitionOf } from './partitions';
import type { Spread } from './settings';
import { joinAll, joinUnwired } from './unwired';

/** Which nodes belong together. */
export interface Units {
  /** of all of them, with their settings: members whose flow files differ are told by it */
  readonly digest: string;
  readonly count: number;
  /** @param id of a node, or of its template within a subflow */
  partitionOf(id: string): number;
  /** By what a node does the same as its copy elsewhere is told; empty: there is none that runs. */
  settingsOf(id: string): string;
}

/** Nodes of this package that hold no device of their own: what uses one of them alone has nothing in common with others. */
const NOT_JOINING = new Set([
  'powersentrix-account',
  'powercontroller-account',
  'enapter-account',
  'ups-receiver',
  'cluster-gate',
]);
/**
 * The units of a flow file. With `none` all of it is one: one instance is active. With `flow` what is connected stays together:
 * by wires, links, a device's config node, a subflow, a tab whose nodes use its context, or what one of them hears of others
 * without a wire. A node for a whole account, or whose device comes with the message, belongs to that account.
 */
export function unitsOf(entries: readonly FlowEntry[], spread: Spread): Units {
  const settings = new FlowSettings(entries);
  const settingsOf = (id: string): string => settings.digestOf(id);
  const { own } = settings;
  if (spread === 'none') {
    const digest = settings.digestOfAll(() => '');
    return { digest, count: own.length === 0 ? 0 : 1, partitionOf: () => 0, settingsOf };
  }
  const groups = new Groups();
  const known = new Map(entries.map((entry) => [entry.id, entry]));
  for (const entry of entries) join(groups, known, entry, settings);
  joinUnwired(groups, known, entries);
  const keys = groups.keys(own.map(({ id }) => id));
  const partitions = new Map([...keys].map(([id, key]) => [id, partitionOf(key)]));
  return {
    digest: settings.digestOfAll((id) => keys.get(id) ?? id),
    count: new Set(keys.values()).size,
    partitionOf: (id) => partitions.get(id) ?? partitionOf(groups.find(id)),
    settingsOf,
  };
}

function join(
  groups: Groups,
  known: ReadonlyMap<string, FlowEntry>,
  entry: FlowEntry,
  settings: FlowSettings,
): void {
  const { id, type, z, wires, links } = entry;
  if (Array.isArray(wires)) joinAll(groups, known, id, (wires as unknown[]).flat());
  joinAll(groups, known, id, [links].flat());
  // A subflow's nodes run in each of its instances.
  if (type.startsWith('subflow:')) groups.join(id, type.slice('subflow:'.length));
  if (z !== undefined && known.get(z)?.type === 'subflow') groups.join(id, z);
  if (!isOwn(entry)) return;
  const named = Object.entries(entry)
    .filter(([name]) => name !== 'z' && name !== 'g')
    .map(([, value]) => value);
  for (const value of [...named, ...settings.variablesOf(entry)]) {
    if (typeof value !== 'string' || value === id) continue;
    const config = known.get(value);
    if (!config || !isOwn(config)) continue;
    if (!NOT_JOINING.has(config.type) || isOfWholeAccount(entry)) groups.join(id, value);
  }
}

/** Its device comes with the message, or it is for all of them. */
function isOfWholeAccount({ type, scope, deviceId, operation }: FlowEntry): boolean {
  // A config node of one device names its account for the way to it.
  if (type === 'ups-device' || type === 'enapter-connection') return false;
  if (type === 'ups-status' || type === 'ups-events') return scope === 'account' || scope === 'receiver';
  return (
    typeof deviceId !== 'string' || deviceId.trim() === '' || operation === 'watchAll' || operation === 'list'
  );
}
