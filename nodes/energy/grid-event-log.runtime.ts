import type { Node, NodeAPI, NodeDef } from 'node-red';

import { invalidInput } from '../../lib/core/errors';
import { refusedPayload } from '../../lib/core/input';
import { isRecord } from '../../lib/core/values';
import { VENDORS } from '../../lib/core/vendors';
import { LocalTime, processZone } from '../../lib/core/zone';
import { type Keyed, Pending } from '../../lib/energy/pending';
import type { GridEvent } from '../../lib/reports/grid-event';
import { factsOf } from '../../lib/reports/grid-input';
import { GridLog, type GridMonth, type GridState } from '../../lib/reports/grid-log';
import { eventRow, gridCsv, monthRow } from '../../lib/reports/grid-summary';
import type { SettingsOf } from '../shared/form';
import { type InputResult, NOTHING } from '../shared/input-runner';
import type { FlowMessage } from '../shared/messages';
import type { NodeRuntime } from '../shared/node-runtime';
import { STATUS } from '../shared/status';
import { translate } from '../shared/text';
import { createEnergyNode } from './create';
import { aboutAction } from './glue';
import { form } from './grid-event-log.form';
import { KeptNode } from './kept-node';

type Settings = SettingsOf<typeof form>;

type Told = { event: GridEvent } | { month: GridMonth };

interface State {
  log: GridState;
  pending: Keyed<Told>[];
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;

export function runtime(RED: NodeAPI): NodeRuntime {
  function GridEventLog(this: Node, config: NodeDef): void {
    createEnergyNode(RED, this, config, form, (settings) => new LogNode(RED, this, settings).begin());
  }

  return { ownerOnly: true, create: GridEventLog, actions: { about: aboutAction(RED) } };
}

class LogNode extends KeptNode<State> {
  private readonly zone: LocalTime;
  private log: GridLog;
  private pending = new Pending<Told>();
  private planned: { at: number; cancel: () => void } | undefined;

  /** @throws DeviceError INVALID_INPUT */
  constructor(
    RED: NodeAPI,
    node: Node,
    private readonly settings: Settings,
  ) {
    const zone = settings.zone || processZone();
    // Months of another zone are not continued.
    super(RED, node, form.type, settings, [zone]);
    this.zone = new LocalTime(zone);
    this.log = this.calculation();
  }

  protected override state(): State {
    return { log: this.log.state(Date.now()), pending: this.pending.state() };
  }

  protected override async load(started: Promise<void>): Promise<void> {
    const { anew } = await this.keeper.load(({ log, pending }) => {
      const left = new Pending(pending);
      this.log = this.calculation(log);
      this.pending = left;
    });
    if (anew) {
      this.node.warn(translate(this.RED, 'log.energyAnew'));
      this.setStatus({ fill: 'grey', shape: 'ring', text: translate(this.RED, 'shown.anew') });
    }
    const now = Date.now();
    const closed = this.log.resume(now);
    // What was written and perhaps not told is told again, and says so.
    if (this.pending.left().length > 0 || closed.length > 0) {
      await started;
      for (const { what, key } of this.pending.left()) this.tell(what, key, true);
      this.pending.clear();
      await this.tellNew([], closed);
    }
    this.plan();
  }

  protected override handle(msg: FlowMessage): InputResult | Promise<InputResult> {
    const now = Date.now();
    if (isRecord(msg.payload) && msg.payload.csv === true) {
      return {
        send: [
          null,
          Object.assign(msg, { payload: this.monthOf(this.log.running(now), true), ...this.header() }),
        ],
      };
    }
    const facts = factsOf(msg, this.zone.name, now);
    if (facts.length === 0) {
      if (isOurs(msg)) return NOTHING;
      throw refusedPayload(
        msg.payload,
        invalidInput('The message tells neither an event of the grid nor a power.', 'energyNoGridEvent'),
      );
    }
    const before = this.log.openCount;
    for (const fact of facts) this.log.take(fact, now);
    this.follow(msg);
    const told = this.look(now);
    const changed = this.log.openCount !== before;
    this.keeper.saveLater();
    this.plan();
    this.showSoon(() => this.show());
    if (told) return told.then(() => NOTHING);
    // That something goes on must not be lost.
    return changed ? this.keeper.save().then(() => NOTHING) : NOTHING;
  }

