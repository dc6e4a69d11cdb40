import type { Node, NodeAPI, NodeDef, NodeStatus } from 'node-red';

import { invalidInput } from '../../lib/core/errors';
import { isRecord, round, toNumber } from '../../lib/core/values';
import type { Moment } from '../../lib/core/moment';
import { parsePriceList, Prices, type PriceState } from '../../lib/energy/prices';
import { Surplus } from '../../lib/energy/surplus';
import type {
  Reception,
  SurplusDecision,
  SurplusOptions,
  SurplusState,
} from '../../lib/energy/surplus-types';
import { diagnosticsQuery } from '../shared/diagnostics';
import type { FlowMessage } from '../shared/messages';
import type { NodeRuntime } from '../shared/node-runtime';
import { STATUS } from '../shared/status';
import { translate } from '../shared/text';
import { ControlNode, type Step, type Trigger } from './control-node';
import { createEnergyNode } from './create';
import { form } from './energy-surplus.form';
import { aboutAction, availabilityOf, optionalReading, readingOptions } from './glue';
import { commandPayload, surplusOptions, type SurplusSettings } from './surplus-options';

interface State {
  surplus: SurplusState;
  prices: PriceState;
}

type SurplusHolder = Node & { control?: SurplusNode };

const DAY = 86_400_000;

export function runtime(RED: NodeAPI): NodeRuntime {
  function EnergySurplus(this: SurplusHolder, config: NodeDef): void {
    createEnergyNode(RED, this, config, form, (settings) => {
      this.control = new SurplusNode(RED, this, settings, surplusOptions(settings));
      this.control.begin();
    });
  }

  return {
    ownerOnly: true,
    create: EnergySurplus,
    actions: { about: aboutAction(RED) },
    queries: {
      diagnostics: diagnosticsQuery(RED, form.type, (node) => (node as SurplusHolder).control?.diagnostics()),
    },
  };
}

class SurplusNode extends ControlNode<State> {
  private surplus!: Surplus;
  private prices: Prices;
  private decision: SurplusDecision | undefined;
  /** what the load was told, as text; it may differ from what was decided before anything was read */
  private told: string | undefined;
  /** the reading that goes on to the next load */
  private reading: { time: number; received: Reception } | undefined;
  /** what the next load was told, and why */
  private leftTold: { left: number; why: string } | undefined;
  private staleTold = false;

  constructor(
    RED: NodeAPI,
    node: Node,
    private readonly settings: SurplusSettings,
    private readonly options: SurplusOptions,
  ) {
    super(RED, node, form.type, settings);
    this.prices = new Prices({ kind: 'messages' }, options.zone);
  }

  /** What the dialog saves for a report of a fault: no readings. */
  diagnostics(): { settings: Record<string, unknown> } & Record<string, unknown> {
    const { zone, ...settings } = this.options;
    const { on, why, stale, starts } = this.decision ?? {};
    const state = { on, why, stale, starts, ignored: this.surplus.ignored, told: this.told !== undefined };
    return { settings: { ...settings, zone: zone.name, repeat: this.settings.repeat }, state };
  }

  protected override restore(at: Moment, state: State | undefined, lost: boolean): void {
    const prices = new Prices({ kind: 'messages' }, this.options.zone, state?.prices);
    this.surplus = new Surplus(this.options, at, state?.surplus, lost);
    this.prices = prices;
    this.usePrices(at);
  }

  protected override state(at: Moment): State {
    return { surplus: this.surplus.state(at), prices: this.prices.state() };
  }

  protected override read(msg: FlowMessage, at: Moment): () => void {
    const payload = isRecord(msg.payload) ? msg.payload : {};
    const available = availabilityOf(msg.payload);
    const load = watts(msg.load, 'load');
    const lower = watts(msg.lower, 'lower');
    const { priceData } = payload;
    const prices = priceData === undefined ? undefined : parsePriceList(priceData, this.options.zone.name);
    const isMore = available !== undefined || load !== undefined || prices !== undefined;
    const taken = optionalReading(this.RED, msg, readingOptions(this.settings), at.wall, isMore);
    const power = taken?.reading.power ?? null;
    if (power === null && !isMore) {
      throw invalidInput('The message holds no power that this node knows.', 'energyNoPower');
    }
    return () => {
      if (available !== undefined) this.surplus.setAvailable(available);
      if (prices) {
        this.prices.takeList(prices);
        this.usePrices(at);
      }
      this.reading = undefined;
      if (!taken || power === null) {
        if (load !== undefined) this.surplus.takeLoad(load, at);
        return;
      }
      const { time } = taken.reading;
      const received = this.surplus.take({ time, power, load: load ?? null, lower: lower ?? null }, at);
      this.reading = { time, received };
    };
  }

