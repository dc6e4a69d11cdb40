import { isRecord, round } from '../core/values';
import type { CounterEvent } from '../energy/counter';
import { ReadingOrder } from '../energy/order';
import { type KeptEnergy, keptEnergy, notAhead, SentCounter, sumWith } from './counters';
import {
  type Component,
  componentOf,
  type DeviceDocument,
  documentOf,
  type DocumentContext,
  hasState,
} from './documents';
import type { Entity, StateValue } from './entity';
import { fitting, permissionsOf, renewed, steady } from './fitting';
import { CONNECTION, findEntity, isOwnKey, isPermitted } from './exports';
import type { Addition, DeviceIdentity, Observation, Permissions, TellsAvailable } from './observation';

/** What an observation has changed, so that somebody can decide what to send and when. */
export interface Change {
  document: boolean;
  values: boolean;
  /** at once */
  urgent: boolean;
  connection: boolean;
  counters: CounterEvent[];
}

interface Cell {
  value: StateValue;
  /** epoch ms of our own clock when a command's answer told it */
  answered?: number;
}

/** ms for which a reading from before an answer does not take the answer's place; longer, and the clocks differ. */
const ANSWER_HOLDS = 60_000;
/** ms after which a row of the past is no state. */
const LONG_PAST = 3_600_000;
/** Statuses in the seconds before it is known what was counted before. */
const MAX_EARLY = 100;
/** Entities of one device. */
const MAX_ENTITIES = 1000;
const MILLIWATTHOURS = 1_000_000;

export interface DeviceOptions {
  permissions: Permissions;
  /** W */
  largestPower: number;
}

/** One device as Home Assistant is to see it. It sends nothing and knows no time but what it is told. */
export class ExportedDevice {
  private readonly active = new Map<string, Entity>();
  private readonly own = new Map<string, Entity>();
  private readonly cells = new Map<string, Cell>();
  private readonly names = new Map<string, string>();
  private readonly quiet = new Set<string>();
  private readonly counters = new Map<string, SentCounter>();
  /** what the first statuses added, until it is known what there was before */
  private readonly early: Addition[] = [];
  private readonly order = new ReadingOrder();
  private energy: KeptEnergy = { counters: {}, sums: {} };
  private newestRow = -Infinity;
  private told: TellsAvailable | undefined;
  private previous: Record<string, Component> = {};
  readonly memory: Record<string, unknown> = {};
  /** values hold although nobody says them again */
  lasting = false;
  leftOut = 0;
  /** what is kept has changed in a way that a restart must not lose */
  energyIsNews = false;

  constructor(
    private identity: DeviceIdentity,
    private readonly options: DeviceOptions,
  ) {
    this.active.set(CONNECTION.key, CONNECTION);
  }

  get who(): DeviceIdentity {
    return this.identity;
  }

  get availability(): TellsAvailable | undefined {
    return this.told;
  }

  /** An entity that takes commands now. */
  commandable(key: string): Entity | undefined {
    const entity = this.active.get(key);
    return entity?.permission ? entity : undefined;
  }

  /** What a run before this one has published. */
  restore(document: DeviceDocument): void {
    this.previous = Object.fromEntries(
      Object.entries(document.components).filter(
        ([, component]) => isRecord(component) && Object.keys(component).length > 1,
      ),
    );
  }

  /** What a run before this one has counted. It comes before anything is announced, and perhaps after a reading. */
  restoreEnergy(value: unknown, now: number): void {
    this.energy = keptEnergy(value, now);
    this.counters.clear();
    for (const one of this.early.splice(0)) this.energy.sums[one.key] = sumWith(this.energy, one);
  }

