import type { Node, NodeAPI, NodeDef } from 'node-red';

import { invalidInput } from '../../lib/core/errors';
import { isRecord, round } from '../../lib/core/values';
import { type Bar, Bars } from '../../lib/energy/bars';
import type { MeterReading } from '../../lib/energy/meter';
import { type ClosedPeriod, KINDS, Usage, type UsageReport, type UsageState } from '../../lib/energy/usage';
import { localTimeOf, type PeriodKind } from '../../lib/core/zone';
import type { SettingsOf } from '../shared/form';
import type { Outgoing } from '../shared/input-runner';
import type { FlowMessage } from '../shared/messages';
import type { NodeRuntime } from '../shared/node-runtime';
import { STATUS } from '../shared/status';
import { translate } from '../shared/text';
import { createEnergyNode } from './create';
import { form } from './energy-counter.form';
import { type Command, EnergyNode, type Taken } from './energy-node';
import { aboutAction, commandOf, meterIdentity } from './glue';
import { pricesCommand, pricingOf } from './pricing';
import { closedPayload, usagePayload } from './payloads';

type Settings = SettingsOf<typeof form>;

/** How many closed periods of each kind are kept for charts; weeks are read off days. */
const CHARTS = { hour: 48, day: 31, month: 13, year: 10 } as const;
type Charted = keyof typeof CHARTS;
const DIRECTIONS = 2;

/** @throws DeviceError INVALID_INPUT */
function calculation(settings: Settings, state?: UsageState): Usage {
  const { price, fixedPrice, priceTable, feedIn, feedInPrice, feedInTable, basePer, base } = settings;
  return new Usage(
    {
      zone: localTimeOf(settings.zone),
      billingDay: settings.billingDay,
      price: pricingOf(price, fixedPrice, priceTable),
      feedIn: pricingOf(feedIn, feedInPrice, feedInTable),
      base: basePer === '' ? null : { amount: base, per: basePer },
      longestGap: settings.longestGap === null ? undefined : settings.longestGap * 1000,
      hours: settings.hours,
    },
    state,
  );
}

export function runtime(RED: NodeAPI): NodeRuntime {
  function EnergyCounter(this: Node, config: NodeDef): void {
    createEnergyNode(RED, this, config, form, (settings) => {
      new CounterNode(RED, this, settings, calculation(settings)).begin();
    });
  }

  return { ownerOnly: true, create: EnergyCounter, actions: { about: aboutAction(RED) } };
}

class CounterNode extends EnergyNode<ClosedPeriod, ClosedPeriod> {
  protected readonly closedOutput = 1;
  protected readonly nextLook = null;
  private charts = chartsOf({});
  private chartsChanged = false;

  constructor(
    RED: NodeAPI,
    node: Node,
    private readonly settings: Settings,
    protected calculation: Usage,
  ) {
    // Other periods or meters are not continued; other prices count from now on.
    super(RED, node, form.type, settings, [settings.billingDay, ...meterIdentity(settings)]);
  }

  protected override restore(state: unknown, more: unknown): void {
    this.calculation = calculation(this.settings, state as UsageState);
    this.charts = chartsOf(more as Partial<Record<Charted, Bar[]>>);
    this.chartsChanged = true;
  }

  protected override more(): unknown {
    return this.rows();
  }

  /** @throws DeviceError INVALID_INPUT */
  protected override commandOf(msg: FlowMessage, now: number): Command {
    const { reset, newMeter } = commandOf(msg);
    const kind = KINDS.find((one) => one === reset);
    if (reset !== undefined && !kind) throw invalidInput('"reset" must name a period.', 'energyReset');
    const { priceData, feedInPriceData } = isRecord(msg.payload) ? msg.payload : {};
    const work = [
      pricesCommand(
        { list: priceData, current: msg.price, name: 'price' },
        this.options.zone,
        now,
        () => this.calculation.importPrices,
      ),
      pricesCommand(
        { list: feedInPriceData, current: msg.feedInPrice, name: 'feedInPrice' },
        this.options.zone,
        now,
        () => this.calculation.feedInPrices,
      ),
    ].filter((one) => one !== undefined);
    if (kind === undefined && !newMeter && work.length === 0) return undefined;
    return () => {
      for (const one of work) one();
      if (kind !== undefined) this.calculation.reset(kind, now);
      if (newMeter) this.calculation.newMeter();
    };
  }

  protected override take(reading: MeterReading, msg: FlowMessage, now: number): Taken<ClosedPeriod> {
    const { report, closed, events } = this.calculation.take(reading, now);
    return { closed, events, send: report && (() => this.answer(report, msg)) };
  }

  protected override note(closed: readonly ClosedPeriod[]): void {
    for (const kind of Object.keys(CHARTS) as Charted[]) {
      const rows = closed.filter((one) => one.kind === kind).flatMap(barsOf);
      this.charts[kind].add(rows);
      this.chartsChanged ||= rows.length > 0;
    }
  }

  protected override keptOf(closed: ClosedPeriod): ClosedPeriod {
    return closed;
  }

  protected override keyOf({ kind, start }: ClosedPeriod): string {
    return `${this.node.id} ${kind} ${new Date(start).toISOString()}`;
  }

  protected override messageOf(
    period: ClosedPeriod,
    key: string,
    repeated: boolean,
  ): Record<string, unknown>[] {
    const payload = closedPayload(period, this.settings.currency);
    return [{ ...payload, key, ...(repeated || period.again ? { repeated: true } : {}) }];
  }

  protected override showWithoutReading(): void {
    // What a day has used so far is what the last reading told.
  }

  private answer(report: UsageReport, msg: FlowMessage): Outgoing {
    this.showSoon(() => this.show(report));
    const payload = usagePayload(report, this.settings.currency);
    // With the first reading, and when a period has ended: whoever draws them needs no more.
    if (this.chartsChanged) payload.chart = this.rows();
    this.chartsChanged = false;
    return [Object.assign(msg, { payload, ...this.header() }), null];
  }

  private rows(): Partial<Record<PeriodKind, Bar[]>> {
    return Object.fromEntries(
      Object.entries(this.charts).map(([kind, bars]) => [kind, bars.all().map((one) => ({ ...one }))]),
    );
  }

  private show({ day }: UsageReport): void {
    const { currency } = this.settings;
    const kilowattHours = day.import === null ? '–' : (day.import / 1000).toFixed(1);
    const cost = day.cost === null ? '' : ` · ${day.cost.toFixed(2)} ${currency}`.trimEnd();
    this.setStatus(STATUS.fresh(translate(this.RED, 'shown.usage', { energy: kilowattHours, cost })));
  }
}

function chartsOf(rows: Partial<Record<Charted, readonly Bar[]>>): Record<Charted, Bars> {
  const made = (kind: Charted): Bars => new Bars(CHARTS[kind] * DIRECTIONS, rows[kind]);
  return { hour: made('hour'), day: made('day'), month: made('month'), year: made('year') };
}

/** kWh; what is not known is no bar. */
function barsOf({ start, import: taken, export: given }: ClosedPeriod): Bar[] {
  return [
    { topic: 'import', energy: taken },
    { topic: 'export', energy: given },
  ].flatMap(({ topic, energy }) =>
    energy === null ? [] : [{ x: start, y: round(energy / 1000, 3), topic }],
  );
}
