import assert from 'node:assert/strict';

import type { Moment } from '../../lib/core/moment';
import { type Effect, OutagePlan } from '../../lib/outage/plan';
import type { PlanSettings } from '../../lib/outage/settings';
import { drawSettings } from './outage-settings';
import { OutageSite } from './outage-site';
import type { Seeded } from './seeded';

/**
 * A UPS, its hosts and a plan, where all that can go wrong does: mains that fail again, commands whose outcome nobody
 * knows, hosts that hang, readings that stop, and a process that is killed. What the world sees is held against what a
 * plan may do, by rules that do not know how the plan works.
 */

type Command = Extract<Effect, { kind: 'command' }>;

/** What is under way between the plan and the UPS. */
interface Later {
  at: number;
  run: () => void;
  /** dies with the process */
  ofProcess: boolean;
}

/** An outage as the plan has seen it. */
interface Seen {
  start: number;
  end: number | undefined;
  /** s; when a reading made each step due by the battery */
  forced: number[];
}

const CODES = ['OUTCOME_UNKNOWN', 'TIMEOUT', 'UNREACHABLE', 'REJECTED', 'FORBIDDEN', 'CONFLICT'] as const;

export interface WorldReport {
  outages: number;
  cuts: number;
  restored: number;
  restarts: number;
  repeated: number;
  unknown: number;
}

export class OutageWorld {
  readonly report: WorldReport = { outages: 0, cuts: 0, restored: 0, restarts: 0, repeated: 0, unknown: 0 };
  private time = 0;
  private silentUntil = 0;
  private nextReading = 0;
  private readonly site: OutageSite;
  /** the plan has switched it off, and nobody has switched it on since */
  private readonly cut = new Set<number>();
  private readonly restoredAt = new Map<number, number>();
  /** by port: when its hosts were told to go down */
  private readonly told = new Map<number, number[]>();
  private later: Later[] = [];
  private readonly settings: PlanSettings;
  private plan: OutagePlan;
  private saved: { state: string; seen: string };
  private milestone = '';
  private seen: Seen[] = [];
  private mainsSeenSince: number | undefined;
  private lastSeen: 'mains' | 'battery' | undefined;
  private readonly records = new Map<string, number>();
  private calm = false;

  constructor(private readonly random: Seeded) {
    this.settings = drawSettings(random);
    this.site = new OutageSite(this.settings, random, () => this.tellLogins());
    this.plan = new OutagePlan(this.settings);
    this.saved = { state: JSON.stringify(this.plan.state()), seen: '[]' };
    this.tellLogins();
  }

  /** @param outages how many there are in a row */
  run(outages: number): void {
    this.pass(30);
    for (let n = 0; n < outages; n++) {
      this.site.mains = false;
      this.pass(this.random.pick([2, 20, 100, 400, 1500]));
      this.site.mains = true;
      this.pass(this.random.pick([3, 20, 60, 200, 900]));
    }
    this.calm = true;
    this.silentUntil = 0;
    for (let n = 0; n < 100 && !this.isOver; n++) this.pass(80);
    const missing = [...this.cut].filter((port) => !this.site.on[port]);
    assert.deepEqual(missing, [], 'ports that were not restored');
    assert.equal(this.records.size, this.seen.length, 'records and outages');
    this.report.outages = this.seen.length;
  }

  private get isOver(): boolean {
    return !this.plan.isActive && this.plan.outbox.length === 0;
  }

  private get now(): Moment {
    return { wall: Date.UTC(2026, 0, 1) + this.time * 1000, steady: this.time * 1000 };
  }

  private pass(seconds: number): void {
    const end = this.time + seconds;
    while (this.time < end) {
      this.time += Math.min(this.calm ? 4 : 1 + this.random.below(5), Math.max(end - this.time, 1));
      this.site.goOn(this.time);
      const due = this.later.filter(({ at }) => at <= this.time);
      this.later = this.later.filter(({ at }) => at > this.time);
      for (const { run } of due) run();
      if (!this.calm && this.random.chance(0.01)) this.silentUntil = this.time + this.random.below(300);
      if (this.time >= this.nextReading && this.time >= this.silentUntil) this.read();
      this.plan.tick(this.now);
      this.flush();
      if (!this.calm && this.random.chance(0.01)) this.kill();
    }
  }

