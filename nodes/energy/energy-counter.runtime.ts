import type { Node, NodeAPI, NodeDef } from 'node-red';

import { systemClock } from '../../lib/core/clock';
import { type DeviceError, invalidInput, toDeviceError } from '../../lib/core/errors';
import { isRecord, toNumber } from '../../lib/core/units';
import { parseHourRows } from '../../lib/energy/hours';
import { parsePriceList, type PriceRow } from '../../lib/energy/prices';
import { type ReadingOptions, takeReading } from '../../lib/energy/reading';
import { PendingPeriods, type PendingState } from '../../lib/energy/pending';
import { type ClosedPeriod, KINDS, Usage, type UsageReport, type UsageState } from '../../lib/energy/usage';
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
import { form } from './energy-counter.form';
import { availabilityOf, commandOf, meterEventText, ownDevice, processZone, readingOptions } from './glue';
import { Keeper } from './keeper';
import { closedPayload, usagePayload } from './payloads';

/** Messages that wait for a disk at the most. */
const MOST_WAITING = 1000;

type Settings = SettingsOf<typeof form>;

interface State {
  usage: UsageState;
  pending: PendingState;
}

/** @throws DeviceError INVALID_INPUT */
function calculation(settings: Settings, state: UsageState | undefined): Usage {
  const { price, fixedPrice, feedIn, feedInPrice, basePer, base } = settings;
  const rows = parseHourRows<PriceRow>(settings.priceTable, 'price', { min: -1e6, max: 1e6 });
  return new Usage(
    {
      zone: new LocalTime(settings.zone || processZone()),
      billingDay: settings.billingDay,
      price:
        price === 'fixed'
          ? { kind: price, price: fixedPrice }
          : price === 'table'
            ? { kind: price, rows }
            : { kind: price },
      feedIn: feedIn === 'fixed' ? { kind: feedIn, price: feedInPrice } : { kind: feedIn },
      base: basePer === '' ? null : { amount: base, per: basePer },
      longestGap: settings.longestGap === null ? undefined : settings.longestGap * 1000,
    },
    state,
  );
}

/** What a state depends on: other periods or meters are not continued, other prices count from now on. */
function identityOf({ zone, billingDay, input, ...rest }: Settings): unknown {
  const { importProperty, exportProperty, powerProperty, energyUnit, powerUnit } = rest;
  const chosen =
    input === 'chosen' ? [importProperty, exportProperty, powerProperty, energyUnit, powerUnit] : [];
  return [zone || processZone(), billingDay, input, chosen];
}

export function runtime(RED: NodeAPI): NodeRuntime {
  function EnergyCounter(this: Node, config: NodeDef): void {
    createNode(RED, this, config);
    const { settings, problem } = readSettings(RED, this, form, config);
    const setStatus = statusSetter(this);
    let fault: DeviceError | undefined = problem;
    let usage: Usage | undefined;
    try {
      usage = fault ? undefined : calculation(settings, undefined);
    } catch (thrown) {
      fault = toDeviceError(thrown);
    }
    setStatus(fault ? STATUS.unconfigured() : STATUS.waiting());
    if (fault || !usage) {
      onInput(RED, this, () => {
        throw fault ?? invalidInput('The node has no usable settings.');
      });
      return;
    }
    new CounterNode(RED, this, settings, usage, setStatus).begin();
  }

  return { create: EnergyCounter };
}

