import type { Node, NodeAPI } from 'node-red';

import { systemClock } from '../../lib/core/clock';
import { type DeviceError, toDeviceError } from '../../lib/core/errors';
import {
  begunWith,
  type HeardCommand,
  HeardCommands,
  readBegun,
} from '../../lib/home-assistant/heard-commands';
import { clusterOf, dutyOf } from '../shared/cluster';
import { type SharedMemory, sharedMemory } from '../shared/cluster-face';
import { errorText } from '../shared/text';
import type { BrokerAccess, Heard } from './broker';

/** Key under which the commands that have begun are kept for whoever owns the node next. */
const BEGUN = 'homeAssistantCommands';
/** ms between two tries to write commands down */
const RETRY = 500;
/** Commands that wait for that. */
const MOST_WAITING = 100;
/** ms between two looks for what need not be kept any more */
const LOOK_EVERY = 500;

/** Who else may carry out a command. */
interface Owners {
  /** ms after which an owner has had it */
  lingers: () => number;
  /** ms for which a command is kept while there is none */
  waits: () => number;
  /** whether some instance owns the node now */
  hasOwner: () => boolean;
}

/** What comes on the topics of commands while another instance owns the node. */
export class CommandListener {
  private readonly commands: HeardCommands;
  private cancelLook: (() => void) | undefined;
  private closed = false;

  constructor(
    private readonly broker: BrokerAccess,
    topic: string,
    options: object,
    private readonly owners: Owners,
  ) {
    this.commands = new HeardCommands(owners.waits);
    const heard: Heard = (at, payload, { retain }) => {
      if (retain === true || !Buffer.isBuffer(payload)) return;
      this.commands.add({ topic: at, payload: payload.toString('utf8'), at: systemClock.now() });
      this.planLook();
    };
    broker.begin([{ topic, options, heard }]);
  }

  left(begun: readonly HeardCommand[]): HeardCommand[] {
    return this.commands.left(begun, systemClock.now());
  }

  close(removed: boolean): Promise<void> {
    this.closed = true;
    this.cancelLook?.();
    return this.broker.end(removed);
  }

  private planLook(): void {
    if (this.closed) return;
    this.cancelLook ??= systemClock.after(LOOK_EVERY, () => {
      this.cancelLook = undefined;
      const { lingers, waits, hasOwner } = this.owners;
      this.commands.forget(systemClock.now() - (hasOwner() ? lingers() : waits()));
      if (!this.commands.isEmpty) this.planLook();
    });
  }
}

/** A command that is written down before it is carried out. */
interface Waiting {
  heard: HeardCommand;
  carryOut: () => void;
}

/**
 * The commands that a node has begun, for whoever owns it next. Without a cluster there is nobody else. Where one cannot be written
 * down, it is tried again while this instance owns the node and a copy of the command is of use to anybody: an engine that
 * is away for less than a lease makes no new owner, so nobody else would carry it out.
 */
export class CommandJournal {
  private readonly memory: SharedMemory | undefined;
  private readonly duty: ReturnType<typeof dutyOf>;
  private waiting: Waiting[] = [];
  private writing: Promise<void> | undefined;
  private cancelRetry: (() => void) | undefined;
  /** why what waits could not be written down */
  private failure: DeviceError | undefined;
  private closed = false;

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
  ) {
    this.memory = sharedMemory(node);
    this.duty = dutyOf(RED, node);
  }

  get begun(): HeardCommand[] {
    const ahead = this.ahead();
    return readBegun(this.memory?.get(BEGUN)).map((one) => ({ ...one, at: one.at - ahead }));
  }

  /** Writes a command down, then carries it out: one that cannot be written down is left to whoever owns the node. */
  begin(heard: HeardCommand, carryOut: () => void): void {
    const { memory } = this;
    if (!memory) {
      carryOut();
      return;
    }
    this.waiting.push({ heard, carryOut });
    if (!this.writing && !this.cancelRetry) this.writeAll(memory);
  }

  /** Resolves when nothing is being written down; what waits is given up. */
  async close(): Promise<void> {
    this.closed = true;
    this.cancelRetry?.();
    this.giveUp(this.waiting.splice(0));
    await this.writing;
  }

  private get isActive(): boolean {
    return this.duty?.active ?? true;
  }

  private writeAll(memory: SharedMemory): void {
    this.cancelRetry = undefined;
    this.writing = this.write(memory).finally(() => {
      this.writing = undefined;
      if (this.waiting.length > 0 && !this.cancelRetry) this.writeAll(memory);
    });
  }

  /** Writes down what waits, as one; never rejects. */
  private async write(memory: SharedMemory): Promise<void> {
    const all = this.waiting.splice(0);
    const batch = this.failure ? newestOf(all) : all;
    const before = readBegun(memory.get(BEGUN));
    const ahead = this.ahead();
    let begun = before;
    for (const { heard } of batch) begun = begunWith(begun, { ...heard, at: heard.at + ahead });
    try {
      await memory.set(BEGUN, begun);
    } catch (thrown) {
      // Nobody has begun them: what is kept next must not say so.
      memory.set(BEGUN, before).catch(() => undefined);
      this.failure = toDeviceError(thrown);
      this.tryAgain(memory, batch);
      return;
    }
    this.failure = undefined;
    if (this.isActive) for (const { carryOut } of batch) carryOut();
  }

  private tryAgain(memory: SharedMemory, failed: readonly Waiting[]): void {
    const all = newestOf([...failed, ...this.waiting.splice(0)]);
    const wanted = this.closed || !this.isActive ? [] : all.filter(({ heard }) => this.isOfUse(heard));
    this.waiting = wanted.slice(-MOST_WAITING);
    this.giveUp(all.filter((one) => !this.waiting.includes(one)));
    if (this.waiting.length > 0) this.cancelRetry = systemClock.after(RETRY, () => this.writeAll(memory));
  }

  /** Some instance may still have a copy of it. */
  private isOfUse({ at }: HeardCommand): boolean {
    const lingers = clusterOf(this.RED)?.cluster?.commands.lingers ?? 0;
    return systemClock.now() - at < lingers;
  }

  private giveUp(list: readonly Waiting[]): void {
    if (list.length > 0 && this.failure) this.node.warn(errorText(this.RED, this.failure));
  }

  /** ms by which the clock that all instances have is ahead of this one's. */
  private ahead(): number {
    const now = systemClock.now();
    return (clusterOf(this.RED)?.cluster?.engine.time() ?? now) - now;
  }
}

/** A newer command of a topic takes the place of those before. */
function newestOf(commands: readonly Waiting[]): Waiting[] {
  const newest = new Map<string, Waiting>();
  for (const one of commands) {
    newest.delete(one.heard.topic);
    newest.set(one.heard.topic, one);
  }
  return [...newest.values()];
}
