import type { Clock } from '../core/clock';
import type { CounterEvent } from '../energy/counter';
import { AlertChanges } from './alerts';
import { ExportedDevice } from './device';
import type { DeviceDocument, DocumentContext } from './documents';
import type { DeviceTopics } from './ids';
import type { Observation } from './observation';
import { textValue } from './values';
import { Turn } from './turn';

/** A message to the broker. */
export interface Publication {
  topic: string;
  payload: string;
  retain: boolean;
  qos: 0 | 1;
  /** s after which the broker forgets it, where it can */
  expiry?: number;
}

/** What the publisher of a device needs around it. */
export interface Surroundings {
  clock: Clock;
  /** whether the broker takes messages now; what is published else is lost */
  isConnected: () => boolean;
  /** monotonic time from which on it is known what the broker has kept */
  readyAt: () => number;
  publish: (publication: Publication) => void;
  context: (device: ExportedDevice) => DocumentContext;
  /** ms between two states of a device */
  every: number;
  /** s, see `DocumentContext` */
  watch: number;
  /** of this node, in what it publishes */
  instance: string;
  counterEvents: (events: readonly CounterEvent[]) => void;
  /** monotonic time from which on a document may go out: of many devices not all at once */
  slot: () => number;
  /** the device has been announced */
  announced: () => void;
}

/** ms in which a device's first messages are collected, and changes of its document. */
const COLLECT = 2000;
/** ms between taking a component away and the document without it; and between a document and the first event. */
const APART = 2000;
/** ms between two writes of counters that nothing urgent asks for. */
const SAVE_EVERY = 300_000;
const MAX_EVENTS = 20;
const LONGEST_EVENT = 20_000;

/** Tells Home Assistant of one device, when there is something to tell and not more often than it should. */
export class DevicePublisher {
  readonly device: ExportedDevice;
  private readonly announcing: Turn;
  private readonly telling: Turn;
  private readonly repeating: Turn;
  private readonly emitting: Turn;
  private announcedText: string | undefined;
  /** the document of a run before this one */
  private retained: string | undefined;
  private stateText: string | undefined;
  private energyText: string | undefined;
  private energyAt = -Infinity;
  /** monotonic: when the next state that is not urgent may go out */
  private stateFrom = -Infinity;
  private heard = -Infinity;
  private silent = false;
  private readonly alerts = new AlertChanges();
  private events: string[] = [];
  private eventsFrom = Infinity;
  private withoutOld = false;
  private slot: number | undefined;
  private ended = false;
  /** the user has taken the device out of Home Assistant */
  private isRemoved = false;

  constructor(
    observation: Observation,
    readonly topics: DeviceTopics,
    options: ConstructorParameters<typeof ExportedDevice>[1],
    private readonly around: Surroundings,
  ) {
    const { clock } = around;
    this.device = new ExportedDevice(observation.device, options);
    this.announcing = new Turn(clock, () => this.announce());
    this.telling = new Turn(clock, () => this.tellState());
    this.repeating = new Turn(clock, () => this.repeat());
    this.emitting = new Turn(clock, () => this.emit());
  }

  get isAnnounced(): boolean {
    return this.announcedText !== undefined;
  }

  get removed(): boolean {
    return this.isRemoved;
  }

  /** What the broker has kept of a run before this one. */
  restore(document: DeviceDocument | undefined, text: string | undefined, energy: unknown): void {
    if (document) this.device.restore(document);
    if (energy !== undefined) this.device.restoreEnergy(energy, this.around.clock.now());
    if (text !== undefined) this.retained = text;
  }