  /** @returns `undefined`: nothing is over */
  private look(now: number): Promise<void> | undefined {
    const events = this.log.ended(now);
    const months = this.log.close(now);
    return events.length > 0 || months.length > 0 ? this.tellNew(events, months) : undefined;
  }

  private async tellNew(events: readonly GridEvent[], months: readonly GridMonth[]): Promise<void> {
    const keyed: Keyed<Told>[] = [
      ...events.map((event) => ({ what: { event }, key: this.keyOf(event.kind, event) })),
      ...months.map((month) => ({ what: { month }, key: this.keyOf('month', month) })),
    ];
    this.pending.add(keyed);
    await this.keeper.save();
    for (const { what, key } of keyed) this.tell(what, key, false);
    if (this.pending.clear()) await this.keeper.save();
  }

  private tell(what: Told, key: string, repeated: boolean): void {
    const { decimalComma } = this.settings;
    const more = { key, ...(repeated ? { repeated: true } : {}) };
    if ('event' in what) {
      const line = gridCsv([what.event], this.zone, { decimalComma }, false);
      this.node.send([{ payload: { ...eventRow(what.event), line, ...more }, ...this.header() }, null]);
    } else {
      this.node.send([null, { payload: { ...this.monthOf(what.month, false), ...more }, ...this.header() }]);
    }
  }

  private monthOf(month: GridMonth, isRunning: boolean): Record<string, unknown> {
    const { decimalComma } = this.settings;
    return {
      period: 'month',
      ...monthRow(month),
      ...(isRunning ? { running: true } : {}),
      rows: month.events.map(eventRow),
      csv: gridCsv(month.events, this.zone, { decimalComma }),
    };
  }

  private keyOf(kind: string, { start, ...more }: { start: number; device?: string; name?: string }): string {
    const { device = '', name = '' } = more;
    return [this.node.id, kind, device, name, new Date(start).toISOString()]
      .filter((part) => part !== '')
      .join(' ');
  }

  private plan(): void {
    const at = this.log.nextTick;
    if (at === null || (this.planned && this.planned.at <= at)) return;
    this.planned?.cancel();
    // A timer holds no more than some weeks, and somebody may set the clock.
    const wait = Math.min(Math.max(at - Date.now(), 0), 60 * MINUTE);
    const cancel = this.after(wait, () => {
      this.planned = undefined;
      this.inTurn(async () => {
        await this.look(Date.now());
        this.show();
        this.plan();
      });
    });
    this.planned = { at, cancel };
  }

  private show(): void {
    const { events, more } = this.log.running(Date.now());
    const text = { count: events.length + more, open: this.log.openCount };
    const shown = translate(this.RED, text.open > 0 ? 'shown.gridOpen' : 'shown.gridCount', text);
    this.setStatus(text.open > 0 ? STATUS.attention(shown) : STATUS.fresh(shown));
  }

  private calculation(state?: GridState): GridLog {
    const { respondWithin, tolerance, baseline, longestGap, meter } = this.settings;
    return new GridLog(
      {
        zone: this.zone,
        respondWithin: respondWithin * SECOND,
        tolerance: tolerance / 100,
        baseline: baseline * MINUTE,
        gap: longestGap * SECOND,
        meter: meter.trim(),
      },
      state,
    );
  }
}

/** Whether a node of this package sent it: not each of their messages tells something of this. */
function isOurs({ device }: FlowMessage): boolean {
  const vendor = isRecord(device) ? device.vendor : undefined;
  return vendor === 'energy-devices' || (VENDORS as readonly unknown[]).includes(vendor);
}
