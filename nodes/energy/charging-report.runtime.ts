import { setImmediate as nextTurn } from 'node:timers/promises';

import type { Node, NodeAPI, NodeDef } from 'node-red';

import { invalidInput } from '../../lib/core/errors';
import { Notices } from '../../lib/core/notices';
import { isRecord } from '../../lib/core/values';
import { LocalTime, processZone } from '../../lib/core/zone';
import { type Keyed, Pending } from '../../lib/energy/pending';
import type { BilledSpan } from '../../lib/reports/billed';
import { addTo, ChargingReport, type Taken } from '../../lib/reports/charging';
import { type PackedSpan, packSpan, unpackSpan } from '../../lib/reports/charging-state';
import { chargingCsv, type Names, parseNames, rowOf, summaryOf } from '../../lib/reports/charging-summary';
import { type ReportedSession, sessionsOf } from '../../lib/reports/session-input';
import type { SettingsOf } from '../shared/form';
import type { InputResult } from '../shared/input-runner';
import { type FlowMessage } from '../shared/messages';
import type { NodeRuntime } from '../shared/node-runtime';
import { STATUS } from '../shared/status';
import { noticeText, translate } from '../shared/text';
import { form } from './charging-report.form';
import { createEnergyNode } from './create';
import { aboutAction } from './glue';
import { KeptNode } from './kept-node';
import { pricesCommand, pricingOf } from './pricing';

type Settings = SettingsOf<typeof form>;
type ReportState = ReturnType<ChargingReport['state']>;

interface State {
  report: ReportState;
  pending: Keyed<PackedSpan>[];
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** s; whole messages are kept at once, parts of a sequence with the next of these */
const SAVE_EVERY = 60;

export function runtime(RED: NodeAPI): NodeRuntime {
  function ChargingReportNode(this: Node, config: NodeDef): void {
    createEnergyNode(RED, this, config, form, (settings) => new ReportNode(RED, this, settings).begin());
  }

  return { ownerOnly: true, create: ChargingReportNode, actions: { about: aboutAction(RED) } };
}

class ReportNode extends KeptNode<State> {
  private readonly zone: LocalTime;
  private readonly names: Names;
  private readonly notices = new Notices((notice) => this.node.warn(noticeText(this.RED, notice)));
  private report: ChargingReport;
  private pending = new Pending<PackedSpan>();
  /** what the messages of a sequence have brought so far */
  private taken = nothing();

  /** @throws DeviceError INVALID_INPUT */
  constructor(
    RED: NodeAPI,
    node: Node,
    private readonly settings: Settings,
  ) {
    // Days and months of another zone or billing day are not continued; other prices count from now on.
    const zone = settings.zone || processZone();
    super(RED, node, form.type, { topic: settings.topic, saveEvery: SAVE_EVERY }, [
      zone,
      settings.billingDay,
    ]);
    this.zone = new LocalTime(zone);
    this.names = parseNames(settings.names);
    this.report = this.calculation();
  }

  protected override state(): State {
    return { report: this.report.state(), pending: this.pending.state() };
  }

  protected override async load(started: Promise<void>): Promise<void> {
    const { anew } = await this.keeper.load(({ report, pending }) => {
      const left = new Pending(pending);
      this.report = this.calculation(report);
      this.pending = left;
    });
    if (anew) {
      this.node.warn(translate(this.RED, 'log.energyAnew'));
      this.setStatus({ fill: 'grey', shape: 'ring', text: translate(this.RED, 'shown.anew') });
    }
    // What was written and perhaps not told is told again, and says so.
    if (this.pending.left().length === 0) return;
    await started;
    for (const { what, key } of this.pending.left()) this.tell(unpackSpan(what), key, true);
    this.pending.clear();
    await this.keeper.save();
  }

  protected override handle(msg: FlowMessage): InputResult | Promise<InputResult> {
    const now = Date.now();
    const prices = pricesCommand(
      { list: isRecord(msg.payload) ? msg.payload.priceData : undefined, current: msg.price, name: 'price' },
      this.zone.name,
      now,
      () => this.report.prices,
    );
    const command = this.commandOf(msg, prices);
    if (command) {
      const csv = command();
      return this.keeper.save().then(() => this.answer(msg, now, csv));
    }
    const device =
      isRecord(msg.device) && typeof msg.device.id === 'string' ? msg.device.id.slice(0, 200) : '';
    const { sessions, leftOut, bare } = sessionsOf(msg.payload, device, this.zone.name);
    if (leftOut > 0) this.notices.once({ reason: 'energyNoSession' });
    if (bare) this.notices.once({ reason: 'energyBareSessions' });
    prices?.();
    return this.take(msg, sessions, leftOut, now);
  }

