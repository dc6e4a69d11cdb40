import type { Node, NodeAPI, NodeDef, NodeStatus } from 'node-red';

import { invalidInput } from '../../lib/core/errors';
import { refusedPayload } from '../../lib/core/input';
import { isRecord } from '../../lib/core/values';
import { localTimeOf } from '../../lib/core/zone';
import { DeviceSchedule, scheduleOf, type ScheduleEntry } from '../../lib/energy/device-schedule';
import { minutesOf, parseHourRows } from '../../lib/energy/hours';
import type { Moment } from '../../lib/core/moment';
import {
  type FallbackRow,
  type Plan,
  PricePlan,
  type PricePlanOptions,
  type PricePlanState,
} from '../../lib/energy/price-plan';
import { parsePriceList } from '../../lib/energy/prices';
import { diagnosticsQuery } from '../shared/diagnostics';
import type { SettingsOf } from '../shared/form';
import type { FlowMessage } from '../shared/messages';
import type { NodeRuntime } from '../shared/node-runtime';
import { STATUS } from '../shared/status';
import { translate } from '../shared/text';
import { ControlNode, type Step, type Trigger } from './control-node';
import { createEnergyNode } from './create';
import { form } from './energy-price-plan.form';
import { aboutAction } from './glue';

type Settings = SettingsOf<typeof form>;
interface State {
  plan: PricePlanState;
  /** what the controller holds, as far as it was told */
  held: string[] | null;
}

type PlanHolder = Node & { control?: PlanNode };

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** codes of a controller that has set, or cleared, its schedule */
const SCHEDULED = [117, 119];

/** @throws DeviceError INVALID_INPUT */
function planOptions(settings: Settings): PricePlanOptions {
  const { hours, mode, from, to, longestPause, maxPrice, fallback, zone, schedule } = settings;
  return {
    need: hours * HOUR,
    block: mode === 'block',
    from: minutesOf(from),
    to: minutesOf(to),
    longestPause: longestPause === null || mode === 'block' ? Infinity : longestPause * MINUTE,
    maxPrice,
    fallback: parseHourRows<FallbackRow>(fallback, 'on', { min: 0, max: 1 }),
    zone: localTimeOf(zone),
    isKept: schedule,
  };
}

export function runtime(RED: NodeAPI): NodeRuntime {
  function EnergyPricePlan(this: PlanHolder, config: NodeDef): void {
    createEnergyNode(RED, this, config, form, (settings) => {
      this.control = new PlanNode(RED, this, settings, planOptions(settings));
      this.control.begin();
    });
  }

  return {
    ownerOnly: true,
    create: EnergyPricePlan,
    actions: { about: aboutAction(RED) },
    queries: {
      diagnostics: diagnosticsQuery(RED, form.type, (node) => (node as PlanHolder).control?.diagnostics()),
    },
  };
}

class PlanNode extends ControlNode<State> {
  private plan: PricePlan;
  private schedule = new DeviceSchedule();
  private told: boolean | undefined;
  private planTold = '';
  /** when the plan has to be looked at again, and when it was last; epoch ms */
  private nextLook = -Infinity;
  private lastLook = Infinity;

  constructor(
    RED: NodeAPI,
    node: Node,
    private readonly settings: Settings,
    private readonly options: PricePlanOptions,
  ) {
    super(RED, node, form.type, settings);
    this.plan = new PricePlan(options);
  }

  /** What the dialog saves for a report of a fault: no prices. */
  diagnostics(): { settings: Record<string, unknown> } & Record<string, unknown> {
    const { zone, ...settings } = this.options;
    const { schedule, repeat } = this.settings;
    const plans = this.plan.all.map(({ start, end, slots, missing, fallback }) => ({
      ...{ start, end, missing, fallback, slots: slots.length, on: slots.filter(({ on }) => on).length },
    }));
    return {
      settings: { ...settings, zone: zone.name, schedule, repeat },
      state: { told: this.told, plans },
    };
  }

  protected override restore(_at: Moment, state: State | undefined): void {
    this.plan = new PricePlan(this.options, state?.plan);
    this.schedule = new DeviceSchedule(state?.held);
  }

  protected override state(): State {
    return { plan: this.plan.state(), held: this.schedule.state() };
  }

  protected override read(msg: FlowMessage): () => void {
    const { payload } = msg;
    const held = heldSchedule(payload);
    if (held) return () => this.schedule.takeHeld(held);
    if (isScheduled(payload)) return () => this.schedule.takeAccepted();
    const list = Array.isArray(payload)
      ? (payload as unknown)
      : isRecord(payload)
        ? payload.priceData
        : undefined;
    if (list === undefined) {
      // An answer about something else is of no use here, and no mistake.
      if (isRecord(payload) && ('configuration' in payload || payload.command === 'configure'))
        return () => undefined;
      throw refusedPayload(payload, invalidInput('The message holds no list of prices.', 'energyNoPrices'));
    }
    const prices = parsePriceList(list, this.options.zone.name);
    return () => {
      this.plan.prices.takeList(prices);
      this.nextLook = -Infinity;
    };
  }

