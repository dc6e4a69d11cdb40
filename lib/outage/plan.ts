import { isRecord } from '../core/values';
import type { Moment } from '../core/moment';
import { HostBook, type Login } from './hosts';
import { Outage, type Progress } from './outage';
import { type PortAnswer, PortBook, type PortNotice, type PortOrder } from './ports';
import { isPort, type UpsView } from './reading';
import type { OutageRecord, WaitEnd } from './record';
import { Restoring } from './restoring';
import { type PlanSettings, type PlanStep, PORTS } from './settings';
import { Waits } from './waits';

/** What the plan wants done, in order. It is written before it is handed over. */
export type Effect =
  | ({ kind: 'command'; step: number | null } & PortOrder)
  | { kind: 'message'; key: string; step: number; port: number | null; text: string; repeated?: true }
  | { kind: 'record'; key: string; record: OutageRecord; repeated?: true };

/** What a plan shows of itself. */
export interface PlanSummary {
  phase: 'unknown' | 'mains' | 'battery' | 'restoring';
  /** how many steps of the running outage are over, and how many there are */
  over: number;
  steps: number;
  /** the row of the step that waits */
  waitingFor: number | null;
  /** ports that wait to come back */
  off: readonly number[];
  /** why nothing comes back yet */
  hold: ReturnType<Restoring['hold']>;
  /** listed hosts that are not logged in */
  absent: readonly string[];
  /** no server runs that would know the listed hosts */
  unserved: boolean;
  /** readings have stopped */
  silent: boolean;
}

/** ms in which the first reading after a restart says whether the outage goes on */
const GRACE = 30_000;

/**
 * What happens when the mains fail, as a machine of events and time: it is told what the UPS shows, who is logged in and
 * what became of its commands, and says what to do. It knows no clock but the moments that it is given.
 */
export class OutagePlan {
  private readonly book: PortBook;
  private readonly hosts: HostBook;
  private readonly waits: Waits;
  private readonly restoring: Restoring;
  private outage: Outage | undefined;
  private battery = false;
  private readonly known: (boolean | null)[] = new Array<null>(PORTS).fill(null);
  private fsd = false;
  private lowNow = false;
  private available = true;
  /** until then a reading may say that the outage is over */
  private graceUntil: number | undefined;
  private serial = 0;
  private effects: Effect[] = [];

  constructor(private readonly settings: PlanSettings) {
    this.book = new PortBook(() => this.nextKey());
    this.hosts = new HostBook(settings.hosts);
    this.waits = new Waits(settings, this.hosts);
    this.restoring = new Restoring(settings);
  }

  /** What waits to be handed over. */
  get outbox(): readonly Effect[] {
    return this.effects;
  }

  /** These have been handed over. */
  handed(effects: readonly Effect[]): void {
    this.effects = this.effects.filter((one) => !effects.includes(one));
  }

  notices(): PortNotice[] {
    return this.book.takeNotices();
  }

  /** Whether time alone may change something. */
  get isActive(): boolean {
    return this.outage !== undefined || !this.book.isEmpty;
  }

  /** Changes whenever something has happened that a restart must not forget. */
  get milestone(): string {
    const { battery, outage, serial, fsd } = this;
    const stages = outage?.progress.map(({ stage, replied }) => `${stage}${replied}`);
    return [
      battery,
      outage?.id,
      stages,
      outage?.low,
      serial,
      fsd,
      this.book.milestone,
      this.hosts.milestone,
    ].join(' ');
  }

  /** Ports that would stay off without this plan. */
  get portsOff(): readonly number[] {
    return this.book.off;
  }

  /** Whether a port is on, as far as is known. */
  isOn(port: number): boolean | null {
    return this.known[port] ?? null;
  }

  /** @param isReading a whole status, and no event alone */
  view(view: UpsView, isReading: boolean, now: Moment): void {
    if (isReading) this.available = true;
    view.on.forEach((on, port) => {
      if (on !== null) this.known[port] = on;
    });
    if (view.onBattery === true && !this.battery) this.beginOutage(now);
    if (view.onBattery === false && isReading && this.battery) this.endOutage(now);
    if (view.onBattery !== null) this.graceUntil = undefined;
    this.restoring.view(view, isReading, now);
    if (this.battery) this.outage?.measured.take(view, now);
    if (isReading) this.waits.followPower(view, now);
    if (view.lowBattery !== null) this.lowNow = view.lowBattery;
    this.markTold(now);
    this.book.look(view.on, now);
    this.tick(now);
  }

