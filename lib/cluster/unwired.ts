import type { FlowEntry } from './flow-settings';
import type { Groups } from './groups';

/** Core nodes that hear of others without a wire. */
const HEARING = new Set(['catch', 'status', 'complete']);
/** A value that names an environment variable. */
const VARIABLE = /^\$[{(]/;
/** What uses the context of its flow, in a function, a setting or an expression. */
const USES_CONTEXT = /\bflow\.(?:get|set|keys)\b|"flow"|\$flowContext|#:\(/;

/**
 * Joins what has to do with one another without a wire: to join too much costs spread, and nothing else. What is joined too
 * little is lost without a word, because an instance alone gets the message then, and drops it as a copy.
 */
export function joinUnwired(
  groups: Groups,
  known: ReadonlyMap<string, FlowEntry>,
  entries: readonly FlowEntry[],
): void {
  const tabs = tabsWithContext(entries);
  /** groups of the editor all of whose nodes are heard */
  const around = new Set<string>();
  const callers: string[] = [];
  for (const entry of entries) {
    if (HEARING.has(entry.type) && entry.d !== true) {
      if (Array.isArray(entry.scope)) joinAll(groups, known, entry.id, entry.scope);
      else if (entry.type !== 'complete') (isForGroup(entry) ? around : tabs).add(placeOf(entry));
    }
    if (mayCallAny(entry)) callers.push(entry.id);
  }
  for (const { id, z, g } of entries) {
    if (z !== undefined && tabs.has(z)) groups.join(z, id);
    if (around.size === 0) continue;
    // A group hears what is in a group within it, too.
    const seen = new Set<string>();
    for (let up = g; up !== undefined && !seen.has(up); up = known.get(up)?.g) {
      seen.add(up);
      if (around.has(up)) groups.join(up, id);
    }
  }
  const [caller] = callers;
  if (caller === undefined) return;
  const called = entries.filter(({ type }) => type === 'link in').map(({ id }) => id);
  for (const id of [...callers, ...called]) groups.join(caller, id);
}

/** Joins a node with those of a list that are known. */
export function joinAll(
  groups: Groups,
  known: ReadonlyMap<string, FlowEntry>,
  id: string,
  list: readonly unknown[],
): void {
  for (const to of list) if (typeof to === 'string' && known.has(to)) groups.join(id, to);
}

/** One that lies in no group hears all of its tab. */
function isForGroup({ scope, g }: FlowEntry): boolean {
  return scope === 'group' && typeof g === 'string' && g !== '';
}

function placeOf(entry: FlowEntry): string {
  return (isForGroup(entry) ? entry.g : entry.z) ?? entry.id;
}

/** Its message says which *link in* gets it. */
function mayCallAny({ type, linkType, links, func }: FlowEntry): boolean {
  if (type === 'function') return typeof func === 'string' && func.includes('linkcall');
  if (type !== 'link call') return false;
  return linkType === 'dynamic' || [links].flat().some((to) => typeof to === 'string' && VARIABLE.test(to));
}

/** Tabs in which a node seems to use the flow's context, or one of a subflow in them does. */
function tabsWithContext(entries: readonly FlowEntry[]): Set<string> {
  const found = new Set<string>();
  /** subflows that use the context of where they stand */
  const reaching = new Set<string>();
  for (const entry of entries) {
    const { z, type } = entry;
    if (z === undefined || reaching.has(z) || type === 'tab') continue;
    const text = JSON.stringify(entry);
    if (!USES_CONTEXT.test(text)) continue;
    found.add(z);
    if (text.includes('$parent.')) reaching.add(z);
  }
  // Grows meanwhile: a subflow may stand in one that stands in a tab.
  for (const of of reaching) {
    for (const { type, z } of entries) {
      if (type !== `subflow:${of}` || z === undefined) continue;
      found.add(z);
      reaching.add(z);
    }
  }
  return found;
}