  protected override step({ wall, steady }: Moment, trigger: Trigger): Step {
    if (wall >= this.nextLook || wall < this.lastLook) {
      this.plan.update(wall);
      this.nextLook = this.plan.nextChange(wall);
    }
    this.lastLook = wall;
    const isPlanned = this.told !== undefined || this.plan.all.some(({ slots }) => slots.length > 0);
    const on = this.plan.isOn(wall);
    const switches = isPlanned && on !== this.told;
    if (isPlanned) this.told = on;
    const entries = scheduleOf(this.plan.spans, wall);
    return {
      send: [
        switches || (isPlanned && trigger === 'repeat') ? { payload: on } : null,
        isPlanned ? this.planMessage(on, wall) : null,
        isPlanned ? this.scheduleMessage(entries, wall, steady) : null,
      ],
      switches,
      next: Math.max(1, this.nextLook - wall),
      status: this.status(on, isPlanned, entries, wall),
    };
  }

  /** With each change of it. */
  private planMessage(on: boolean, now: number): Record<string, unknown> | null {
    const plans = this.plan.all.map((plan) => ({
      start: iso(plan.start),
      end: iso(plan.end),
      fallback: plan.fallback,
      missing: plan.missing / HOUR,
      slots: plan.slots.map((slot) => ({ ...slot, start: iso(slot.start), end: iso(slot.end) })),
    }));
    const text = JSON.stringify([plans, on]);
    if (text === this.planTold) return null;
    this.planTold = text;
    const change = this.nextSwitch(now);
    return {
      payload: { on, next: change === null ? null : iso(change), plans, chart: chartOf(this.plan.all) },
    };
  }

  private scheduleMessage(
    entries: readonly ScheduleEntry[],
    now: number,
    steady: number,
  ): Record<string, unknown> | null {
    if (!this.settings.schedule || !this.schedule.isToWrite(entries, now, steady)) return null;
    return { payload: { command: 'configure', schedule: entries.map((one) => ({ ...one })) } };
  }

  /** When the load is switched next, epoch ms. */
  private nextSwitch(now: number): number | null {
    const on = this.plan.isOn(now);
    const times = this.plan.spans.flatMap(({ start, end }) => [start, end]).filter((one) => one > now);
    return times.find((one) => this.plan.isOn(one) !== on) ?? null;
  }

  private status(
    on: boolean,
    isPlanned: boolean,
    entries: readonly ScheduleEntry[],
    now: number,
  ): NodeStatus {
    const say = (key: string, params: Record<string, string | number> = {}): string =>
      translate(this.RED, `shown.${key}`, params);
    if (!isPlanned) return { fill: 'grey', shape: 'ring', text: say('waiting') };
    const change = this.nextSwitch(now);
    const clock = change === null ? '' : this.options.zone.label(change).slice(11, 16);
    const plan = this.plan.all.find(({ start, end }) => now >= start && now < end);
    let text = change === null ? say('idle') : say(on ? 'on' : 'off', { time: clock });
    if (plan?.fallback) text = say('fallback', { text });
    if (plan && plan.missing > 0) {
      text = say('missing', { text, time: `${Math.round((plan.missing / HOUR) * 100) / 100} h` });
    }
    if (this.settings.schedule && this.schedule.stateOf(entries, now) !== 'held') {
      return STATUS.attention(say('unconfirmed', { text }));
    }
    return on ? STATUS.fresh(text) : { fill: 'grey', shape: 'dot', text };
  }
}

const iso = (ms: number): string => new Date(ms).toISOString();

/** Prices by slot, those that are chosen apart. Without prices a slot that is on is 1. */
function chartOf(plans: readonly Plan[]): { x: number; y: number; topic: string }[] {
  return plans.flatMap(({ slots }) =>
    slots.map(({ start, price, on }) => ({ x: start, y: price ?? (on ? 1 : 0), topic: on ? 'on' : 'off' })),
  );
}

/** What a controller holds, as `powercontroller-status` tells it with `get` and `refresh`. */
function heldSchedule(payload: unknown): unknown[] | undefined {
  const configuration = isRecord(payload) ? payload.configuration : undefined;
  const schedule = isRecord(configuration) ? configuration.schedule : undefined;
  return Array.isArray(schedule) ? (schedule as unknown[]) : undefined;
}

/** The answer of `powercontroller-command` to a schedule. */
function isScheduled(payload: unknown): boolean {
  if (!isRecord(payload) || payload.command !== 'configure' || payload.accepted !== true) return false;
  const codes: unknown = payload.responseCodes;
  return (
    !Array.isArray(codes) || codes.length === 0 || codes.some((one) => SCHEDULED.includes(one as number))
  );
}
