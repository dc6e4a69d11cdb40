import { randomUUID } from 'node:crypto';

import type { Node, NodeAPI } from 'node-red';

import { delay, systemClock } from '../../lib/core/clock';
import { toDeviceError } from '../../lib/core/errors';
import type { TakenPush } from '../../lib/powersentrix/missed-pushes';
import { isRefusal, parsePush, type Push } from '../../lib/powersentrix/push';
import { parsePushQuery, type PushKind } from '../../lib/powersentrix/push-address';
import type { PushRegistry, Registration } from '../../lib/powersentrix/registry';
import type { SharedMemory } from '../shared/cluster-face';
import type { ClusterRuntime } from '../shared/cluster-runtime';
import type { Shifts } from '../shared/cluster-shifts';
import { errorText } from '../shared/text';
import type { GivenPush } from './push-routes';

/** What a letter about a push is called. */
const PUSH = 'push';
const PUSH_KINDS: readonly PushKind[] = ['registered', 'data', 'log'];
/** Longest identifier that is taken from another instance. */
const LONGEST_CMM = 64;
/** ms for which a push waits for an owner, and how many do */
const LONGEST_WAIT = 10 * 60_000;
const MOST_WAITING = 400;
/** ms between two tries to read what others know */
const RETRY = 1000;
/** Key under which the owner keeps which UPSes have been heard of, and ms between two writes. */
const REGISTRATIONS = 'upsRegistrations';
const SAVE_EVERY = 60_000;
const SAVE_SOON = 1000;
const MOST_TOLD = 2000;

export interface SharedPushesOptions {
  registry: PushRegistry;
  /** a push that came to any instance */
  take: (push: Push, address: string) => void;
  /** a UPS that another instance has heard of */
  known: (registration: Registration) => void;
}

/**
 * Pushes where several instances share the work. One may come to any of them, and each one gets each, so that all know every
 * UPS and its newest status; the owner tells of it. What is told once, a registration or a record of the log, is kept for who
 * owns next as well.
 */
export class SharedPushes {
  private readonly shifts: Shifts;
  private readonly leave: () => void;
  private memory: SharedMemory | undefined;
  /** since when pushes wait for an owner, and how many */
  private gap: { since: number; count: number } | undefined;
  /** what is known of each UPS, apart from when it was heard last */
  private readonly told = new Map<string, string>();
  private cancelSave: (() => void) | undefined;
  private savesAt = Infinity;
  private closed = false;

  constructor(
    RED: NodeAPI,
    private readonly node: Node,
    private readonly cluster: ClusterRuntime,
    private readonly options: SharedPushesOptions,
  ) {
    this.leave = cluster.onLetter(PUSH, (letter) => {
      const found = this.read(letter);
      if (!found) return;
      this.admits();
      options.take(...found);
    });
    this.shifts = cluster.shifts(node, {
      begin: (memory) => {
        this.memory = memory;
        this.goOn(memory);
        this.saveWithin(SAVE_SOON);
      },
      end: async () => {
        await this.save();
        this.memory = undefined;
      },
      failed: (thrown) => node.error(errorText(RED, toDeviceError(thrown))),
    });
    void this.learn();
  }

  /** A push came here. @throws DeviceError where it cannot be kept for the others */
  async push(push: Push, address: string, given: GivenPush): Promise<void> {
    if (!this.admits()) throw this.cluster.lostError();
    const id = randomUUID();
    const letter = { node: this.node.id, id, address, ...given };
    await this.cluster.share(PUSH, letter, push.kind === 'data' ? undefined : this.stream);
    this.options.take({ ...push, id }, address);
  }

  /** Registrations and records of one UPS that came lately, oldest first. */
  async missed(cmm: string): Promise<TakenPush[]> {
    for (;;) {
      try {
        const letters = await this.cluster.keptLetters(this.stream, LONGEST_WAIT);
        return letters.flatMap((letter): TakenPush[] => {
          const [push, address] = letter.cmm === cmm ? (this.read(letter) ?? []) : [];
          if (!push || address === undefined) return [];
          const { registry } = this.options;
          const known = registry.get(cmm) ?? registry.note(push, address, systemClock.now());
          return [[push, { ...known, address }]];
        });
      } catch (thrown) {
        if (this.closed) throw thrown;
        await delay(systemClock, RETRY);
      }
    }
  }

  /** A UPS has been heard of, for the first time or once more. */
  noted({ cmm, description, serialNumber, model, firmware, address }: Registration): void {
    if (!this.memory) return;
    const text = JSON.stringify([description, serialNumber, model, firmware, address]);
    this.saveWithin(this.told.get(cmm) === text ? SAVE_EVERY : SAVE_SOON);
    this.told.set(cmm, text);
    // Strangers may call themselves anything.
    if (this.told.size > MOST_TOLD) this.told.clear();
  }

  async close(removed: boolean): Promise<void> {
    this.closed = true;
    this.leave();
    await this.shifts.close(removed);
    this.cancelSave?.();
  }

  private get stream(): string {
    return `push:${this.node.id}`;
  }

  /** Whether one more push can wait, where nobody owns anything. */
  private admits(): boolean {
    if (this.cluster.hasOwner(this.node)) {
      this.gap = undefined;
      return true;
    }
    const now = systemClock.now();
    this.gap ??= { since: now, count: 0 };
    this.gap.count++;
    return this.gap.count <= MOST_WAITING && now - this.gap.since < LONGEST_WAIT;
  }

  /** A push as another instance took it; anything may stand in its letter. */
  private read({
    node,
    id,
    address,
    kind,
    cmm,
    query,
    json,
  }: Record<string, unknown>): [Push, string] | undefined {
    if (node !== this.node.id || typeof cmm !== 'string' || cmm.length > LONGEST_CMM) return undefined;
    const known = PUSH_KINDS.find((one) => one === kind);
    if (!known || typeof query !== 'string' || typeof id !== 'string') return undefined;
    const push = parsePush(known, cmm, parsePushQuery(query), json);
    if (isRefusal(push)) return undefined;
    return [
      { ...push, id: id.slice(0, LONGEST_CMM) },
      typeof address === 'string' ? address.slice(0, 100) : '',
    ];
  }

  /** Learns what others have heard of, also where this instance owns nothing. */
  private async learn(): Promise<void> {
    while (!this.closed) {
      try {
        this.goOn(await this.cluster.memoryOf(this.node));
        return;
      } catch {
        await delay(systemClock, RETRY);
      }
    }
  }

  private goOn(memory: SharedMemory): void {
    const { registry, known } = this.options;
    for (const one of registry.restore(memory.get(REGISTRATIONS), systemClock.now())) known(one);
  }

  private saveWithin(ms: number): void {
    const at = systemClock.monotonic() + ms;
    if (at >= this.savesAt) return;
    this.cancelSave?.();
    this.savesAt = at;
    this.cancelSave = systemClock.after(ms, () => void this.save());
  }

  private async save(): Promise<void> {
    if (this.savesAt === Infinity) return;
    this.cancelSave?.();
    this.savesAt = Infinity;
    const { memory, node, options } = this;
    await memory
      ?.set(REGISTRATIONS, options.registry.all)
      .catch((thrown: unknown) => node.debug(String(thrown)));
  }
}
