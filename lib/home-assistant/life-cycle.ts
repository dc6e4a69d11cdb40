import { DeviceError, invalidInput } from '../core/errors';
import type { ExportedDevice } from './device';
import type { DocumentContext } from './documents';
import { type ExportMessage, readMessage } from './exports';
import type { HeardCommand } from './heard-commands';
import { commandTopics, deviceName, slugOf, topicsOf } from './ids';
import { CommandIntake } from './intake';
import { KeptDevices, type StaleDevice } from './kept';
import type { Observation } from './observation';
import type { ExportNotice, ExportOptions, ExportPort, ExportSubscription } from './port';
import { Presence } from './presence';
import { DevicePublisher, emptied, type Surroundings } from './publisher';

/** ms in which the broker tells what it has kept. */
const READ_BACK = 2000;
/** Messages a second when all devices are told again. */
const PER_SECOND = 20;
const MESSAGES_A_DEVICE = 5;
/** ms between two devices of many */
const STEP = (1000 / PER_SECOND) * MESSAGES_A_DEVICE;
/** Devices that are announced without waiting for each other. */
const AT_ONCE = 10;
const MAX_DEVICES = 2000;
const LONGEST_DOCUMENT = 2_000_000;

/** All devices of one node, from the first reading to the node's end. */
export class HomeAssistantExport {
  private readonly publishers = new Map<string, DevicePublisher>();
  private readonly kept: KeptDevices;
  private readonly intake: CommandIntake;
  private readonly presence: Presence;
  private readonly told = new Set<string>();
  private spreading: (() => void)[] = [];
  private wasConnected = false;
  private readyAt = Infinity;
  private nextSlot = -Infinity;
  private closed = false;

  constructor(
    private readonly options: ExportOptions,
    private readonly port: ExportPort,
  ) {
    this.intake = new CommandIntake(options.roots.root, port, (device) => this.publishers.get(device));
    this.presence = new Presence(port);
    this.kept = new KeptDevices(options.roots);
  }

  subscriptions(): ExportSubscription[] {
    const { roots, birth, permissions } = this.options;
    const { prefix, root } = roots;
    const presence = this.port.presence()?.topic;
    return [
      { topic: `${prefix}/device/+/config`, kind: 'config' },
      { topic: `${root}/+/connection`, kind: 'connection' },
      { topic: `${root}/+/energy`, kind: 'energy' },
      { topic: birth, kind: 'birth' },
      ...(presence === undefined || presence === birth
        ? []
        : ([{ topic: presence, kind: 'presence' }] as const)),
      ...(permissions.size > 0 ? ([{ topic: commandTopics(roots), kind: 'command' }] as const) : []),
    ];
  }

  /** @returns devices that are told, those that the user has removed, and those that are known but not heard of */
  get counts(): { devices: number; removed: number; stale: number } {
    const all = [...this.publishers.values()];
    const removed = all.filter((one) => one.removed).length;
    return { devices: all.length - removed, removed, stale: this.stale().filter(({ own }) => own).length };
  }

  /** @throws DeviceError INVALID_INPUT, or CONFLICT where another node tells of the device */
  take(message: ExportMessage): void {
    const observations = readMessage(message, this.port.clock.now());
    for (const one of observations) this.takeOne(one);
  }

  private takeOne(observation: Observation): void {
    const device = deviceName(observation.device);
    let publisher = this.publishers.get(device);
    if (!publisher) {
      const { values, also, event, availability } = observation;
      // A message that says nothing of it makes no device.
      const empty = Object.keys(values).length === 0 && !event && !availability && !also;
      if (empty && observation.extra === undefined) return;
      publisher = this.begin(device, observation);
    }
    publisher.take(observation);
    const { leftOut = 0 } = observation;
    if (leftOut > 0) this.tellOnce({ kind: 'leftOut', name: observation.device.name, count: leftOut });
  }

