import type { Node, NodeAPI, NodeDef } from 'node-red';

import { systemClock } from '../../lib/core/clock';
import { type DeviceError, invalidInput, toDeviceError } from '../../lib/core/errors';
import { round, toNumber } from '../../lib/core/units';
import { Demand, type DemandReport, type DemandState } from '../../lib/energy/demand';
import { parseHourRows } from '../../lib/energy/hours';
import { OverTarget } from '../../lib/energy/over-target';
import { type ReadingOptions, takeReading } from '../../lib/energy/reading';
import { LocalTime } from '../../lib/energy/zone';
import { SerialQueue } from '../../lib/core/queue';
import { ErrorStream } from '../shared/error-stream';
import type { SettingsOf } from '../shared/form';
import { type InputResult, onClose, onInput } from '../shared/input-runner';
import { type FlowMessage, topicOf } from '../shared/messages';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-type';
import { readSettings } from '../shared/read-settings';
import { STATUS, statusOfError, statusSetter } from '../shared/status';
import { translate } from '../shared/text';
import { form } from './energy-demand.form';
import { availabilityOf, commandOf, meterEventText, ownDevice, processZone, readingOptions } from './glue';
import { Keeper } from './keeper';
import { demandPayload } from './payloads';

const MINUTE = 60_000;

/** Messages that wait for a disk at the most. */
const MOST_WAITING = 1000;

type Settings = SettingsOf<typeof form>;

