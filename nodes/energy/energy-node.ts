import type { Node, NodeAPI } from 'node-red';

import { type Moment, momentOf } from '../../lib/core/moment';
import { HostClock } from '../../lib/energy/host-clock';
import type { MeterReading } from '../../lib/energy/meter';
import type { MeterEvent } from '../../lib/energy/meter-result';
import { type Keyed, Pending } from '../../lib/energy/pending';
import type { ReadingOptions, TakenReading } from '../../lib/energy/reading';
import { NOTHING, type InputResult, type Outgoing } from '../shared/input-runner';
import type { FlowMessage } from '../shared/messages';
import { translate } from '../shared/text';
import { availabilityOf, type EnergySettings, meterEventText, optionalReading, readingOptions } from './glue';
import { KeptNode } from './kept-node';

/** What the nodes compute with. `Closed`: a window or period that has ended. */
export interface Calculation<Closed> {
  newMeter(): void;
  /** @param now epoch ms; `null`: nobody knows */
  setAvailable(available: boolean, now: number | null): readonly Closed[];
  /** The clock has jumped, or the host has slept. */
  interrupt(): void;
  readonly nextTick: number | null;
  tick(now: number): readonly Closed[];
  state(): unknown;
}

/** What a reading has brought. */
export interface Taken<Closed> {
  closed: readonly Closed[];
  events: readonly MeterEvent[];
  /** what goes out behind what has ended; called once, unless the reading was ignored */
  send: (() => Outgoing) | undefined;
}

/** What a message asks for besides bringing a reading: checked, and not done yet. */
export type Command = (() => void) | undefined;

interface State {
  calculation: unknown;
  pending: Keyed<unknown>[];
  /** of the node type's own */
  more: unknown;
  /** the last reading told a time ahead of ours */
  ahead?: boolean;
}

/**
 * One energy node at work: readings in their order, the clock, what is kept, and what has ended told once. A node type says
 * what it computes and how it tells it. `Kept` is what is kept of what has ended until it is told.
 */
export abstract class EnergyNode<Closed, Kept> extends KeptNode<State> {
  protected readonly options: ReadingOptions;
  private pending = new Pending<Kept>();
  private planned: { at: number; cancel: () => void } | undefined;
  private aheadTold = false;
  private ahead = false;
  private clock = new HostClock(momentOf(), null);
  /** nothing is kept yet: the first reading is where all counting begins */
  private isNew = true;

  constructor(RED: NodeAPI, node: Node, type: string, common: EnergySettings, identity: unknown) {
    super(RED, node, type, common, identity);
    this.options = readingOptions(common);
  }

  /** @throws anything for a state that cannot be used */
  protected abstract restore(calculation: unknown, more: unknown): void;
  protected abstract get calculation(): Calculation<Closed>;
  /** What else is to be kept. */
  protected abstract more(): unknown;
  /** @throws DeviceError INVALID_INPUT */
  protected abstract commandOf(msg: FlowMessage, now: number): Command;
  protected abstract take(reading: MeterReading, msg: FlowMessage, now: number): Taken<Closed>;
  /** Something has ended that is going to be told: for charts. */
  protected abstract note(closed: readonly Closed[]): void;
  /** `undefined`: it is not told */
  protected abstract keptOf(closed: Closed): Kept | undefined;
  protected abstract keyOf(kept: Kept): string;
  /** @param repeated Node-RED has ended while it was told */
  protected abstract messageOf(kept: Kept, key: string, repeated: boolean): Record<string, unknown>[];
  /** The place of the output where what has ended is told. */
  protected abstract readonly closedOutput: 0 | 1;
  /** Something has ended without a reading, or nothing has for long. */
  protected abstract showWithoutReading(closed: readonly Closed[], now: number): void;
  /** When `showWithoutReading` has something to say besides; epoch ms. */
  protected abstract get nextLook(): number | null;

  override begin(): void {
    super.begin({ commands: () => ({ vendor: 'energy-devices', id: this.header().device.id }) });
  }

  protected override state(): State {
    return {
      calculation: this.calculation.state(),
      pending: this.pending.state(),
      more: this.more(),
      ahead: this.ahead,
    };
  }