  take(observation: Observation, now: number): Change {
    const change: Change = { document: false, values: false, urgent: false, connection: false, counters: [] };
    const { device, history, answer, addition } = observation;
    const time = observation.time === null ? null : notAhead(observation.time, now);
    if (addition) this.add({ ...addition, time: notAhead(addition.time, now) }, change);
    if (history && time !== null) {
      if (time <= this.newestRow || now - time > LONG_PAST) return change;
      this.newestRow = time;
    } else if (!answer && time !== null) {
      const { kind } = this.order.judge({ value: 0, time });
      if (kind === 'older') return change;
      this.order.accept(time);
    }
    this.identify(device, change);
    for (const entity of observation.extra ?? []) this.learn(entity, change);
    for (const [key, name] of Object.entries(observation.names ?? {})) {
      if (this.names.get(key) === name) continue;
      this.names.set(key, name);
      change.document = true;
    }
    for (const key of observation.quiet ?? []) if (!this.active.has(key)) this.quiet.add(key);
    Object.assign(this.memory, observation.memory);
    this.lasting ||= observation.lasting ?? false;
    this.leftOut = observation.leftOut ?? this.leftOut;
    for (const key of observation.also ?? []) this.activate(key, change);
    const at = answer || time === null ? now : time;
    for (const [key, value] of Object.entries(observation.values)) {
      this.put(key, value, { at, now, told: observation.time, answer: answer ?? false }, change);
    }
    if (observation.availability) this.setAvailability(observation.availability, change);
    return change;
  }

  private setAvailability(told: TellsAvailable, change: Change): void {
    const { told: before } = this;
    this.told = told;
    change.connection =
      before?.available !== told.available || before.code !== told.code || before.message !== told.message;
    change.urgent ||= change.connection && told.available;
  }

  /** A block that knows less than an earlier one does not take its place. */
  private identify(device: DeviceIdentity, change: Change): void {
    const { name, ...rest } = device;
    const named = name === device.id ? {} : { name };
    const next = { ...this.identity, ...rest, ...named };
    if (JSON.stringify(next) === JSON.stringify(this.identity)) return;
    this.identity = next;
    change.document = true;
  }

  private learn(entity: Entity, change: Change): void {
    if (!isPermitted(entity, this.options.permissions)) return;
    const known = this.own.get(entity.key);
    if (known && (!entity.described || JSON.stringify(known) === JSON.stringify(entity))) return;
    if (!known && this.own.size >= MAX_ENTITIES) return;
    this.own.set(entity.key, entity);
    if (!this.active.has(entity.key)) return;
    this.active.set(entity.key, entity);
    change.document = true;
  }

  private find(key: string): Entity | undefined {
    return this.own.get(key) ?? findEntity(this.identity.vendor, key, this.options.permissions);
  }

  private activate(key: string, change: Change): Entity | undefined {
    const known = this.active.get(key);
    if (known) return known;
    const found = this.find(key);
    if (!found || this.active.size >= MAX_ENTITIES) return undefined;
    this.active.set(key, found);
    // After a restart the retained document has it already; who compares documents finds no change then.
    change.document = true;
    return found;
  }

  private put(
    key: string,
    value: StateValue,
    { at, now, told, answer }: { at: number; now: number; told: number | null; answer: boolean },
    change: Change,
  ): void {
    const lazy = this.active.has(key) ? undefined : this.find(key)?.lazy;
    if (lazy && value === null) return;
    const entity = this.activate(key, change);
    if (!entity) return;
    if (entity.counter === 'meter') {
      const milliwattHours = typeof value === 'number' ? value * MILLIWATTHOURS : null;
      this.count(key, milliwattHours, { now, told }, change);
      return;
    }
    const before = this.cells.get(key);
    const held = before?.answered;
    if (!answer && held !== undefined && at < held && now - held < ANSWER_HOLDS) return;
    const next = steady(entity, before?.value ?? null, fitting(entity, value));
    this.cells.set(key, { value: next, ...(answer ? { answered: now } : {}) });
    if (before?.value === next) return;
    change.values = true;
    change.urgent ||= entity.urgent ?? false;
  }