/** @throws DeviceError INVALID_INPUT */
function calculation(settings: Settings, state: DemandState | undefined): Demand {
  const window = Number(settings.window) * MINUTE;
  const step = settings.step === '' ? window : Number(settings.step) * MINUTE;
  if (window % step !== 0) {
    throw invalidInput('The window must be a whole number of steps.', 'energyStep');
  }
  return new Demand(
    {
      zone: new LocalTime(settings.zone || processZone()),
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
function identityOf({ window, step, counts, zone, billingDay, hours, input, ...rest }: Settings): unknown {
  const { importProperty, exportProperty, powerProperty, energyUnit, powerUnit } = rest;
  const chosen =
    input === 'chosen' ? [importProperty, exportProperty, powerProperty, energyUnit, powerUnit] : [];
  return [window, step, counts, zone || processZone(), billingDay, hours, input, chosen];
}

export function runtime(RED: NodeAPI): NodeRuntime {
  function EnergyDemand(this: Node, config: NodeDef): void {
    createNode(RED, this, config);
    const { settings, problem } = readSettings(RED, this, form, config);
    const setStatus = statusSetter(this);
    let demand: Demand | undefined;
    let fault: DeviceError | undefined = problem;
    try {
      demand = fault ? undefined : calculation(settings, undefined);
    } catch (thrown) {
      fault = toDeviceError(thrown);
    }
    setStatus(fault ? STATUS.unconfigured() : STATUS.waiting());
    if (fault || !demand) {
      onInput(RED, this, () => {
        throw fault ?? invalidInput('The node has no usable settings.');
      });
      return;
    }
    new DemandNode(RED, this, settings, demand, setStatus).begin();
  }

  return { create: EnergyDemand };
}

/** One node at work: its calculation, its clock, and what it keeps. */
class DemandNode {
  private readonly over = new OverTarget();
  private readonly keeper: Keeper<DemandState>;
  private readonly options: ReadingOptions;
  private readonly device: ReturnType<typeof ownDevice>;
  /** one message after the other: what has ended is written before it is told */
  private readonly inOrder = new SerialQueue({ limit: MOST_WAITING });
  private cancelTick: (() => void) | undefined;
  private aheadTold = false;
  private topic: string;

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    private readonly settings: Settings,
    private demand: Demand,
    private readonly setStatus: ReturnType<typeof statusSetter>,
  ) {
    this.options = readingOptions(settings);
    this.device = ownDevice(node, form.type);
    this.topic = settings.topic || (node.name ?? form.type);
    this.keeper = new Keeper(RED, node, { settings: identityOf(settings), state: () => this.demand.state() });
  }

  begin(): void {
    const { RED, node } = this;
    const ready = this.keeper.load().then(({ state, anew }) => {
      if (state) this.demand = calculation(this.settings, state);
      if (anew) node.warn(translate(RED, 'log.energyAnew'));
      this.planTick();
    });
    void this.inOrder.run(() => ready);
    onInput(
      RED,
      node,
      async (msg) => {
        try {
          return await this.inOrder.run(() => this.take(msg));
        } catch (thrown) {
          this.setStatus(statusOfError(toDeviceError(thrown)));
          throw thrown;
        }
      },
      new ErrorStream(RED, node),
    );
    onClose(node, () => {
      this.inOrder.close();
      this.cancelTick?.();
      return Promise.resolve();
    });
  }

  private async take(msg: FlowMessage): Promise<InputResult> {
    const now = Date.now();
    const available = availabilityOf(msg.payload);
    if (available !== undefined) {
      await this.tellClosed(this.demand.setAvailable(available, now));
      return null;
    }
    const commanded = this.command(msg);
    if (commanded) {
      this.keeper.saveLater();
      return null;
    }
    const lookup = (property: string): unknown => this.RED.util.getMessageProperty(msg, property);
    const { reading, ahead } = takeReading(msg.payload, lookup, this.options, now);
    if (ahead && !this.aheadTold) {
      this.aheadTold = true;
      this.node.warn(translate(this.RED, 'log.energyAhead'));
    }
    this.device.follow(msg);
    const own = this.settings.topic;
    this.topic = own || topicOf(msg, this.node.name ?? form.type);
    const { reports, events } = this.demand.take(reading, now);
    for (const event of events) this.node.warn(meterEventText(this.RED, event));
    await this.tellClosed(reports.filter(({ closed }) => closed));
    const report = reports.find(({ closed }) => !closed);
    this.planTick();
    if (!report) return null;
    this.keeper.saveLater();
    this.show(report);
    const payload = this.payloadOf(report, ownDrawOf(msg, this.settings.ownDraw));
    const first = payload === null ? null : Object.assign(msg, { payload, ...this.header() });
    return [first, this.crossing(report)];
  }

  /** Messages that need no reading. @returns whether it was one */
  private command(msg: FlowMessage): boolean {
    const { target, reset, newMeter } = commandOf(msg);
    if (target !== undefined) this.demand.setTarget(target);
    if (reset === 'month') this.demand.resetMonth();
    else if (reset !== undefined) throw invalidInput('Only the month can be reset.', 'energyReset');
    if (newMeter) this.demand.newMeter();
    return (target !== undefined && msg.target === undefined) || reset !== undefined || newMeter;
  }

  /** What has ended is written before it is told, so that a restart does not lose it. */
  private async tellClosed(reports: readonly DemandReport[]): Promise<void> {
    if (reports.length === 0) return;
    await this.keeper.save();
    for (const report of reports) {
      const payload = this.payloadOf(report, this.settings.ownDraw);
      if (this.settings.output === 'report') this.node.send([{ payload, ...this.header() }, null]);
    }
  }

  private planTick(): void {
    this.cancelTick?.();
    this.cancelTick = undefined;
    const next = this.demand.nextTick;
    if (next === null) return;
    this.cancelTick = systemClock.after(Math.max(next - Date.now(), 0), () => void this.tick());
  }

  private async tick(): Promise<void> {
    try {
      await this.inOrder.run(async () => {
        const closed = this.demand.tick(Date.now());
        const last = closed.at(-1);
        if (last) this.show(last);
        await this.tellClosed(closed);
      });
      this.planTick();
    } catch (thrown) {
      this.node.debug(String(thrown));
    }
  }

  private header(): Record<string, unknown> {
    return { topic: this.topic, device: this.device.block() };
  }

  private payloadOf(report: DemandReport, ownDraw: number | null): Record<string, unknown> | null {
    const payload = demandPayload(report, ownDraw);
    if (this.settings.output === 'report') return payload;
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
    const { projected, target, allowedPower, windowEnd, timestamp } = report;
    const kilowatts = (watts: number | null): string => (watts === null ? '–' : (watts / 1000).toFixed(1));
    if (target === null || allowedPower === null) {
      this.setStatus(STATUS.fresh(`${kilowatts(projected)} kW`));
      return;
    }
    const text = translate(this.RED, 'shown.demand', {
      projected: kilowatts(projected),
      target: kilowatts(target),
      allowed: kilowatts(allowedPower),
      minutes: Math.max(1, Math.round((windowEnd - timestamp) / MINUTE)),
    });
    this.setStatus(STATUS.fresh(text));
  }
}

/** W: what the load that is controlled draws itself; `null` where nobody says it. */
function ownDrawOf(msg: FlowMessage, setting: number | null): number | null {
  const told = toNumber(msg.load);
  return told === null ? setting : round(told);
}