  take(observation: Observation): void {
    if (this.isRemoved) return;
    const { clock } = this.around;
    const now = clock.monotonic();
    this.heard = now;
    const change = this.device.take(observation, clock.now());
    if (change.counters.length > 0) this.around.counterEvents(change.counters);
    if (this.silent && !this.device.availability) change.connection = true;
    this.silent = false;
    if (observation.event) this.addEvent(observation.event);
    if (observation.alerts) for (const event of this.alerts.take(observation.alerts)) this.addEvent(event);
    if (change.document || !this.isAnnounced) this.announceSoon(now + COLLECT);
    if (!this.isAnnounced) return;
    if (change.connection) this.tellConnection();
    if (change.urgent) this.tellState(observation.answer ? 1 : 0);
    else if (change.values) this.telling.at(Math.max(now, this.stateFrom));
    this.repeatLater();
  }

  /** The document goes out once more if it has changed: a device that it belongs to is known now. */
  reconsider(): void {
    if (this.isAnnounced) this.announceSoon(this.around.clock.monotonic() + COLLECT);
  }

  private announceSoon(at: number): void {
    this.announcing.at(Math.max(at, this.around.readyAt()));
  }

  private announce(): void {
    if (this.ended || this.isRemoved || !this.around.isConnected()) return;
    const { clock } = this.around;
    const slot = (this.slot ??= this.around.slot());
    if (slot > clock.monotonic()) {
      this.announcing.at(slot);
      return;
    }
    this.slot = undefined;
    const { removing, document } = this.device.documents(this.around.context(this.device));
    if (removing && !this.withoutOld) {
      this.withoutOld = true;
      this.config(JSON.stringify(removing));
      this.announcing.at(clock.monotonic() + APART);
      return;
    }
    this.withoutOld = false;
    const text = JSON.stringify(document);
    const first = !this.isAnnounced;
    const same = text === (first ? this.retained : this.announcedText);
    this.announcedText = text;
    this.device.published(document);
    if (!same) this.config(text);
    this.eventsFrom = Math.max(clock.monotonic() + APART, first ? 0 : this.eventsFrom);
    if (first || !same) this.tellAll();
    if (first) this.around.announced();
    if (this.events.length > 0) this.emitting.at(this.eventsFrom);
  }

  private config(payload: string): void {
    this.around.publish({ topic: this.topics.config, payload, retain: true, qos: 1 });
  }

  /** Availability, connection and state, for a Home Assistant or a broker that knows nothing of them. */
  tellAll(): void {
    if (!this.isAnnounced || this.isRemoved) return;
    this.tellConnection();
    this.stateText = undefined;
    this.energyText = undefined;
    this.tellState(0);
  }

  /** The same with the document, for a broker that has lost what it kept. */
  tellAnew(): void {
    if (this.isRemoved) return;
    if (this.announcedText === undefined) {
      this.announceSoon(this.around.clock.monotonic());
      return;
    }
    this.config(this.announcedText);
    this.eventsFrom = this.around.clock.monotonic() + APART;
    this.tellAll();
    if (this.events.length > 0) this.emitting.at(this.eventsFrom);
  }

  private get available(): boolean {
    return this.device.availability ? this.device.availability.available : !this.silent;
  }

  private tellConnection(): void {
    const { availability } = this.device;
    const expiry = this.expiry;
    const { topics } = this;
    const payload = this.available ? 'online' : 'offline';
    this.around.publish({ topic: topics.availability, payload, retain: true, qos: 1, ...expiry });
    this.around.publish({
      topic: topics.connection,
      payload: this.connection(availability),
      retain: true,
      qos: 1,
    });
    this.repeatLater();
  }

  private connection(told: ExportedDevice['availability']): string {
    const { code = null, message = null, since = null } = told ?? {};
    const state = this.available ? 'ON' : 'OFF';
    return JSON.stringify({ state, code, message, since, instance: this.around.instance });
  }

  private get expiry(): { expiry?: number } {
    return this.around.watch > 0 ? { expiry: this.around.watch } : {};
  }

  private tellState(qos: 0 | 1 = 0): void {
    if (this.ended || !this.isAnnounced || this.isRemoved || !this.around.isConnected()) return;
    const payload = this.device.state();
    const saved = this.saveEnergy();
    if (payload === this.stateText) return;
    this.stateText = payload;
    this.around.publish({ topic: this.topics.state, payload, retain: true, qos, ...this.expiry });
    this.telling.cancel();
    this.stateFrom = this.around.clock.monotonic() + this.around.every * (saved ? 2 : 1);
  }

