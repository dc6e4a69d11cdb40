import assert from 'node:assert/strict';

import { LocalTime } from '../../lib/core/zone';
import type { Moment } from '../../lib/core/moment';
import { Surplus } from '../../lib/energy/surplus';
import type { GridReading, Reception, SurplusDecision, SurplusOptions } from '../../lib/energy/surplus-types';

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

const USUAL: SurplusOptions = {
  kind: 'switch',
  power: 2000,
  max: 2000,
  step: 0,
  tolerated: 0,
  onAfter: MINUTE,
  offAfter: MINUTE,
  minOn: 10 * MINUTE,
  minOff: 5 * MINUTE,
  maxStarts: null,
  runAtLeast: 0,
  until: 0,
  staleAfter: 2 * MINUTE,
  failSafe: 'off',
  failSafePower: 0,
  zone: new LocalTime('UTC'),
};

const DAY = '2026-06-10';
export const at = (time: string): number => Date.parse(`${time.length > 8 ? time : `${DAY}T${time}`}Z`);

/** A controller on a clock that jumps from one thing that is due to the next. */
export class Run {
  surplus: Surplus;
  now: number;
  decision!: SurplusDecision;
  readonly switches: string[] = [];
  readonly whys: string[] = [];
  private steadyAhead = 0;
  private steadyFrom: number;

  constructor(
    readonly options: Partial<SurplusOptions> = {},
    start = '10:00:00',
  ) {
    this.now = at(start);
    this.steadyFrom = this.now;
    this.surplus = new Surplus({ ...USUAL, ...options }, this.moment);
    this.tick();
  }

  get moment(): Moment {
    return { wall: this.now, steady: this.now - this.steadyFrom - this.steadyAhead };
  }

  /** The wall clock is set, and nothing else happens. */
  jump(ms: number): void {
    this.now += ms;
    this.steadyAhead += ms;
  }

  tick(): SurplusDecision {
    const before = this.decision as SurplusDecision | undefined;
    this.decision = this.surplus.tick(this.moment);
    const { on, why, watts } = this.decision;
    const time = new Date(this.now).toISOString().slice(11, 19);
    if (on !== (before?.on ?? false)) this.switches.push(`${on ? 'on' : 'off'} ${time}`);
    if (why !== before?.why) this.whys.push(`${why} ${time}`);
    assert.equal(on, watts > 0, 'a load that is on is told a power');
    return this.decision;
  }

  to(time: string | number): SurplusDecision {
    const end = typeof time === 'number' ? time : at(time);
    for (;;) {
      const wait = this.surplus.nextTick(this.moment);
      assert.ok(wait > 0, 'a moment that is over is not waited for');
      if (this.now + wait > end) break;
      this.now += wait;
      this.tick();
    }
    this.now = end;
    return this.tick();
  }

  read(time: string, power: number, more: Partial<GridReading> = {}): Reception {
    this.to(time);
    const reception = this.surplus.take({ time: this.now, power, ...more }, this.moment);
    this.tick();
    return reception;
  }

  /** Reads the same power every ten seconds, `end` included. */
  hold(power: number, from: string, end: string): void {
    for (let time = at(from); time <= at(end); time += 10 * SECOND) {
      this.read(new Date(time).toISOString().slice(0, 19), power);
    }
  }

  restart(off = 0): void {
    const kept = JSON.parse(JSON.stringify(this.surplus.state(this.moment))) as ReturnType<Surplus['state']>;
    this.now += off;
    this.steadyFrom = this.now;
    this.steadyAhead = 0;
    this.surplus = new Surplus({ ...USUAL, ...this.options }, this.moment, kept);
    this.tick();
  }
}