  protected override step(at: Moment, trigger: Trigger): Step {
    if (trigger !== 'message') this.reading = undefined;
    const decision = this.surplus.tick(at);
    this.decision = decision;
    const command = this.command(decision, trigger === 'repeat');
    return {
      send: [command.message, this.forNext(decision, at)],
      switches: command.isNew,
      next: this.surplus.nextTick(at),
      status: this.status(decision),
    };
  }

  private usePrices(at: Moment): void {
    this.surplus.setPrices(this.prices.between(at.wall - DAY, at.wall + 7 * DAY));
  }

  /** Before the first reading nobody knows what the load should be told. */
  private command(
    decision: SurplusDecision,
    isRepeat: boolean,
  ): { message: Record<string, unknown> | null; isNew: boolean } {
    if (decision.why === 'waiting') return { message: null, isNew: false };
    const payload = commandPayload(this.settings, decision);
    const text = JSON.stringify(payload);
    const isNew = text !== this.told;
    this.told = text;
    return { message: isNew || isRepeat ? { payload } : null, isNew };
  }

  /** The grid as the next load has to see it: with each reading, and whenever this load takes another share of it. */
  private forNext(decision: SurplusDecision, at: Moment): Record<string, unknown> | null {
    const { left, stale, surplus, watts: told, on, why } = decision;
    if (stale) {
      if (this.staleTold) return null;
      this.staleTold = true;
      this.leftTold = undefined;
      this.node.warn(translate(this.RED, 'log.energyStale'));
      return { payload: { available: false } };
    }
    this.staleTold = false;
    const isNew = this.reading?.received === 'new';
    const isFault = this.surplus.takeFault();
    const time = this.surplus.measured;
    const isKnown = left === this.leftTold?.left && why === this.leftTold.why;
    if (left === null || time === null || (!isNew && !isFault && isKnown)) return null;
    this.leftTold = { left, why };
    if (isFault) this.node.warn(translate(this.RED, 'log.energyNoDraw'));
    const kilowatts = (some: number): number => round(some / 1000, 3);
    return {
      payload: {
        timestamp: new Date(time).toISOString(),
        power: round(left, 3),
        surplus: round(surplus ?? 0, 3),
        load: round(told, 3),
        on,
        why,
        ...(isFault ? { fault: 'noDraw' } : {}),
        chart: [
          { x: at.wall, y: kilowatts(surplus ?? 0), topic: 'surplus' },
          { x: at.wall, y: kilowatts(told), topic: 'load' },
        ],
      },
    };
  }

  /** Why, in words that a person acts on. */
  private status(decision: SurplusDecision): NodeStatus {
    const { on, why, wait, surplus, stale, starts } = decision;
    const { power, tolerated } = this.options;
    const text = translate(this.RED, `shown.${why}`, {
      state: translate(this.RED, on ? 'shown.on' : 'shown.off'),
      watts: Math.round(decision.watts),
      surplus: surplus === null ? '–' : Math.round(surplus),
      needed: Math.round(power - tolerated),
      starts,
      wait: waitText(wait),
    });
    if (why === 'waiting') return { fill: 'grey', shape: 'ring', text };
    if (stale) return { fill: 'yellow', shape: on ? 'dot' : 'ring', text };
    return on ? STATUS.fresh(text) : { fill: 'grey', shape: 'dot', text };
  }
}

/** @throws DeviceError INVALID_INPUT for what is there and is no number */
function watts(value: unknown, name: string): number | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const number = toNumber(value);
  if (number !== null) return number;
  throw invalidInput(`"${name}" must be a number.`, 'energyPrice', { name });
}

/** Rounded up, so that nobody waits longer than told. */
function waitText(ms: number | null): string {
  if (ms === null) return '–';
  return ms < 90_000 ? `${Math.ceil(ms / 1000)} s` : `${Math.ceil(ms / 60_000)} min`;
}