  private tellLogins(): void {
    const logins = this.site.hosts
      .filter(({ login }) => login)
      .map(({ user }) => ({ user, address: '192.0.2.1' }));
    this.plan.logins(logins, this.now);
    this.flush();
  }

  private readVolts = 0;

  private read(): void {
    const { volts, isLow, power, on } = this.site;
    this.readVolts = volts;
    this.nextReading = this.time + 2 + this.random.below(20);
    const unread = !this.calm && this.random.chance(0.05);
    const battery = unread ? null : !this.site.mains;
    if (battery !== null) this.see(battery);
    const open = this.seen.at(-1);
    if (open && !open.end) this.seeForced(open);
    const view = { onBattery: battery, voltage: volts, lowBattery: isLow, totalPower: 100 };
    this.plan.view({ ...view, on: [...on], power }, true, this.now);
    this.flush();
  }

  private see(battery: boolean): void {
    const last = this.seen.at(-1);
    if (battery) {
      this.mainsSeenSince = undefined;
      if (!last || last.end !== undefined) this.seen.push({ start: this.time, end: undefined, forced: [] });
    } else {
      this.mainsSeenSince ??= this.time;
      if (last) last.end ??= this.time;
    }
    this.lastSeen = battery ? 'battery' : 'mains';
  }

  private seeForced(outage: Seen): void {
    const { volts, isLow, hosts } = this.site;
    const last = this.settings.steps.findLastIndex(
      ({ low, below }) => (low && isLow) || (below !== null && volts < below),
    );
    if (isLow) for (const { port } of hosts) this.noteTold(port);
    for (let index = 0; index <= last; index++) outage.forced[index] ??= this.time;
  }

  private noteTold(port: number): void {
    this.told.set(port, [...(this.told.get(port) ?? []), this.time]);
  }

  private flush(): void {
    if (this.plan.milestone !== this.milestone) {
      if (!this.calm && this.random.chance(0.01)) {
        this.kill();
        return;
      }
      this.save();
    }
    const list = [...this.plan.outbox];
    if (list.length === 0) return;
    this.save();
    const killed = !this.calm && this.random.chance(0.05) ? this.random.below(list.length + 1) : undefined;
    for (const [index, effect] of list.entries()) {
      if (index === killed) break;
      this.handOver(effect);
    }
    if (killed === undefined) {
      this.plan.handed(list);
      this.milestone = '';
    } else this.kill();
  }

  private save(): void {
    this.milestone = this.plan.milestone;
    this.saved = { state: JSON.stringify(this.plan.state()), seen: JSON.stringify(this.seen) };
  }

  private kill(): void {
    this.report.restarts++;
    this.later = this.later.filter(({ ofProcess }) => !ofProcess);
    this.seen = JSON.parse(this.saved.seen) as Seen[];
    this.mainsSeenSince = undefined;
    this.lastSeen = undefined;
    const away = this.random.below(60);
    this.time += away;
    this.site.discharge(this.time);
    this.plan = new OutagePlan(this.settings);
    this.plan.restore(JSON.parse(this.saved.state), this.now);
    this.milestone = '';
    this.nextReading = this.time + this.random.below(5);
    this.tellLogins();
  }

  private handOver(effect: Effect): void {
    switch (effect.kind) {
      case 'record': {
        const times = this.records.get(effect.key) ?? 0;
        this.records.set(effect.key, times + 1);
        if (effect.repeated) this.report.repeated++;
        else assert.equal(times, 0, 'a record was told twice');
        return;
      }
      case 'message': {
        if (effect.port !== null) this.noteTold(effect.port);
        for (const host of this.site.hosts) {
          if (host.port === effect.port && host.state === 'on' && !host.hangs) this.site.goDown(host);
        }
        const { key } = effect;
        if (this.random.chance(0.5)) this.inTime(30, true, () => this.plan.reply(key, this.now));
        return;
      }
      case 'command':
        if (effect.on) this.judgeRestore(effect);
        else this.judgeCut(effect);
        this.carryOut(effect);
    }
  }