  protected override async load(started: Promise<void>): Promise<void> {
    const { RED, node } = this;
    const { anew } = await this.keeper.load(({ calculation, pending, more, ahead }, at) => {
      const left = new Pending(pending as Keyed<Kept>[]);
      this.restore(calculation, more);
      this.clock = new HostClock(momentOf(), at);
      this.ahead = ahead === true;
      this.isNew = false;
      this.pending = left;
    });
    if (anew) {
      node.warn(translate(RED, 'log.energyAnew'));
      this.setStatus({ fill: 'grey', shape: 'ring', text: translate(RED, 'shown.anew') });
    }
    // What was written and perhaps not told is told again, and says so.
    if (this.pending.left().length > 0) {
      await started;
      for (const { what, key } of this.pending.left()) this.tell(what, key, true);
      await this.markTold();
    }
    this.planTick();
  }

  protected override handle(msg: FlowMessage): InputResult | Promise<InputResult> {
    const at = momentOf();
    const now = at.wall;
    // All of it is read before anything counts: a message with a mistake changes nothing.
    const available = availabilityOf(msg.payload);
    const command = this.commandOf(msg, now);
    const isMore = available !== undefined || command !== undefined;
    const taken = optionalReading(this.RED, msg, this.options, now, isMore);

    command?.();
    if (this.clock.hasJumped(at)) this.calculation.interrupt();
    const lost = available === undefined ? [] : this.calculation.setAvailable(available, this.clock.now(at));
    const { closed, events, send } = taken ? this.takeReading(taken, msg, at) : NO_READING;
    for (const event of events) this.node.warn(meterEventText(this.RED, event));
    if (command || send) this.keeper.saveLater();
    const ended = [...lost, ...closed];
    if (lost.length > 0 && !send) this.showWithoutReading(ended, now);
    this.planTick();
    if (send && this.isNew) {
      this.isNew = false;
      return this.keeper
        .save()
        .then(() => this.tellClosed(ended))
        .then(() => ({ send: send() }));
    }
    if (ended.length === 0) return send ? { send: send() } : NOTHING;
    return this.tellClosed(ended).then(() => (send ? { send: send() } : NOTHING));
  }

  private takeReading(taken: TakenReading, msg: FlowMessage, at: Moment): Taken<Closed> {
    const { reading, ahead, told } = taken;
    // A meter whose clock was ahead before tells nothing of ours.
    if (this.clock.isUnset(at, this.ahead ? null : told)) {
      this.setStatus({ fill: 'yellow', shape: 'ring', text: translate(this.RED, 'shown.clock') });
      return NO_READING;
    }
    this.clock.note(at);
    this.ahead = ahead;
    if (ahead && !this.aheadTold) {
      this.aheadTold = true;
      this.node.warn(translate(this.RED, 'log.energyAhead'));
    }
    this.follow(msg);
    return this.take(reading, msg, at.wall);
  }

  /** What has ended is written as pending before it is told, and as told after. */
  private async tellClosed(closed: readonly Closed[]): Promise<void> {
    if (closed.length === 0) return;
    this.note(closed);
    const keyed = closed.flatMap((one) => {
      const what = this.keptOf(one);
      return what === undefined ? [] : [{ what, key: this.keyOf(what) }];
    });
    this.pending.add(keyed);
    await this.keeper.save();
    for (const { what, key } of keyed) this.tell(what, key, false);
    await this.markTold();
  }

  private tell(kept: Kept, key: string, repeated: boolean): void {
    for (const payload of this.messageOf(kept, key, repeated)) {
      const message = { payload, ...this.header() };
      this.node.send(this.closedOutput === 0 ? [message, null] : [null, message]);
    }
  }

  private async markTold(): Promise<void> {
    if (this.pending.clear()) await this.keeper.save();
  }

  private planTick(): void {
    const at = this.calculation.nextTick ?? this.nextLook;
    const now = this.clock.now(momentOf());
    // One that comes too early finds nothing to do, and is cheaper than a timer for each reading.
    if (at === null || now === null || (this.planned && this.planned.at <= at)) return;
    this.planned?.cancel();
    const cancel = this.after(Math.max(at - now, 0), () => this.tick());
    this.planned = { at, cancel };
  }

  private tick(): void {
    this.planned = undefined;
    this.inTurn(async () => {
      const now = this.clock.now(momentOf());
      if (now === null) return;
      const closed = this.calculation.tick(now);
      this.showWithoutReading(closed, now);
      if (closed.length > 0) await this.tellClosed(closed);
      this.planTick();
    });
  }
}

const NO_READING = { closed: [], events: [], send: undefined };
