import type { Moment } from '../../lib/core/moment';
import { type Effect, OutagePlan } from '../../lib/outage/plan';
import type { UpsView } from '../../lib/outage/reading';
import { PORTS, type PlanSettings, readPorts, readSteps } from '../../lib/outage/settings';

/** A row of the table, as the dialog gives it. */
export type Row = Record<string, unknown>;

const DEFAULTS: Omit<PlanSettings, 'steps' | 'hosts' | 'needed'> = {
  ...{ supplies: 'all', finish: 120, offBelow: null, stable: 60, charge: 60 },
  ...{ restoreVoltage: 50, pause: 10, order: 'reverse' },
};

export const off = (port: number, row: Row = {}): Row => ({ action: 'off', port, wait: 'none', ...row });
export const message = (text: string, row: Row = {}): Row => ({
  action: 'message',
  text,
  wait: 'none',
  ...row,
});

export function planSettings(
  rows: readonly Row[],
  more: Partial<PlanSettings> = {},
  needed = '',
): PlanSettings {
  return { ...DEFAULTS, ...readSteps(rows, readPorts(needed)), ...more };
}

/** A plan, and a clock that a test moves. Commands are carried out at once, unless a test does it. */
export class Bench {
  readonly on = new Array<boolean>(PORTS).fill(true);
  plan: OutagePlan;
  /** all that was handed over, with s since the start */
  readonly done: (Effect & { at: number })[] = [];
  private elapsed = 0;
  private readonly start = Date.UTC(2026, 0, 1);
  mains = true;
  volts = 53;
  low = false;
  answers = true;
  reads = true;

  constructor(readonly settings: PlanSettings) {
    this.plan = new OutagePlan(settings);
    this.read();
  }

  get now(): Moment {
    return { wall: this.start + this.elapsed * 1000, steady: this.elapsed * 1000 };
  }

  view(): UpsView {
    return {
      ...{ onBattery: !this.mains, voltage: this.volts, lowBattery: this.low, totalPower: 100 },
      ...{ on: [...this.on], power: this.on.map((on) => (on ? 20 : 0)) },
    };
  }

  read(): void {
    this.plan.view(this.view(), true, this.now);
    this.flush();
  }

  /** Who is logged in, by user. */
  logins(...users: string[]): void {
    this.plan.logins(
      users.map((user, index) => ({ user, address: `192.0.2.${index + 1}` })),
      this.now,
    );
    this.flush();
  }

  /** Something happens to the UPS, and is read. */
  set(change: Partial<Pick<Bench, 'mains' | 'volts' | 'low'>>): void {
    Object.assign(this, change);
    this.read();
  }

  /** Moves on, second by second, with a reading each 10 s. */
  pass(seconds: number): void {
    for (let n = 0; n < seconds; n++) {
      this.elapsed++;
      if (this.reads && this.elapsed % 10 === 0) this.read();
      this.plan.tick(this.now);
      this.flush();
    }
  }

  /** The process ends, and another one goes on from what was written. */
  restart(settings = this.settings): void {
    const state = JSON.parse(JSON.stringify(this.plan.state())) as unknown;
    this.plan = new OutagePlan(settings);
    this.plan.restore(state, this.now);
  }

  flush(): void {
    for (let list = [...this.plan.outbox]; list.length > 0; list = [...this.plan.outbox]) {
      this.plan.handed(list);
      for (const one of list) {
        this.done.push({ ...one, at: this.elapsed });
        if (one.kind === 'command' && this.answers) this.carryOut(one.port, one.on, one.key);
      }
    }
  }

  carryOut(port: number, on: boolean, key: string): void {
    const changed = this.on[port] !== on;
    this.on[port] = on;
    this.plan.answer({ key, port, on, changed, code: undefined }, this.now);
  }

  /** What was done, in short: `10 off 3`, `20 NAS down`, `34 record`. */
  get story(): string[] {
    return this.done.map((one) => {
      if (one.kind === 'command') return `${one.at} ${one.on ? 'on' : 'off'} ${one.port}`;
      return one.kind === 'message' ? `${one.at} ${one.text}` : `${one.at} record`;
    });
  }

  get records() {
    return this.done.flatMap((one) => (one.kind === 'record' ? [one] : []));
  }
}
