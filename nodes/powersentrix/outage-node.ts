import type { Node, NodeAPI, NodeStatus } from 'node-red';

import { delay, systemClock } from '../../lib/core/clock';
import { invalidInput } from '../../lib/core/errors';
import { InTurn } from '../../lib/core/in-turn';
import { momentOf } from '../../lib/core/moment';
import { isRecord } from '../../lib/core/values';
import { dryRun } from '../../lib/outage/dry-run';
import { type PlanInput, planInput, type Tag } from '../../lib/outage/input';
import { type Effect, OutagePlan, type PlanSummary } from '../../lib/outage/plan';
import type { PlanSettings } from '../../lib/outage/settings';
import { flowsStarted } from '../shared/cluster-face';
import type { ConfigReference } from '../shared/config-reference';
import { ErrorStream } from '../shared/error-stream';
import { type InputResult, NOTHING, onInput } from '../shared/input-runner';
import { Keeper } from '../shared/keeper';
import { type DeviceBlock, type FlowMessage, type OutputMessage, plainCopy } from '../shared/messages';
import { onClose } from '../shared/on-close';
import { STATUS, type SetStatus, statusSetter } from '../shared/status';
import { noticeText, translate } from '../shared/text';
import { followNutLogins } from './nut-logins';
import type { UpsPart } from './parts';

const SECOND = 1000;
/** Messages that wait for a disk at the most. */
const MAX_WAITING = 1000;
/** ms; a disk that hangs must not keep a plan from its work */
const LONGEST_SAVE = 5 * SECOND;
/** ms between two states that nothing but readings has changed */
const SAVE_EVERY = 60 * SECOND;
/** ms in which flows begin at the latest */
const LONGEST_START = 10 * SECOND;

export interface OutageOptions {
  plan: PlanSettings;
  ups: ConfigReference<UpsPart>;
  /** id of the UPS's config node */
  device: string;
  /** id of the NUT server's node; empty: none */
  server: string;
}