  private async take(
    msg: FlowMessage,
    sessions: readonly ReportedSession[],
    leftOut: number,
    now: number,
  ): Promise<InputResult> {
    for (const some of this.report.taking(sessions)) {
      addTo(this.taken, some);
      await nextTurn();
    }
    this.taken.leftOut += leftOut;
    this.follow(msg);
    if (!isLast(msg)) {
      this.keeper.saveLater();
      return { send: null };
    }
    return this.end(msg, now);
  }

  /** All sessions of an answer are there. */
  private async end(msg: FlowMessage, now: number): Promise<InputResult> {
    // Rows are missing, so sessions of the month may be, too.
    const closed = msg.partial === true ? [] : this.report.close(now);
    const keyed = closed.map((span) => ({ what: packSpan(span), key: this.keyOf(span) }));
    this.pending.add(keyed);
    await this.keeper.save();
    for (const span of closed) this.tell(span, this.keyOf(span), false);
    if (this.pending.clear()) await this.keeper.save();
    return this.answer(msg, now, undefined);
  }

  private answer(msg: FlowMessage, now: number, withCsv: true | undefined): InputResult {
    const { groupBy, currency, decimalComma } = this.settings;
    const { day, month, open } = this.report.running(now);
    const { taken } = this;
    this.taken = nothing();
    const summary = summaryOf(month, groupBy, this.names);
    const payload = {
      timestamp: new Date(now).toISOString(),
      day: summaryOf(day, groupBy, this.names),
      month: summary,
      open,
      taken,
      ...(currency === '' ? {} : { currency }),
      ...(msg.partial === true ? { partial: true } : {}),
      ...(withCsv
        ? {
            rows: month.stays.map((stay) => rowOf(stay, this.names)),
            csv: chargingCsv(month.stays, this.names, this.zone, { decimalComma }),
          }
        : {}),
    };
    const energy = (summary.energy / 1000).toFixed(1);
    const cost = summary.cost === null ? '' : ` · ${summary.cost.toFixed(2)} ${currency}`.trimEnd();
    this.showSoon(() =>
      this.setStatus(
        STATUS.fresh(translate(this.RED, 'shown.charging', { sessions: summary.sessions, energy, cost })),
      ),
    );
    return { send: [Object.assign(msg, { payload, ...this.header() }), null] };
  }

  private tell(span: BilledSpan, key: string, repeated: boolean): void {
    const { groupBy, currency, decimalComma } = this.settings;
    const payload = {
      period: 'month',
      ...summaryOf(span, groupBy, this.names),
      ...(currency === '' ? {} : { currency }),
      rows: span.stays.map((stay) => rowOf(stay, this.names)),
      csv: chargingCsv(span.stays, this.names, this.zone, { decimalComma }),
      key,
      ...(repeated ? { repeated: true } : {}),
    };
    this.node.send([null, { payload, ...this.header() }]);
  }

  private keyOf({ start }: BilledSpan): string {
    return `${this.node.id} month ${new Date(start).toISOString()}`;
  }

  /**
   * What a message asks for that brings no sessions: checked, and not done yet. The work returns whether a table is wanted.
   *
   * @throws DeviceError INVALID_INPUT
   */
  private commandOf(
    msg: FlowMessage,
    prices: (() => void) | undefined,
  ): (() => true | undefined) | undefined {
    const { csv, reset, start } = isRecord(msg.payload) ? msg.payload : {};
    if (start !== undefined || Array.isArray(msg.payload)) return undefined;
    if (reset !== undefined && reset !== true) {
      throw invalidInput('"reset" must be true: the report begins anew.', 'energyReportReset');
    }
    if (csv !== true && reset !== true && !prices) return undefined;
    return () => {
      prices?.();
      if (prices) this.report.priceAgain();
      if (reset === true) this.report.reset();
      return csv === true ? true : undefined;
    };
  }

  private calculation(state?: ReportState): ChargingReport {
    const { price, fixedPrice, priceTable, billingDay, settle, idlePower, idleAfter, grace } = this.settings;
    return new ChargingReport(
      {
        zone: this.zone,
        billingDay,
        price: pricingOf(price, fixedPrice, priceTable),
        settle: settle * HOUR,
        idlePower,
        idleAfter: idleAfter * MINUTE,
        grace: grace * MINUTE,
      },
      state,
    );
  }
}

function nothing(): Taken & { leftOut: number } {
  return { new: 0, changed: 0, known: 0, old: 0, leftOut: 0 };
}

/** Whether no further message of the same answer follows. */
function isLast({ parts }: FlowMessage): boolean {
  if (!isRecord(parts) || typeof parts.index !== 'number') return true;
  return typeof parts.count === 'number' && parts.index >= parts.count - 1;
}