  availability(available: boolean, now: Moment): void {
    this.available = available;
    this.tick(now);
  }

  /** @param logins `null`: there is no server, so nobody knows */
  logins(logins: readonly Login[] | null, now: Moment): void {
    this.hosts.take(logins, now);
    this.markTold(now);
    this.tick(now);
  }

  /** The hosts have been told by the server to go down, or that is over. */
  forcedShutdown(isDown: boolean, now: Moment): void {
    this.fsd = isDown;
    this.markTold(now);
    this.tick(now);
  }

  answer(answer: PortAnswer, now: Moment): void {
    this.book.answer(answer, now);
    this.tick(now);
  }

  /** @param to key of a message, or number of a step */
  reply(to: string | number, now: Moment): void {
    this.outage?.reply(to);
    this.tick(now);
  }

  /** Time has passed. */
  tick(now: Moment): void {
    const { outage } = this;
    if (outage && !(this.battery && this.inGrace(now))) {
      this.workOff(outage, now);
      this.repeatCuts(now);
      if (outage.ended && outage.current < 0 && !this.book.isOpen('cutting', now))
        this.closeRecord(outage, now);
    }
    if (this.battery) return;
    this.book.forgetFailed(now);
    const isBusy = (port: number): boolean => this.outage?.isUnfinished(port) === true;
    const order = this.restoring.next(this.book, isBusy, now);
    if (order) this.command(order);
  }

  summary(now: Moment): PlanSummary {
    const { outage, battery } = this;
    const { off } = this.book;
    const current = outage?.current ?? -1;
    const onMains = off.length > 0 || outage ? 'restoring' : this.restoring.seen ? 'mains' : 'unknown';
    return {
      phase: battery ? 'battery' : onMains,
      over: outage?.progress.filter(({ stage }) => stage === 'over').length ?? 0,
      steps: this.settings.steps.length,
      waitingFor:
        outage?.progress[current]?.stage === 'waiting' ? (outage.steps[current]?.number ?? null) : null,
      off,
      hold: this.restoring.hold(now),
      absent: this.hosts.absent(),
      unserved: this.hosts.isUnserved,
      silent: !this.available,
    };
  }

  state(): unknown {
    return {
      ...{ battery: this.battery, outage: this.outage?.state() ?? null, serial: this.serial },
      ...{ book: this.book.state(), hosts: this.hosts.state(), told: this.waits.state() },
      known: this.known,
      effects: this.effects.filter(({ kind }) => kind !== 'command'),
    };
  }

  /**
   * Goes on from what `state` gave. What was written and perhaps not told is told again; a command is looked for instead.
   *
   * @throws anything for what is no state
   */
  restore(stored: unknown, now: Moment): void {
    if (!isRecord(stored)) throw new TypeError('no state');
    if (stored.outage !== null) this.outage = Outage.restored(this.settings.steps, stored.outage, now);
    this.battery = stored.battery === true && this.outage !== undefined;
    this.serial = typeof stored.serial === 'number' ? stored.serial : 0;
    this.book.restoreState(stored.book, now);
    this.hosts.restore(stored.hosts, now);
    this.waits.restore(stored.told, now);
    for (const [port, on] of (Array.isArray(stored.known) ? (stored.known as unknown[]) : []).entries()) {
      if (isPort(port) && typeof on === 'boolean') this.known[port] = on;
    }
    const effects = (Array.isArray(stored.effects) ? stored.effects : []) as Effect[];
    this.effects = effects.map((one) => (one.kind === 'command' ? one : { ...one, repeated: true as const }));
    if (this.battery) this.graceUntil = now.steady + GRACE;
  }

  private nextKey(): string {
    return `${this.outage?.id ?? 'restore'} ${++this.serial}`;
  }

  private inGrace(now: Moment): boolean {
    return this.graceUntil !== undefined && now.steady < this.graceUntil;
  }