  private inTime(most: number, ofProcess: boolean, run: () => void): void {
    this.later.push({ at: this.time + this.random.below(most), run, ofProcess });
  }

  private carryOut({ key, port, on }: Command): void {
    const answer = (state: boolean | null, changed: boolean | null, code?: string): void =>
      this.inTime(15, true, () => {
        this.plan.answer({ key, port, on: state, changed, code }, this.now);
        this.flush();
      });
    const luck = this.calm ? 1 : this.random.next();
    if (luck > 0.3) {
      const changed = this.turn(port, on);
      answer(on, changed);
      return;
    }
    this.report.unknown++;
    const code = this.random.pick(CODES);
    if (code === 'FORBIDDEN') answer(null, null, code);
    else {
      // It may have had its effect, have it later, or never.
      if (luck > 0.2) this.turn(port, on);
      else if (luck > 0.1) this.inTime(10, false, () => void this.turn(port, on));
      if (this.random.chance(0.8)) answer(null, null, code);
    }
  }

  private turn(port: number, on: boolean): boolean {
    if (!this.site.turn(port, on)) return false;
    if (on) {
      this.report.restored++;
      this.cut.delete(port);
      this.restoredAt.set(port, this.time);
    } else {
      this.report.cuts++;
      this.cut.add(port);
    }
    return true;
  }

  private judgeRestore({ port }: Command): void {
    const { stable, charge, restoreVoltage } = this.settings;
    const late = this.restoredAt.get(port);
    assert.ok(this.cut.has(port) || late !== undefined, `port ${port} was restored and not cut`);
    assert.equal(this.lastSeen, 'mains');
    const since = this.time - (this.mainsSeenSince ?? Infinity);
    assert.ok(since >= Math.max(stable, charge), `port ${port} was restored after ${since} s of mains`);
    if (restoreVoltage !== null) assert.ok(this.readVolts > restoreVoltage);
  }

  private judgeCut({ port }: Command): void {
    const { steps } = this.settings;
    const index = steps.findIndex((step) => step.action === 'off' && step.port === port);
    const step = steps[index];
    assert.ok(step);
    const outage = this.seen.at(-1);
    assert.ok(outage, 'a port was cut without an outage');
    const own = this.site.hosts.filter((host) => host.port === port);
    if (outage.end !== undefined) {
      const running = own.filter(({ login }) => login).map(({ user }) => user);
      assert.deepEqual(running, [], `port ${port} was cut on mains under a host`);
    }
    const allOut = own.length > 0 && own.every(({ login, loggedOut }) => !login && loggedOut >= 0);
    const lastOut = Math.max(...own.map(({ loggedOut }) => loggedOut));
    const finished = this.time - lastOut >= this.settings.finish;
    const idle = this.settings.offBelow !== null && own.every(({ state }) => state === 'down');
    // A host that was told goes on with the mains back, and in the next outage, from where its step was.
    const told = this.told.get(port) ?? [];
    const goOn = this.seen.filter(
      (one) => one === outage || told.some((at) => at >= one.start && at <= (one.end ?? Infinity)),
    );
    const begun = Math.min(
      ...goOn.map(({ start, forced, end }) =>
        Math.min(start + (step.after ?? Infinity), forced[index] ?? Infinity, end ?? Infinity),
      ),
    );
    const wasOver = this.time >= begun + (step.wait === 'none' ? 0 : step.seconds);
    const byHosts = allOut && (finished || idle) && this.time >= begun;
    const replied = step.wait === 'reply' && this.time >= begun;
    assert.ok(
      wasOver || byHosts || replied,
      `port ${port} was cut at ${this.time}, due at ${begun}, wait ${step.wait} ${step.seconds}`,
    );
  }
}
