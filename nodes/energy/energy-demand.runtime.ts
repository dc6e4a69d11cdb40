import type { Node, NodeAPI, NodeDef } from 'node-red';

import { invalidInput } from '../../lib/core/errors';
import { round, toNumber } from '../../lib/core/values';
import { type Bar, Bars } from '../../lib/energy/bars';
import { type ClosedWindow, Demand, type DemandReport, type DemandState } from '../../lib/energy/demand';
import { parseHourRows } from '../../lib/energy/hours';
import type { MeterReading } from '../../lib/energy/meter';
import { OverTarget } from '../../lib/energy/over-target';
import { localTimeOf } from '../../lib/core/zone';
import type { SettingsOf } from '../shared/form';
import type { Outgoing } from '../shared/input-runner';
import type { FlowMessage } from '../shared/messages';
import type { NodeRuntime } from '../shared/node-runtime';
import { STATUS } from '../shared/status';
import { translate } from '../shared/text';
import { createEnergyNode } from './create';
import { form } from './energy-demand.form';
import { type Command, EnergyNode, type Taken } from './energy-node';
import { aboutAction, commandOf, meterIdentity } from './glue';
import { demandPayload } from './payloads';

const MINUTE = 60_000;
/** a day of quarters of an hour */
const BARS = 96;

type Settings = SettingsOf<typeof form>;

/** @throws DeviceError INVALID_INPUT */
function calculation(settings: Settings, state?: DemandState): Demand {
  const window = Number(settings.window) * MINUTE;
  const step = settings.step === '' ? window : Number(settings.step) * MINUTE;
  if (window % step !== 0) {
    throw invalidInput('The window must be a whole number of steps.', 'energyStep');
  }
  return new Demand(
    {
      zone: localTimeOf(settings.zone),
      window,
      step,
      counts: settings.counts,
      target: settings.target,
      hours: parseHourRows(settings.hours, 'weight', { min: 0, max: 1 }),
      billingDay: settings.billingDay,
      longestGap: settings.longestGap === null ? undefined : settings.longestGap * 1000,
      completeFrom: settings.completeFrom / 100,
      smoothing: settings.smoothing * 1000,
      peaks: settings.peaks,
      differentDays: settings.differentDays,
      floor: settings.floor,
      ratchet: settings.ratchet / 100,
    },
    state,
  );
}

/** What a state depends on: other windows, months or meters are not continued. */
function identityOf(settings: Settings): unknown {
  const { window, step, counts, billingDay, hours } = settings;
  return [window, step || window, counts, billingDay, hours, ...meterIdentity(settings)];
}

export function runtime(RED: NodeAPI): NodeRuntime {
  function EnergyDemand(this: Node, config: NodeDef): void {
    createEnergyNode(RED, this, config, form, (settings) => {
      new DemandNode(RED, this, settings, calculation(settings)).begin();
    });
  }

  return { ownerOnly: true, create: EnergyDemand, actions: { about: aboutAction(RED) } };
}

class DemandNode extends EnergyNode<DemandReport, ClosedWindow> {
  protected readonly closedOutput = 0;
  private readonly over = new OverTarget();
  private bars = new Bars(BARS);
  private shownBars: readonly Bar[] = this.bars.all();
  private waits = false;

  constructor(
    RED: NodeAPI,
    node: Node,
    private readonly settings: Settings,
    protected calculation: Demand,
  ) {
    super(RED, node, form.type, settings, identityOf(settings));
  }

  protected override restore(state: unknown, more: unknown): void {
    this.calculation = calculation(this.settings, state as DemandState);
    this.bars = new Bars(BARS, more as Bar[]);
  }

  protected override more(): unknown {
    return this.bars.all();
  }

  protected override commandOf(msg: FlowMessage): Command {
    const { target, reset, newMeter } = commandOf(msg);
    if (reset !== undefined && reset !== 'month') {
      throw invalidInput('Only the month can be reset.', 'energyReset');
    }
    if (target === undefined && reset === undefined && !newMeter) return undefined;
    return () => {
      if (target !== undefined) this.calculation.setTarget(target);
      if (reset !== undefined) this.calculation.resetMonth();
      if (newMeter) this.calculation.newMeter();
    };
  }

