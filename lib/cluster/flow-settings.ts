import { createHash } from 'node:crypto';

import { isRecord } from '../core/values';

/** A node as the flow file has it, as far as it is looked at. */
export interface FlowEntry {
  id: string;
  type: string;
  z?: string;
  /** of its group */
  g?: string;
  /** a node that is disabled */
  d?: boolean;
  /** a tab that is disabled */
  disabled?: boolean;
  wires?: unknown;
  links?: unknown;
  [setting: string]: unknown;
}

/** All types of this package begin like one of these. */
const OWN =
  /^(?:(?:poweropti|powersentrix|ups|powercontroller|powerflex|enapter|energy)-|(?:charging-report|grid-event-log|home-assistant-device|cluster-gate)$)/;
/** What holds nodes, and of which the environment alone reaches them. */
const CONTAINERS = new Set(['tab', 'subflow', 'group', 'global-config']);
/** What is for people alone, or where a node lies, and what is told of it in another way; credentials stay where they are. */
const EDITORIAL = new Set([
  ...['id', 'type', 'name', 'info', 'icon', 'inputLabels', 'outputLabels', 'credentials'],
  ...['x', 'y', 'w', 'h', 'l', 'z', 'g', 'd', 'wires'],
]);
/** A value that names an environment variable. */
const NAMES_VARIABLE = /\$[{(]/;
/** What may be the id of a node, also within JSON or an expression. */
const WORD = /[\w.-]+/g;

export function isOwn({ type }: FlowEntry): boolean {
  return OWN.test(type);
}

/**
 * What the nodes of this package do by a flow file: their settings, those of the config nodes that they name, such as a broker,
 * and what a variable in them may mean in the file itself. They are compared as they are written, so that an environment
 * variable may have another value on each machine; and they leave this process as a digest alone.
 */
export class FlowSettings {
  /** those of this package that run */
  readonly own: readonly FlowEntry[];
  private readonly known: ReadonlyMap<string, FlowEntry>;
  /** of each subflow, those that run */
  private readonly instances = new Map<string, FlowEntry[]>();
  private readonly globals: readonly FlowEntry[];
  /** by place */
  private readonly variables = new Map<string, readonly string[]>();

  constructor(entries: readonly FlowEntry[]) {
    this.known = new Map(entries.map((entry) => [entry.id, entry]));
    for (const entry of entries) {
      if (!entry.type.startsWith('subflow:') || !this.runs(entry)) continue;
      const of = entry.type.slice('subflow:'.length);
      const list = this.instances.get(of);
      if (list) list.push(entry);
      else this.instances.set(of, [entry]);
    }
    this.globals = entries.filter(({ type }) => type === 'global-config');
    this.own = entries.filter((entry) => isOwn(entry) && this.runs(entry));
  }

  /** @param note what else is told of a node */
  digestOfAll(note: (id: string) => string): string {
    return this.digest(this.own, note);
  }

  /** Of one node; empty: it does not run. */
  digestOf(id: string): string {
    const entry = this.known.get(id);
    return entry && this.runs(entry) ? this.digest([entry]) : '';
  }

  /** Words in whatever may give a variable in it a value; none where it names no variable. */
  variablesOf(entry: FlowEntry): readonly string[] {
    if (!Object.values(entry).some((value) => typeof value === 'string' && NAMES_VARIABLE.test(value)))
      return [];
    const place = JSON.stringify([entry.z, entry.g]);
    const before = this.variables.get(place);
    if (before) return before;
    const around = new Set([...this.globals, ...this.around(entry)]);
    // Grows meanwhile: what is around a group, and around each instance of a subflow.
    for (const one of around) for (const next of this.around(one)) around.add(next);
    const texts = [...around].flatMap(({ env }) => textsIn(env));
    const words = texts.flatMap((text) => text.match(WORD) ?? []);
    this.variables.set(place, words);
    return words;
  }

  private runs({ d, z }: FlowEntry): boolean {
    return d !== true && (z === undefined || this.known.get(z)?.disabled !== true);
  }

  private digest(of: readonly FlowEntry[], note: (id: string) => string = () => ''): string {
    const found = new Set<FlowEntry>();
    for (const entry of of) this.gather(entry, found);
    const hash = createHash('sha256');
    for (const entry of [...found].sort(byId)) {
      const { id, type } = entry;
      const told = isOwn(entry) ? note(id) : '';
      hash.update(`${JSON.stringify([id, type, told, settingsOf(entry)])}\n`);
    }
    return hash.digest('hex').slice(0, 16);
  }

  private gather(entry: FlowEntry, found: Set<FlowEntry>): void {
    if (found.has(entry) || !this.runs(entry)) return;
    found.add(entry);
    let namesVariable = false;
    for (const text of textsIn(settingsOf(entry))) {
      namesVariable ||= NAMES_VARIABLE.test(text);
      const named = this.known.get(text);
      // Config nodes have no wires.
      if (named && named.wires === undefined && !CONTAINERS.has(named.type)) this.gather(named, found);
    }
    for (const instance of this.instancesAround(entry)) this.gather(instance, found);
    if (namesVariable) this.gatherAround(entry, found);
  }

  /** Whatever may give a variable in it a value. */
  private gatherAround(entry: FlowEntry, found: Set<FlowEntry>): void {
    const around = [entry.g, entry.z].map((id) => (id === undefined ? undefined : this.known.get(id)));
    for (const container of [...around, ...this.globals]) {
      if (!container || found.has(container)) continue;
      found.add(container);
      this.gatherAround(container, found);
      for (const instance of this.instances.get(container.id) ?? []) this.gatherAround(instance, found);
    }
  }

  /** Where it stands, and the instances of a subflow that stands around others. */
  private around({ id, g, z }: FlowEntry): readonly FlowEntry[] {
    const places = [g, z].map((place) => (place === undefined ? undefined : this.known.get(place)));
    return [...places.filter((place) => place !== undefined), ...(this.instances.get(id) ?? [])];
  }

  private instancesAround({ z }: FlowEntry): readonly FlowEntry[] {
    return (z === undefined ? undefined : this.instances.get(z)) ?? [];
  }
}

function byId(a: FlowEntry, b: FlowEntry): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

function settingsOf(entry: FlowEntry): unknown {
  const { env } = entry;
  const isEmpty = !Array.isArray(env) || env.length === 0;
  if (CONTAINERS.has(entry.type)) return isEmpty ? {} : sorted({ env });
  return sorted(
    Object.fromEntries(
      Object.entries(entry).filter(([name]) => !EDITORIAL.has(name) && !(name === 'env' && isEmpty)),
    ),
  );
}

/** The same whatever the order in which it was written. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return (value as unknown[]).map(sorted);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((name) => [name, sorted(value[name])]),
  );
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