/** One node at work: its calculation, its clock, and what it keeps. */
class CounterNode {
  private readonly keeper: Keeper<State>;
  private readonly options: ReadingOptions;
  private readonly device: ReturnType<typeof ownDevice>;
  private pending: PendingPeriods;
  /** one message after the other: what has ended is written before it is told */
  private readonly inOrder = new SerialQueue({ limit: MOST_WAITING });
  private cancelTick: (() => void) | undefined;
  private aheadTold = false;
  private topic: string;

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    private readonly settings: Settings,
    private usage: Usage,
    private readonly setStatus: ReturnType<typeof statusSetter>,
  ) {
    this.options = readingOptions(settings);
    this.device = ownDevice(node, form.type);
    this.topic = settings.topic || (node.name ?? form.type);
    this.pending = new PendingPeriods(node.id);
    this.keeper = new Keeper(RED, node, {
      settings: identityOf(settings),
      state: () => ({ usage: this.usage.state(), pending: this.pending.state() }),
    });
  }

  begin(): void {
    const { RED, node } = this;
    const ready = this.keeper.load().then(async ({ state, anew }) => {
      if (state) {
        this.usage = calculation(this.settings, state.usage);
        this.pending = new PendingPeriods(node.id, state.pending);
      }
      if (anew) node.warn(translate(RED, 'log.energyAnew'));
      // What was written and perhaps not told is told again, and says so.
      for (const one of this.pending.left()) this.tell(one.period, one.key, true);
      await this.markTold();
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
      await this.tellClosed(this.usage.setAvailable(available, now));
      return null;
    }
    if (this.takePrices(msg, now) || this.command(msg, now)) {
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
    this.topic = this.settings.topic || topicOf(msg, this.node.name ?? form.type);
    const { report, closed, events } = this.usage.take(reading, now);
    for (const event of events) this.node.warn(meterEventText(this.RED, event));
    await this.tellClosed(closed);
    this.planTick();
    if (!report) return null;
    this.keeper.saveLater();
    this.show(report);
    return [
      Object.assign(msg, { payload: usagePayload(report, this.settings.currency), ...this.header() }),
      null,
    ];
  }

  /** @returns whether the message brings nothing else */
  private takePrices(msg: FlowMessage, now: number): boolean {
    const { priceData } = isRecord(msg.payload) ? msg.payload : {};
    if (priceData !== undefined) {
      this.usage.importPrices.takeList(parsePriceList(priceData));
      return true;
    }
    if (msg.price === undefined) return false;
    const price = toNumber(msg.price);
    if (price === null) throw invalidInput('"price" must be a number.', 'energyPrice');
    this.usage.importPrices.takeCurrent(price, now);
    return !isRecord(msg.payload);
  }

  private command(msg: FlowMessage, now: number): boolean {
    const { reset, newMeter } = commandOf(msg);
    if (reset !== undefined) {
      const kind = KINDS.find((one) => one === reset);
      if (!kind) throw invalidInput('"reset" must name a period.', 'energyReset');
      this.usage.reset(kind, now);
    }
    if (newMeter) this.usage.newMeter();
    return reset !== undefined || newMeter;
  }

  /** What has ended is written as pending before it is told, and as told after. */
  private async tellClosed(closed: readonly ClosedPeriod[]): Promise<void> {
    const wanted = closed.filter(({ kind }) => kind !== 'hour' || this.settings.hours);
    if (wanted.length === 0) return;
    const keyed = this.pending.add(wanted);
    await this.keeper.save();
    for (const { period, key } of keyed) this.tell(period, key, false);
    await this.markTold();
  }

  private tell(period: ClosedPeriod, key: string, repeated: boolean): void {
    const payload = {
      ...closedPayload(period, this.settings.currency),
      key,
      ...(repeated ? { repeated } : {}),
    };
    this.node.send([null, { payload, ...this.header() }]);
  }

  private async markTold(): Promise<void> {
    if (!this.pending.clear()) return;
    await this.keeper.save();
  }

  private planTick(): void {
    this.cancelTick?.();
    this.cancelTick = undefined;
    const next = this.usage.nextTick;
    if (next === null) return;
    this.cancelTick = systemClock.after(Math.max(next - Date.now(), 0), () => void this.tick());
  }

  private async tick(): Promise<void> {
    try {
      await this.inOrder.run(() => this.tellClosed(this.usage.tick(Date.now())));
      this.planTick();
    } catch (thrown) {
      this.node.debug(String(thrown));
    }
  }

  private header(): Record<string, unknown> {
    return { topic: this.topic, device: this.device.block() };
  }

  private show({ day }: UsageReport): void {
    const { currency } = this.settings;
    const kilowattHours = day.import === null ? '–' : (day.import / 1000).toFixed(1);
    const cost = day.cost === null ? '' : ` · ${day.cost.toFixed(2)} ${currency}`.trimEnd();
    this.setStatus(STATUS.fresh(translate(this.RED, 'shown.usage', { energy: kilowattHours, cost })));
  }
}
