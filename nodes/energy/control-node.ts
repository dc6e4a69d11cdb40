import type { Node, NodeAPI, NodeStatus } from 'node-red';

import { type Moment, momentOf } from '../../lib/core/moment';
import { HostClock } from '../../lib/energy/host-clock';
import type { InputResult, Outgoing } from '../shared/input-runner';
import type { FlowMessage } from '../shared/messages';
import { KeptNode, type KeptSettings } from './kept-node';

/** ms between two looks at the clock at the most: somebody may set it */
const LOOK_EVERY = 60_000;

export interface ControlSettings extends KeptSettings {
  /** s after which a command is told again; `null`: never */
  repeat: number | null;
}

/** What a node makes of a moment. */
export interface Step {
  /** one message for each output, without topic and device */
  send: (Record<string, unknown> | null)[];
  /** something is switched, or a step of a plan begins: it is written first */
  switches: boolean;
  /** ms until the next look */
  next: number;
  status: NodeStatus;
}

/** Why a node looks: a message has come, time has passed, or the command has to be told again. */
export type Trigger = 'start' | 'message' | 'timer' | 'repeat';

/**
 * A node that switches something by what it reads and by the clock. What it decides is kept before it is told, so that a
 * restart knows of it; a node type says how it decides.
 */
export abstract class ControlNode<State> extends KeptNode<State> {
  private cancelLook: (() => void) | undefined;
  private clock = new HostClock(momentOf(), null);

  constructor(
    RED: NodeAPI,
    node: Node,
    type: string,
    private readonly common: ControlSettings,
  ) {
    // Whatever the settings are: a load is not switched within its minimum times because of a deploy.
    super(RED, node, type, common, type);
  }

  /**
   * @param state missing: there is none
   * @param lost there was one, and it cannot be used
   * @throws anything for a state that cannot be used
   */
  protected abstract restore(at: Moment, state: State | undefined, lost: boolean): void;
  /**
   * Reads a message as a whole before any of it counts.
   *
   * @returns what makes it count
   * @throws DeviceError INVALID_INPUT
   */
  protected abstract read(msg: FlowMessage, at: Moment): () => void;
  protected abstract step(at: Moment, trigger: Trigger): Step;

  protected override async load(started: Promise<void>): Promise<void> {
    const done = { restored: false };
    const { lost } = await this.keeper.load((state, kept) => {
      this.clock = new HostClock(momentOf(), kept);
      this.restore(this.moment(), state, false);
      done.restored = true;
    });
    if (!done.restored) this.restore(momentOf(), undefined, lost);
    await started;
    await this.look('start');
    this.planRepeat();
  }

  /** A day that has begun does not begin again because the clock is not set yet. */
  private moment(): Moment {
    return this.clock.reached(momentOf());
  }

  protected override handle(msg: FlowMessage): InputResult | Promise<InputResult> {
    const at = this.moment();
    const count = this.read(msg, at);
    this.follow(msg);
    count();
    const step = this.take(at, 'message');
    const result = (): InputResult => ({ send: this.messages(step) });
    return step.switches ? this.keeper.save().then(result) : result();
  }

  private take(at: Moment, trigger: Trigger): Step {
    const step = this.step(at, trigger);
    if (trigger === 'message') this.keeper.saveLater();
    this.showSoon(() => this.setStatus(step.status));
    this.cancelLook?.();
    this.cancelLook = this.after(Math.min(step.next, LOOK_EVERY), () =>
      this.inTurn(() => this.look('timer')),
    );
    return step;
  }

  private async look(trigger: Trigger): Promise<void> {
    const step = this.take(this.moment(), trigger);
    if (step.switches) await this.keeper.save();
    const messages = this.messages(step);
    if (messages !== null) this.node.send(messages);
  }

  private messages({ send }: Step): Outgoing {
    if (send.every((one) => one === null)) return null;
    const header = this.header();
    return send.map((one) => one && { ...one, ...header, device: { ...header.device } });
  }

  private planRepeat(): void {
    const { repeat } = this.common;
    if (repeat === null) return;
    this.after(repeat * 1000, () => {
      this.inTurn(() => this.look('repeat'));
      this.planRepeat();
    });
  }
}