/** One `ups-outage-plan` at work: what comes in, what goes out, what is kept, and the passage of time. */
export class OutageNode {
  private readonly plan: OutagePlan;
  private readonly keeper: Keeper<unknown>;
  private readonly setStatus: SetStatus;
  private readonly turns = new InTurn(MAX_WAITING);
  private readonly started: Promise<void>;
  private stopWaiting: (() => void) | undefined;
  private stopTicking: (() => void) | undefined;
  private sending = false;
  private saved = '';
  private closed = false;

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    private readonly options: OutageOptions,
  ) {
    this.plan = new OutagePlan(options.plan);
    this.setStatus = statusSetter(RED, node);
    this.keeper = new Keeper(RED, node, {
      // A changed table goes on with what it has cut; another UPS has other ports.
      settings: options.device,
      every: SAVE_EVERY,
      state: () => this.plan.state(),
    });
    this.started = new Promise((resolve) => {
      // Before all flows have begun a message may find nobody.
      void flowsStarted(RED, node).then(resolve);
      this.stopWaiting = systemClock.after(LONGEST_START, resolve);
    });
  }

  begin(): void {
    const { RED, node, options } = this;
    onInput(RED, node, (msg) => this.turns.run(() => this.handle(msg)), {
      role: 'owner',
      setStatus: this.setStatus,
      config: options.ups,
      rest: () => this.status(),
      errors: new ErrorStream(RED, node),
    });
    this.quietly(this.turns.run(() => this.load()));
    onClose(node, (removed) => {
      this.closed = true;
      this.turns.close();
      this.stopWaiting?.();
      this.stopTicking?.();
      const { portsOff } = this.plan;
      if (removed && portsOff.length > 0) {
        node.warn(translate(RED, 'log.outageForgotten', { ports: portsOff.join(', ') }));
      }
      return Promise.resolve();
    });
  }

  /** For the dialog's diagnostics: without names of hosts and texts of messages. */
  get settings(): Record<string, unknown> {
    const { steps, hosts, needed, ...rest } = this.options.plan;
    return {
      ...rest,
      needed: [...needed],
      hosts: [...hosts].map(([port, list]) => ({ port, count: list.length })),
      steps: steps.map(({ text, key, ...step }) => ({
        ...step,
        characters: text.length,
        twice: key.includes('#'),
      })),
    };
  }

  get report(): Record<string, unknown> {
    const { absent, ...summary } = this.plan.summary(momentOf());
    return { ...summary, absent: absent.length };
  }

  private async load(): Promise<void> {
    const { RED, node, options, plan } = this;
    const { anew } = await this.keeper.load((state) => plan.restore(state, momentOf()));
    if (anew) node.warn(translate(RED, 'log.outageAnew'));
    this.saved = plan.milestone;
    if (options.server !== '') this.followLogins();
    void this.started.then(() => this.settle());
  }

  private followLogins(): void {
    const { RED, node, options, plan } = this;
    const look = (): void => {
      const now = momentOf();
      plan.forcedShutdown(logins.isServed && logins.isFsd(options.device), now);
      plan.logins(logins.isServed ? logins.list(options.device) : null, now);
      this.settle();
    };
    const logins = followNutLogins(RED, node, options.server, look);
    look();
  }

  private handle(msg: FlowMessage): InputResult {
    const input = planInput(msg, this.options.plan.supplies);
    if (input.kind !== 'reply' && input.kind !== 'test') this.refuseOthers(msg);
    if (input.kind === 'test') {
      const payload = { test: true, ...dryRun(this.options.plan, (port) => this.plan.isOn(port)) };
      return { send: [null, null, { ...this.header(), payload: plainCopy(payload) }] };
    }
    this.take(input);
    this.settle();
    return NOTHING;
  }

  private take(input: Exclude<PlanInput, { kind: 'test' }>): void {
    const now = momentOf();
    switch (input.kind) {
      case 'availability':
        this.plan.availability(input.available, now);
        return;
      case 'answer':
        this.plan.answer(input.answer, now);
        return;
      case 'reply':
        this.plan.reply(input.to, now);
        return;
      case 'view':
        this.plan.view(input.view, input.isReading, now);
        return;
      case 'nothing':
    }
  }

  /** @throws DeviceError INVALID_INPUT for what another UPS tells: its ports are not these */
  private refuseOthers({ device }: FlowMessage): void {
    const own = this.options.ups.offered?.device.info().id;
    if (own === undefined || !isRecord(device) || device.vendor !== 'powersentrix') return;
    if (device.id !== own) {
      throw invalidInput('The message is about another UPS than this plan.', 'powersentrixOutageOtherUps');
    }
  }

  /** After whatever has happened: shows it, keeps it, hands over what is to be done, and plans the next look. */
  private settle(): void {
    if (this.closed) return;
    const { node, RED, plan } = this;
    for (const notice of plan.notices()) node.warn(noticeText(RED, notice));
    if (!this.options.ups.problem) this.setStatus(this.status());
    if (plan.outbox.length > 0) this.quietly(this.send());
    else if (plan.milestone !== this.saved) void this.save();
    else if (plan.isActive) this.keeper.saveLater();
    if (!plan.isActive) {
      this.stopTicking?.();
      this.stopTicking = undefined;
    } else this.stopTicking ??= systemClock.after(SECOND, () => this.tick());
  }

  private tick(): void {
    this.stopTicking = undefined;
    this.plan.tick(momentOf());
    this.settle();
  }

  /** Resolves when the state is written, or the disk has had its time. */
  private save(): Promise<void> {
    this.saved = this.plan.milestone;
    return Promise.race([this.keeper.save(), delay(systemClock, LONGEST_SAVE)]);
  }

  /** Writes what is to be done, and does it. */
  private async send(): Promise<void> {
    if (this.sending) return;
    this.sending = true;
    try {
      await this.started;
      for (let list = [...this.plan.outbox]; list.length > 0; list = [...this.plan.outbox]) {
        await this.save();
        // What is not handed over by a node that ends is told by the next one.
        if (this.closed) return;
        for (const effect of list) this.handOver(effect);
        this.plan.handed(list);
      }
      await this.save();
    } finally {
      this.sending = false;
    }
  }

  private handOver(effect: Effect): void {
    const repeated = 'repeated' in effect ? { repeated: true } : {};
    switch (effect.kind) {
      case 'command': {
        const { port, on } = effect;
        this.node.send([
          { ...this.tagged(effect), payload: { port, action: on ? 'on' : 'off' } },
          null,
          null,
        ]);
        return;
      }
      case 'message':
        this.node.send([null, { ...this.tagged(effect), payload: effect.text, ...repeated }, null]);
        return;
      case 'record': {
        const payload = { key: effect.key, ...effect.record, ...repeated };
        this.node.send([null, null, { ...this.header(), payload: plainCopy(payload) }]);
      }
    }
  }

  private tagged({ kind, key, step, port }: Exclude<Effect, { kind: 'record' }>): NonNullable<OutputMessage> {
    const outage: Tag = { kind, key, step, port };
    return { ...this.header(), outage };
  }

  private header(): { topic: string; device?: DeviceBlock } {
    const device = this.options.ups.offered?.device.info();
    const topic = this.node.name ?? device?.name ?? 'ups-outage-plan';
    return device ? { topic, device } : { topic };
  }

  private status(): NodeStatus {
    return statusOf(this.RED, this.plan.summary(momentOf()));
  }

  /** Nobody has asked for it: what goes wrong is for the log. */
  private quietly(work: void | Promise<void>): void {
    if (work instanceof Promise) work.catch((thrown: unknown) => this.node.debug(String(thrown)));
  }
}

/** What a plan shows below its node. */
function statusOf(RED: NodeAPI, summary: PlanSummary): NodeStatus {
  const { phase, over, steps, off, hold, absent, unserved, silent } = summary;
  if (phase === 'unknown') return STATUS.waiting();
  const parts: string[] = [];
  const text = (key: string, params = {}): number => parts.push(translate(RED, `plan.${key}`, params));
  if (phase === 'battery') text('battery', { over, steps });
  else if (phase === 'restoring') {
    if (off.length > 0) text(hold ? `hold.${hold.why}` : 'restoring', { count: off.length });
    else text('settling');
  } else text('mains');
  if (silent) text('silent');
  if (unserved) text('unserved');
  // A host that would not hear of an outage is better known before it.
  if (absent.length > 0) text('absent', { hosts: absent.join(', ') });
  const shown = parts.join(' · ');
  return phase === 'mains' && parts.length === 1 ? STATUS.fresh(shown) : STATUS.attention(shown);
}