  private begin(device: string, observation: Observation): DevicePublisher {
    if (this.publishers.size >= MAX_DEVICES) {
      throw invalidInput('One node tells of 2000 devices at the most.', 'homeAssistantTooMany');
    }
    if (!this.port.claim(device)) {
      throw new DeviceError('CONFLICT', 'Another node tells Home Assistant of this device.', {
        reason: 'homeAssistantClaimed',
        sent: false,
      });
    }
    const { roots, permissions, largestPower } = this.options;
    const publisher = new DevicePublisher(
      observation,
      topicsOf(roots, device),
      { permissions, largestPower },
      this.surroundings(device),
    );
    const kept = this.kept.get(device);
    if (kept) publisher.restore(kept.document, kept.text, kept.energy);
    this.publishers.set(device, publisher);
    this.port.changed();
    return publisher;
  }

  private surroundings(device: string): Surroundings {
    const { clock, isConnected, publish, notice } = this.port;
    const { every, watch, instance } = this.options;
    return {
      ...{ clock, isConnected, publish, every, watch, instance },
      readyAt: () => this.readyAt,
      context: (exported) => this.context(device, exported),
      counterEvents: (events) => {
        for (const event of events) notice({ kind: 'counter', event });
      },
      slot: () => this.slot(),
      announced: () => this.announced(device),
    };
  }

  /** Some documents go out at once, and of more one each step: Home Assistant makes all their entities. */
  private slot(): number {
    this.nextSlot = Math.max(this.nextSlot, this.port.clock.monotonic() - AT_ONCE * STEP) + STEP;
    return this.nextSlot;
  }

  private context(device: string, exported: ExportedDevice): DocumentContext {
    const { roots, version, watch, words } = this.options;
    const via = this.parentOf(device, exported);
    return {
      ...{ device, version, watch, words, topics: topicsOf(roots, device) },
      presence: this.port.presence(),
      slug: this.slugFor(device, exported),
      ...(via === undefined ? {} : { via }),
    };
  }

  /** A device that an unknown one is said to belong to would be made empty by Home Assistant. */
  private parentOf(device: string, { who: { via } }: ExportedDevice): string | undefined {
    if (via === undefined) return undefined;
    const found = [...this.publishers].find(
      ([name, publisher]) => name !== device && publisher.device.who.id === via && publisher.isAnnounced,
    );
    return found?.[0];
  }

  private announced(device: string): void {
    const id = this.publishers.get(device)?.device.who.id;
    for (const publisher of this.publishers.values()) {
      if (publisher.device.who.via === id) publisher.reconsider();
    }
    this.intake.announced(device);
    this.port.changed();
  }

  private readonly slugs = new Map<string, string>();

  /** A name in entity ids: the one that the device has already, and none that another one of this node has. */
  private slugFor(device: string, { who: { name } }: ExportedDevice): string {
    const known = this.slugs.get(device) ?? this.kept.slugOf(device);
    const slug = known ?? slugOf(name);
    const own = slugOf(device);
    const taken = [...this.slugs].some(([other, one]) => other !== device && one === slug);
    const found = slug === '' ? own : taken ? `${slug}_${own}` : slug;
    this.slugs.set(device, found);
    return found;
  }

  /** The broker takes messages. What it has kept it tells now, to those who have subscribed. */
  connected(): void {
    if (this.closed) return;
    const now = this.port.clock.monotonic();
    const again = this.wasConnected;
    this.wasConnected = true;
    // What a run before this one has left is worth waiting for, once.
    if (!again) {
      this.readyAt = now + READ_BACK;
      this.port.clock.after(READ_BACK, () => this.port.changed());
    }
    this.spread((publisher) => publisher.tellAnew());
  }

  disconnected(): void {
    for (const cancel of this.spreading.splice(0)) cancel();
  }

  /** Home Assistant has started. */
  private born(): void {
    const wait = 1000 + this.port.clock.random() * 4000;
    this.spread((publisher) => publisher.tellAll(), wait);
  }

  private spread(tell: (publisher: DevicePublisher) => void, from = 0): void {
    this.disconnected();
    [...this.publishers.values()].forEach((publisher, i) => {
      const work = (): void => {
        if (!this.closed && this.port.isConnected()) tell(publisher);
      };
      this.spreading.push(this.port.clock.after(from + i * STEP, work));
    });
  }