  private beginOutage(now: Moment): void {
    const before = this.outage;
    // Each has a record of its own.
    if (before) this.closeRecord(before, now);
    const outage = new Outage(this.settings.steps, now.wall, now);
    this.battery = true;
    this.outage = outage;
    // A host that is on its way down goes on, whatever the mains do.
    const kept = before?.unfinished() ?? new Map<number, Progress>();
    const ports = new Set(kept.keys());
    this.hosts.begin(ports, now);
    this.waits.begin(ports);
    outage.skip(kept, (port) => this.book.stateOf(port) === 'off');
    this.book.begin();
  }

  private endOutage(now: Moment): void {
    this.battery = false;
    this.outage?.end((port) => this.waits.isTold(port), now);
  }

  private workOff(outage: Outage, now: Moment): void {
    for (let index = outage.current; index >= 0; index = outage.current) {
      const step = outage.steps[index];
      const progress = outage.progress[index];
      if (!step || !progress) return;
      if (progress.stage === 'pending') {
        if (!this.mayBegin(outage, index, step, now)) return;
        Object.assign(progress, { stage: 'waiting', begun: now });
        if (step.action === 'message') this.tellHosts(step, progress, now);
      }
      const ended = this.waits.endOf(step, progress, !this.battery, now);
      if (ended === null) return;
      progress.stage = 'over';
      if (step.action === 'off' && step.port !== null) this.cut(step.port, progress, ended, now);
      else if (ended !== 'leave') progress.waited = ended;
    }
  }

  private mayBegin(outage: Outage, index: number, { port, action, after }: PlanStep, now: Moment): boolean {
    const needed = action === 'off' && port !== null && this.settings.needed.has(port);
    if (needed && this.book.isOpen('cutting', now)) return false;
    if (this.battery) return outage.isDue(index, now);
    // With the mains back only hosts that were told are left. Those that nobody sees get at least what they would have had.
    const seen = port !== null && this.hosts.of(port).some;
    return seen || after === null || outage.isDueByTime(index, now);
  }

  private tellHosts({ number, port, text }: PlanStep, progress: Progress, now: Moment): void {
    const key = this.nextKey();
    Object.assign(progress, { key, at: now.wall, result: 'told' });
    if (port !== null) this.waits.tell(port, now);
    this.effects.push({ kind: 'message', key, step: number, port, text });
  }

  private cut(port: number, progress: Progress, ended: WaitEnd | 'leave', now: Moment): void {
    if (ended === 'leave') {
      progress.result = 'leftOn';
      return;
    }
    progress.waited = ended;
    const on = this.known[port] ?? null;
    const state = this.book.stateOf(port);
    if (state === 'off' || (on === false && state === undefined)) {
      progress.result = state === 'off' ? 'stillOff' : 'wasOff';
      return;
    }
    Object.assign(progress, { at: now.wall, result: 'unknown' });
    this.command(this.book.cut(port, on, now));
  }

  private repeatCuts(now: Moment): void {
    for (const port of this.book.repeats(now)) {
      // What the outage before left open is for this one's steps.
      if (this.book.resultOf(port) === undefined) continue;
      const goesOn = this.battery || (this.waits.isTold(port) && !this.hosts.of(port).running);
      const order = goesOn ? this.book.repeat(port, now) : undefined;
      if (order) this.command(order);
    }
  }

  private command(order: PortOrder): void {
    const step = this.settings.steps.find(({ action, port }) => action === 'off' && port === order.port);
    this.effects.push({ kind: 'command', step: step?.number ?? null, ...order });
  }

  private closeRecord(outage: Outage, now: Moment): void {
    const record = outage.record((port) => this.book.resultOf(port), now);
    this.effects.push({ kind: 'record', key: outage.id, record });
    this.outage = undefined;
  }

  /** Hosts that see a low battery on battery, or a forced shutdown, go down from then on. */
  private markTold(now: Moment): void {
    const isLow = this.battery && this.lowNow;
    if (!this.outage || !(isLow || this.fsd)) return;
    if (isLow) this.outage.low = true;
    this.waits.tellAll(now);
  }
}
