import type { Node, NodeAPI } from 'node-red';

import { systemClock } from '../../lib/core/clock';
import { InTurn } from '../../lib/core/in-turn';
import { type Moment, momentOf } from '../../lib/core/moment';
import { flowsStarted } from '../shared/cluster-face';
import { ErrorStream } from '../shared/error-stream';
import { type InputOptions, type InputResult, onInput } from '../shared/input-runner';
import { Keeper } from '../shared/keeper';
import { type FlowMessage, topicOf } from '../shared/messages';
import { onClose } from '../shared/on-close';
import { type SetStatus, statusSetter } from '../shared/status';
import { ownDevice } from './glue';
import { ShowSoon } from './show-soon';

/** Messages that wait for a disk at the most. */
const MAX_WAITING = 10_000;

export interface KeptSettings {
  topic: string;
  /** s */
  saveEvery: number;
}

/**
 * A node that keeps its state over a restart: messages and looks at the clock in their turn, behind what is kept, and one
 * device and topic for all that it tells. A node type says what it makes of a message.
 */
export abstract class KeptNode<State> {
  protected readonly setStatus: SetStatus;
  protected readonly keeper: Keeper<State>;
  private readonly device: ReturnType<typeof ownDevice>;
  private readonly turns = new InTurn(MAX_WAITING);
  private readonly shown = new ShowSoon();
  private readonly ownTopic: string;
  private topic: string;
  private readonly timers = new Set<() => void>();
  private closed = false;

  /** @param identity what is kept holds for these settings */
  protected constructor(
    protected readonly RED: NodeAPI,
    protected readonly node: Node,
    type: string,
    private readonly kept: KeptSettings,
    identity: unknown,
  ) {
    this.setStatus = statusSetter(RED, node);
    this.device = ownDevice(node, type);
    this.ownTopic = kept.topic || (node.name ?? type);
    this.topic = this.ownTopic;
    this.keeper = new Keeper(RED, node, {
      settings: identity,
      every: kept.saveEvery * 1000,
      state: () => this.state(momentOf()),
    });
  }

  protected abstract state(at: Moment): State;
  /** @param started when all flows have begun: before that a message may find nobody */
  protected abstract load(started: Promise<void>): Promise<void>;
  protected abstract handle(msg: FlowMessage): InputResult | Promise<InputResult>;

  begin(options: Pick<InputOptions, 'commands'> = {}): void {
    const { RED, node } = this;
    onInput(RED, node, (msg) => this.turns.run(() => this.handle(msg)), {
      role: 'owner',
      ...options,
      setStatus: this.setStatus,
      errors: new ErrorStream(RED, node),
    });
    const started = flowsStarted(RED, node);
    this.inTurn(() => this.load(started));
    onClose(node, () => {
      this.turns.close();
      this.closed = true;
      for (const cancel of this.timers) cancel();
      this.shown.close();
      return Promise.resolve();
    });
  }

  /** Does something after so many ms, unless the node has ended: what is under way then may still plan something. */
  protected after(ms: number, work: () => void): () => void {
    if (this.closed) return () => undefined;
    const end = (): void => {
      cancel();
      this.timers.delete(end);
    };
    const cancel = systemClock.after(ms, () => {
      this.timers.delete(end);
      work();
    });
    this.timers.add(end);
    return end;
  }

  /** Shows a state below the node, of a fast stream the newest each second. */
  protected showSoon(show: () => void): void {
    this.shown.run(show);
  }

  /** From now on the node speaks of the device that this message is of. */
  protected follow(msg: FlowMessage): void {
    this.device.follow(msg);
    this.topic = this.kept.topic || topicOf(msg, this.ownTopic);
  }

  protected header(): { topic: string; device: ReturnType<ReturnType<typeof ownDevice>['block']> } {
    return { topic: this.topic, device: this.device.block() };
  }

  /** Nobody has asked for it: what goes wrong is for the log. */
  protected inTurn(work: () => Promise<void>): void {
    const failed = (thrown: unknown): void => this.node.debug(String(thrown));
    try {
      const result = this.turns.run(work);
      if (result instanceof Promise) result.catch(failed);
    } catch (thrown) {
      failed(thrown);
    }
  }
}