  /** A message that a subscription of ours brings. */
  received(kind: ExportSubscription['kind'], topic: string, payload: string, retained: boolean): void {
    if (this.closed || payload.length > LONGEST_DOCUMENT) return;
    switch (kind) {
      case 'config':
        this.receivedConfig(topic, payload);
        break;
      case 'connection':
        this.receivedConnection(topic, payload, retained);
        break;
      case 'energy':
        this.receivedEnergy(topic, payload, retained);
        break;
      case 'birth':
        if (payload === 'online') this.born();
        break;
      case 'presence':
        this.presence.heard(payload);
        break;
      case 'command':
        // A command that is kept would be carried out with each connection.
        if (!retained) this.intake.received(topic, payload);
        break;
    }
  }

  private receivedConfig(topic: string, payload: string): void {
    const device = this.kept.documented(topic);
    if (device === undefined) return;
    const publisher = this.publishers.get(device);
    if (payload === '') {
      this.kept.delete(device);
      // None of ours: those are published at the end, or of devices that nothing is heard of.
      if (publisher?.isAnnounced && !publisher.removed) {
        publisher.remove();
        this.port.notice({ kind: 'removed', name: publisher.device.who.name });
      }
    } else {
      // Of what we announce ourselves we know more than an echo tells.
      if (publisher?.isAnnounced) return;
      const document = this.kept.addDocument(device, payload);
      if (document) publisher?.restore(document, payload, undefined);
    }
    this.port.changed();
  }

  private receivedConnection(topic: string, payload: string, retained: boolean): void {
    const device = this.kept.told(topic);
    const instance = device === undefined ? undefined : this.kept.addConnection(device, payload);
    if (device === undefined || instance === undefined) return;
    const publisher = this.publishers.get(device);
    if (!retained && publisher && !publisher.removed && instance !== this.options.instance) {
      this.tellOnce({ kind: 'twoPublishers', name: publisher.device.who.name });
    }
    this.port.changed();
  }

  private receivedEnergy(topic: string, payload: string, retained: boolean): void {
    const device = this.kept.told(topic);
    const publisher = device === undefined ? undefined : this.publishers.get(device);
    if (device === undefined || !retained || payload === '' || publisher?.isAnnounced) return;
    const energy = this.kept.addEnergy(device, payload);
    publisher?.restore(undefined, undefined, energy);
  }

  /** The broker's connection stood before this one began, so it says no first word of its own. */
  stoodBefore(): void {
    this.presence.tell();
  }

  /** Commands that came before this one owned the devices, and that nobody has begun. */
  takeUp(commands: readonly HeardCommand[]): void {
    for (const one of commands) this.intake.take(one);
  }

  private tellOnce(notice: ExportNotice & { name: string }): void {
    const key = `${notice.kind} ${notice.name}`;
    if (this.told.has(key) || this.told.size >= MAX_DEVICES) return;
    this.told.add(key);
    this.port.notice(notice);
  }

  /** Documents of this package that the broker keeps of devices that nothing has been heard of since the start. */
  stale(): StaleDevice[] {
    if (this.port.clock.monotonic() < this.readyAt) return [];
    return this.kept.stale((device) => this.publishers.has(device), this.options.instance);
  }

  /**
   * Takes stale devices of this node out of Home Assistant and the broker.
   *
   * @param wanted those that the user has seen
   * @returns how many were taken away
   */
  removeStale(wanted: readonly string[]): number {
    if (!this.port.isConnected()) return 0;
    const found = this.stale().filter(({ device, own }) => own && wanted.includes(device));
    for (const { device } of found) {
      for (const empty of emptied(topicsOf(this.options.roots, device))) this.port.publish(empty);
      this.kept.delete(device);
    }
    this.port.changed();
    return found.length;
  }

  /** Ends. @param deleted the node is gone for good */
  close(deleted: boolean): void {
    if (this.closed) return;
    const gone = deleted && this.options.removes;
    const left = gone ? this.stale().filter(({ own }) => own) : [];
    this.closed = true;
    this.intake.close();
    this.presence.close();
    this.disconnected();
    for (const publisher of this.publishers.values()) publisher.close(gone);
    if (!this.port.isConnected()) return;
    for (const { device } of left) {
      for (const empty of emptied(topicsOf(this.options.roots, device))) this.port.publish(empty);
    }
  }
}