  protected override take(reading: MeterReading, msg: FlowMessage, now: number): Taken<DemandReport> {
    const { reports, events } = this.calculation.take(reading, now);
    const report = reports.find(({ closed }) => !closed);
    return {
      closed: reports.filter(({ closed }) => closed),
      events,
      send: report && (() => this.answer(report, msg)),
    };
  }

  protected override note(closed: readonly DemandReport[]): void {
    this.bars.add(
      closed.flatMap(({ last }) => {
        const power = last?.demand ?? last?.average ?? null;
        return last && power !== null ? [{ x: last.start, y: round(power / 1000, 3), topic: 'demand' }] : [];
      }),
    );
  }

  protected override keptOf({ last }: DemandReport): ClosedWindow | undefined {
    return this.settings.output === 'report' && last ? last : undefined;
  }

  protected override keyOf({ end }: ClosedWindow): string {
    return `${this.node.id} window ${new Date(end).toISOString()}`;
  }

  protected override messageOf(
    window: ClosedWindow,
    key: string,
    repeated: boolean,
  ): Record<string, unknown>[] {
    const payload = demandPayload(this.calculation.reportOf(window), this.settings.ownDraw);
    return [{ ...payload, key, ...(repeated ? { repeated } : {}) }];
  }

  protected override get nextLook(): number | null {
    return this.waits ? null : this.calculation.waitsFrom;
  }

  protected override showWithoutReading(closed: readonly DemandReport[], now: number): void {
    const last = closed.at(-1);
    if (last) this.show(last);
    const { waitsFrom } = this.calculation;
    if (last || waitsFrom === null || now < waitsFrom) return;
    this.waits = true;
    this.setStatus({ fill: 'yellow', shape: 'ring', text: translate(this.RED, 'shown.waits') });
  }

  private answer(report: DemandReport, msg: FlowMessage): Outgoing {
    this.waits = false;
    this.showSoon(() => this.show(report));
    const payload = this.payloadOf(report, ownDrawOf(msg, this.settings.ownDraw));
    const first = payload === null ? null : Object.assign(msg, { payload, ...this.header() });
    return [first, this.crossing(report)];
  }

  private payloadOf(report: DemandReport, ownDraw: number | null): Record<string, unknown> | null {
    const payload = demandPayload(report, ownDraw);
    if (this.settings.output === 'report') {
      const bars = this.bars.all();
      // With the first reading, and when a window has ended: whoever draws them needs no more.
      if (bars !== this.shownBars) payload.chart = bars.map((one) => ({ ...one }));
      this.shownBars = bars;
      return payload;
    }
    const { allowedLoad } = payload;
    // Rounded down: what is allowed is never exceeded.
    return typeof allowedLoad === 'number'
      ? { maxLoad: Math.floor(allowedLoad) / 1000, maxLoadUnit: 'kW', enabled: true }
      : null;
  }

  private crossing(report: DemandReport): Record<string, unknown> | null {
    const over = this.over.update(report);
    if (over === undefined) return null;
    const { projected, target, allowedPower, windowEnd } = demandPayload(report, null);
    return { payload: { over, projected, target, allowedPower, windowEnd }, ...this.header() };
  }

  /** In words that a person acts on. */
  private show(report: DemandReport): void {
    const { projected, target, allowedPower, windowEnd, timestamp, coarse } = report;
    const kilowatts = (watts: number | null): string => (watts === null ? '–' : (watts / 1000).toFixed(1));
    const figures =
      target === null || allowedPower === null
        ? `${kilowatts(projected)} kW`
        : translate(this.RED, 'shown.demand', {
            projected: kilowatts(projected),
            target: kilowatts(target),
            allowed: kilowatts(Math.floor(allowedPower / 100) * 100),
            minutes: Math.max(1, Math.round((windowEnd - timestamp) / MINUTE)),
          });
    const text = coarse ? translate(this.RED, 'shown.coarse', { figures }) : figures;
    this.setStatus(STATUS.fresh(text));
  }
}

/** W: what the load that is controlled draws itself; `null` where nobody says it. */
function ownDrawOf(msg: FlowMessage, setting: number | null): number | null {
  const told = toNumber(msg.load);
  return told === null ? setting : round(told);
}