  private count(
    key: string,
    value: number | null,
    { now, told }: { now: number; told: number | null },
    change: Change,
  ): void {
    let counter = this.counters.get(key);
    if (!counter) {
      counter = new SentCounter({ largestPower: this.options.largestPower }, this.energy.counters[key]);
      this.counters.set(key, counter);
    }
    const before = counter.kept;
    change.counters.push(...counter.take(value, now, told));
    const { kept } = counter;
    if (kept?.sent === before?.sent) return;
    change.values = true;
    this.energyIsNews ||= kept?.offset !== before?.offset;
  }

  private add(addition: Addition, change: Change): void {
    const { key } = addition;
    if (this.early.length < MAX_EARLY) this.early.push(addition);
    const next = sumWith(this.energy, addition);
    if (next === this.energy.sums[key]) return;
    this.energy.sums[key] = next;
    this.activate(key, change);
    this.energyIsNews = true;
    change.values = true;
  }

  private valueAt(key: string): StateValue {
    const kind = this.active.get(key)?.counter;
    if (kind === 'sum') {
      const sum = this.energy.sums[key]?.sum;
      return sum === undefined ? null : round(sum / 1000);
    }
    if (kind === 'meter') {
      const sent = this.counters.get(key)?.sent ?? this.energy.counters[key]?.sent ?? null;
      return sent === null ? null : round(sent / MILLIWATTHOURS);
    }
    return this.cells.get(key)?.value ?? null;
  }

  /** The state document: a value for each component, since a missing one keeps its old value without a word. */
  state(): string {
    const keys = new Set([...Object.keys(this.staying()), ...this.active.keys()]);
    const state: Record<string, StateValue> = {};
    for (const key of keys) {
      const entity = this.active.get(key) ?? this.staying()[key];
      if (entity && hasState({ key, platform: entity.platform as Entity['platform'] })) {
        state[key] = this.valueAt(key);
      }
    }
    return JSON.stringify(state);
  }

  /** What a restart must not lose. `undefined`: there is nothing */
  energyText(): string | undefined {
    for (const [key, counter] of this.counters) {
      const { kept } = counter;
      if (kept) this.energy.counters[key] = kept;
    }
    const { counters, sums } = this.energy;
    if (Object.keys(counters).length === 0 && Object.keys(sums).length === 0) return undefined;
    return JSON.stringify(this.energy);
  }

  /** Components of the last run that still have a meaning, without those that are known anew. */
  private staying(): Record<string, Component> {
    const { vendor } = this.identity;
    const { permissions } = this.options;
    const kept = Object.entries(this.previous).filter(([key, component]) => {
      if (this.active.has(key)) return false;
      if (isOwnKey(vendor, key)) return isPermitted(permissionsOf(key, component), permissions);
      return findEntity(vendor, key, permissions)?.platform === component.platform;
    });
    return Object.fromEntries(kept);
  }

  /**
   * The document, and one that goes before it where components have to be taken away.
   */
  documents(context: DocumentContext): { removing: DeviceDocument | undefined; document: DeviceDocument } {
    const components: Record<string, Component> = {};
    for (const [key, component] of Object.entries(this.staying())) {
      components[key] = renewed(component, key, context);
    }
    for (const [key, entity] of this.active) {
      const name = this.names.get(key);
      components[key] = componentOf(entity, context, { name, quiet: this.quiet.has(key) });
    }
    const gone = Object.entries(this.previous).filter(([key]) => !(key in components));
    // In one order whatever came first, so that a run after this one finds its document unchanged.
    const sorted = Object.fromEntries(Object.entries(components).sort(([a], [b]) => (a < b ? -1 : 1)));
    const document = documentOf(this.identity, sorted, context);
    if (gone.length === 0) return { removing: undefined, document };
    const taken = Object.fromEntries(gone.map(([key, { platform }]) => [key, { platform }]));
    return { removing: { ...document, components: { ...components, ...taken } }, document };
  }

  /** The document was published. */
  published({ components }: DeviceDocument): void {
    this.previous = components;
  }
}
