import { type FlowEntry, FlowSettings, isOwn } from './flow-settings';
import { partitionOf } from './partitions';
import type { Spread } from './settings';

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
 * by wires, links, a device's config node, a subflow, or a tab whose nodes use its context. A node for a whole account, or
 * whose device comes with the message, belongs to that account.
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
  for (const entry of entries) join(groups, known, entry);
  for (const tab of tabsWithContext(entries)) {
    for (const { id, z } of entries) if (z === tab) groups.join(tab, id);
  }
  const keys = groups.keys(own.map(({ id }) => id));
  const partitions = new Map([...keys].map(([id, key]) => [id, partitionOf(key)]));
  return {
    digest: settings.digestOfAll((id) => keys.get(id) ?? id),
    count: new Set(keys.values()).size,
    partitionOf: (id) => partitions.get(id) ?? partitionOf(groups.find(id)),
    settingsOf,
  };
}

function join(groups: Groups, known: ReadonlyMap<string, FlowEntry>, entry: FlowEntry): void {
  const { id, type, z, wires, links } = entry;
  if (Array.isArray(wires)) for (const to of (wires as unknown[]).flat()) joinTo(groups, known, id, to);
  if (Array.isArray(links)) for (const to of links as unknown[]) joinTo(groups, known, id, to);
  // A subflow's nodes run in each of its instances.
  if (type.startsWith('subflow:')) groups.join(id, type.slice('subflow:'.length));
  if (z !== undefined && known.get(z)?.type === 'subflow') groups.join(id, z);
  if (!isOwn(entry)) return;
  for (const [name, value] of Object.entries(entry)) {
    if (typeof value !== 'string' || value === id || name === 'z' || name === 'g') continue;
    const config = known.get(value);
    if (!config || !isOwn(config)) continue;
    if (!NOT_JOINING.has(config.type) || isOfWholeAccount(entry)) groups.join(id, value);
  }
}

function joinTo(groups: Groups, known: ReadonlyMap<string, FlowEntry>, id: string, to: unknown): void {
  if (typeof to === 'string' && known.has(to)) groups.join(id, to);
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

/** Tabs in which a node seems to use the flow's context: to join too much costs spread, and nothing else. */
function tabsWithContext(entries: readonly FlowEntry[]): Set<string> {
  const found = new Set<string>();
  for (const entry of entries) {
    const { z, type } = entry;
    if (z === undefined || found.has(z) || type === 'tab') continue;
    const text = JSON.stringify(entry);
    if (/\bflow\.(?:get|set|keys)\b|"flow"|\$flowContext|#:\(/.test(text)) found.add(z);
  }
  return found;
}

/** Sets that grow together. */
class Groups {
  private readonly parents = new Map<string, string>();

  find(id: string): string {
    let root = id;
    for (let up = this.parents.get(root); up !== undefined && up !== root; up = this.parents.get(root))
      root = up;
    // Ways are shortened, so that long chains are walked once.
    for (let one = id; one !== root;) {
      const up = this.parents.get(one) ?? root;
      this.parents.set(one, root);
      one = up;
    }
    return root;
  }

  join(a: string, b: string): void {
    const [one, other] = [this.find(a), this.find(b)];
    if (one !== other) this.parents.set(one, other);
  }

  /** What the set of each of these is known by: its first id, whatever the order in which it was joined. */
  keys(ids: readonly string[]): Map<string, string> {
    const first = new Map<string, string>();
    for (const id of ids) {
      const root = this.find(id);
      const before = first.get(root);
      if (before === undefined || id < before) first.set(root, id);
    }
    return new Map(ids.map((id) => [id, first.get(this.find(id)) ?? id]));
  }
}