  private saveEnergy(always = false): boolean {
    const now = this.around.clock.monotonic();
    const { device } = this;
    if (!always && !device.energyIsNews && now - this.energyAt < SAVE_EVERY) return false;
    const text = device.energyText();
    device.energyIsNews = false;
    if (text === undefined || text === this.energyText) return false;
    this.energyAt = now;
    this.energyText = text;
    this.around.publish({ topic: this.topics.energy, payload: text, retain: true, qos: 1 });
    return true;
  }

  private repeatLater(): void {
    const { watch, clock } = this.around;
    if (watch > 0 && !this.repeating.isPlanned) this.repeating.at(clock.monotonic() + (watch * 1000) / 3);
  }

  /** Says again what still holds, and what nobody says any more. */
  private repeat(): void {
    if (this.ended || this.isRemoved || !this.isAnnounced) return;
    const { clock, watch } = this.around;
    const { availability, lasting } = this.device;
    if (!availability && !lasting && clock.monotonic() - this.heard >= watch * 1000) {
      // Nobody tells whether it is there, and nothing has come for long.
      if (this.silent) return;
      this.silent = true;
      if (this.around.isConnected()) this.tellConnection();
      return;
    }
    this.repeatLater();
    if (!this.around.isConnected()) return;
    this.around.publish({
      ...{ topic: this.topics.availability, payload: this.available ? 'online' : 'offline' },
      ...{ retain: true, qos: 1, ...this.expiry },
    });
    // Only who is told to be there may say an old value again as one that holds.
    if (!(availability ? availability.available : lasting)) return;
    this.stateText = undefined;
    this.tellState();
    this.stateFrom += this.around.every;
  }

  private addEvent(event: Readonly<Record<string, unknown>>): void {
    const short = Object.fromEntries(
      Object.entries(event).map(([key, value]) => [
        key,
        typeof value === 'string' ? (textValue(value) ?? '') : value,
      ]),
    );
    const text = JSON.stringify(short);
    if (text.length > LONGEST_EVENT) return;
    // The newest are worth more, should a device begin with a backlog.
    this.events = [...this.events, text].slice(-MAX_EVENTS);
    if (this.isAnnounced) this.emitting.at(Math.max(this.eventsFrom, this.around.clock.monotonic()));
  }

  private emit(): void {
    if (this.ended || this.isRemoved || !this.around.isConnected()) return;
    for (const payload of this.events.splice(0)) {
      this.around.publish({ topic: this.topics.event, payload, retain: false, qos: 1 });
    }
  }

  /** The broker has lost this run's and the last run's word: the user has removed the device. */
  remove(): void {
    this.isRemoved = true;
    this.end();
    for (const { topic } of emptied(this.topics).slice(1)) {
      this.around.publish({ topic, payload: '', retain: true, qos: 1 });
    }
  }

  /** Stops, and says what is true once nobody speaks any more. @param gone the device is to leave Home Assistant */
  close(gone: boolean): void {
    const { isAnnounced, ended } = this;
    this.end();
    if (ended || !isAnnounced || this.isRemoved || !this.around.isConnected()) return;
    if (gone) {
      for (const empty of emptied(this.topics)) this.around.publish(empty);
      return;
    }
    this.saveEnergy(true);
    this.around.publish({ topic: this.topics.availability, payload: 'offline', retain: true, qos: 1 });
  }

  private end(): void {
    this.ended = true;
    for (const turn of [this.announcing, this.telling, this.repeating, this.emitting]) turn.cancel();
  }
}

/** What takes a device out of Home Assistant, and everything of it out of the broker; the document goes first. */
export function emptied({ config, availability, state, connection, energy }: DeviceTopics): Publication[] {
  return [config, availability, state, connection, energy].map((topic) => ({
    ...{ topic, payload: '', retain: true, qos: 1 },
  }));
}
