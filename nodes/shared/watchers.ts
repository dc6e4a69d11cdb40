import type { Node, NodeAPI } from 'node-red';

/** What Node-RED keeps of each node of the flow file, as far as it decides who hears of an error. */
interface FlowEntry {
  id: string;
  type: string;
  /** tab or subflow */
  z?: string;
  /** group */
  g?: string;
  /** disabled */
  d?: boolean;
  /** Catch and Complete: ids of nodes, `group`, or nothing for all of the tab */
  scope?: unknown;
}

/** Subflows in subflows; deeper ones do not exist, but a broken flow file may name itself. */
const DEEPEST = 20;

/**
 * Whether a Catch or Complete node hears how a node's message ended. Node-RED does not tell; the flow file says it.
 * Where that is not certain, somebody listens.
 */
export function isWatched(RED: NodeAPI, node: Node): boolean {
  return isHeard(RED, node, ['catch', 'complete']);
}

/** Whether a Catch node hears of a node's errors; where that is not certain, one does. */
export function isCaught(RED: NodeAPI, node: Node): boolean {
  return isHeard(RED, node, ['catch']);
}

/** By the runtime's event bus: what is known of each node until the next deploy, by the types that may hear. */
const known = new WeakMap<object, WeakMap<Node, Map<string, boolean>>>();

/** Looking through all nodes for each of ten thousand errors would keep the runtime from its work. */
function isHeard(RED: NodeAPI, node: Node, types: readonly string[]): boolean {
  const { events } = RED;
  let nodes = known.get(events);
  if (!nodes) {
    nodes = new WeakMap();
    known.set(events, nodes);
    events.once('flows:started', () => known.delete(events));
  }
  const heard = nodes.get(node) ?? new Map<string, boolean>();
  nodes.set(node, heard);
  const by = types.join(' ');
  const answer = heard.get(by) ?? find(RED, node, types);
  heard.set(by, answer);
  return answer;
}

function find(RED: NodeAPI, node: Node, types: readonly string[]): boolean {
  const all = new Map<string, FlowEntry>();
  RED.nodes.eachNode((entry) => {
    all.set(entry.id, entry);
  });
  // Within a subflow a node has an id of its own; the flow file knows the one of the template.
  const { _alias: alias } = node as { _alias?: string };
  const own = all.get(alias ?? node.id);
  if (!own) return true;
  const watchers = [...all.values()].filter(({ type, d }) => types.includes(type) && d !== true);

  const isInGroup = (entry: FlowEntry, group: string | undefined): boolean => {
    if (group === undefined) return entry.g !== undefined;
    let inside = entry.g;
    for (let i = 0; inside !== undefined && i < DEEPEST; i++) {
      if (inside === group) return true;
      inside = all.get(inside)?.g;
    }
    return false;
  };
  const hears = (watcher: FlowEntry, entry: FlowEntry): boolean => {
    if (watcher.z !== entry.z) return false;
    if (Array.isArray(watcher.scope)) return watcher.scope.includes(entry.id);
    return watcher.scope === 'group' ? isInGroup(entry, watcher.g) : watcher.type === 'catch';
  };
  const isHeardAt = (entry: FlowEntry, depth: number): boolean => {
    if (depth > DEEPEST || watchers.some((watcher) => hears(watcher, entry))) return true;
    // What a subflow does not catch goes to the tab that holds it.
    return (
      entry.z !== undefined &&
      all.get(entry.z)?.type === 'subflow' &&
      [...all.values()].some(({ type, id, ...rest }) =>
        type === `subflow:${entry.z}` ? isHeardAt({ type, id, ...rest }, depth + 1) : false,
      )
    );
  };
  return isHeardAt(own, 0);
}
