import { CatchUp } from './catch-up';
import type { Moment } from '../core/moment';
import { ReadingOrder } from './order';
import { LATEST, OwnDraw } from './own-draw';
import type { PriceSlot } from './prices';
import type {
  GridReading,
  Reception,
  SurplusDecision,
  SurplusOptions,
  SurplusWhy,
  SurplusState,
} from './surplus-types';

/** What is wanted, before minimum times have their say. */
interface Wish {
  on: boolean;
  watts: number;
  why: SurplusWhy;
  /** ms until it may change */
  wait: number | null;
}

const OFF = { on: false, watts: 0, wait: null };

/**
 * Decides when one load takes what would go into the grid, and how much of it. Whatever is read, it is never switched
 * within its minimum times.
 *
 * Nothing happens by itself: `tick` has to be called when `nextTick` says so.
 */
export class Surplus {
  private on = false;
  private watts = 0;
  /** steady ms when it was switched */
  private switched: number;
  /** steady ms when the last new reading came */
  private fresh: number;
  private grid: { power: number; own: number; lower: number } | undefined;
  private lost = false;
  /** steady ms since when there is enough, or too little */
  private enough: number | undefined;
  private missing: number | undefined;
  private starts: { date: string; count: number };
  private readonly order = new ReadingOrder();
  private last: GridReading | undefined;
  private readonly draw: OwnDraw;
  private readonly catchUp: CatchUp;
  private seen: Moment;
  /** the local day, epoch ms: the calendar is dear */
  private day = { start: 0, end: 0 };
  /** readings that were ignored */
  readonly ignored: Record<Exclude<Reception, 'new'>, number> = { same: 0, older: 0, late: 0 };

  /** @param uncertain what was kept is lost: the load may have been switched a moment ago */
  constructor(
    private readonly options: SurplusOptions,
    at: Moment,
    state?: SurplusState,
    uncertain = false,
  ) {
    const { minOff, runAtLeast, until, zone, staleAfter } = options;
    const off = state ? Math.max(0, at.wall - state.saved) : 0;
    this.on = state?.on ?? false;
    this.watts = this.on ? this.limited(state?.watts ?? 0) : 0;
    const held = state ? state.held : uncertain ? 0 : null;
    this.switched = held === null ? -Infinity : at.steady - held - off;
    // A state is written now and then, and a meter too needs a while: after a short time off it is waited for anew.
    const age = state?.age ?? 0;
    this.fresh = at.steady - (age + off > 2 * staleAfter ? age + off : 0);
    this.starts = state ? { ...state.starts } : { date: '', count: 0 };
    this.draw = new OwnDraw(this.watts);
    this.catchUp = new CatchUp({ need: runAtLeast, until, minOff, zone }, state?.ran);
    this.seen = at;
    this.advance(at);
  }

  state({ wall, steady }: Moment): SurplusState {
    return {
      saved: wall,
      on: this.on,
      watts: this.watts,
      held: Number.isFinite(this.switched) ? steady - this.switched : null,
      age: steady - this.fresh,
      starts: { ...this.starts },
      ran: this.catchUp.state(),
    };
  }

  setPrices(slots: readonly PriceSlot[]): void {
    this.catchUp.setPrices(slots);
  }

  /** The meter is lost, or back: then a reading is waited for. */
  setAvailable(available: boolean): void {
    this.lost = !available;
  }

  /** What somebody has measured at the load, W. */
  takeLoad(watts: number, at: Moment): void {
    this.draw.measure(watts, at);
  }

  take(reading: GridReading, at: Moment): Reception {
    const reception = this.receive(reading, at);
    if (reception !== 'new') this.ignored[reception]++;
    return reception;
  }

  /** Whether the load draws nothing although it was told to: once for each time. */
  takeFault(): boolean {
    return this.draw.takeFault();
  }

  /** What holds from now on. */
  tick(at: Moment): SurplusDecision {
    this.advance(at);
    this.judge(at);
    const { on, watts, why, wait } = this.bounded(this.wish(at), at);
    if (on !== this.on) {
      this.on = on;
      this.switched = at.steady;
      this.enough = undefined;
      this.missing = undefined;
      if (on) this.starts.count++;
      // Whether it is enough is another question now.
      this.judge(at);
    }
    if (watts !== this.watts) this.draw.tell(watts, at);
    this.watts = watts;
    return {
      on,
      watts,
      why,
      wait: wait === null ? null : Math.max(0, wait),
      surplus: this.surplus,
      left: this.left(at),
      stale: this.isStale(at),
      starts: this.starts.count,
    };
  }

  /** ms until `tick` has to be called without a reading. */
  nextTick({ wall, steady }: Moment): number {
    const { options } = this;
    const change = this.catchUp.nextChange(wall);
    const times = [
      this.switched + (this.on ? options.minOn : options.minOff) - steady,
      this.fresh + options.staleAfter - steady,
      (this.enough ?? Infinity) + options.onAfter - steady,
      (this.missing ?? Infinity) + options.offAfter - steady,
      this.switched + options.minOff - options.onAfter - steady,
      this.day.end - wall,
      ...(change === null ? [] : [change - wall]),
      ...(this.on && this.catchUp.done !== null ? [this.catchUp.done] : []),
    ].filter((one) => one > 0);
    return Math.min(3_600_000, ...times);
  }

  private receive(reading: GridReading, at: Moment): Reception {
    const { time, power } = reading;
    const judged = this.order.judge({ value: power, time });
    if (judged.kind === 'older') return 'older';
    if (judged.kind === 'same' && this.last && isSame(this.last, reading)) return 'same';
    this.order.accept(time);
    const lag = Math.max(0, at.wall - time);
    // It says what was, and not what is.
    if (lag > LATEST) return 'late';
    // Another value for the same moment replaces the first, and is no younger.
    if (judged.kind !== 'same') {
      this.fresh = at.steady;
      this.lost = false;
    }
    this.last = { ...reading };
    if (typeof reading.load === 'number') this.draw.measure(reading.load, at);
    const own = this.draw.at(at, lag, this.options.staleAfter);
    this.grid = { power, own, lower: reading.lower ?? 0 };
    return 'new';
  }

  /** When the reading was measured that counts now, epoch ms. */
  get measured(): number | null {
    return this.grid ? (this.last?.time ?? null) : null;
  }

  private get surplus(): number | null {
    const { grid } = this;
    return grid ? -grid.power + grid.own + grid.lower : null;
  }

  private isStale({ steady }: Moment): boolean {
    return this.lost || steady - this.fresh >= this.options.staleAfter;
  }

  /** Time passes: the day, and how long the load has run. */
  private advance(at: Moment): void {
    const { zone } = this.options;
    const passed = Math.max(0, at.steady - this.seen.steady);
    this.seen = at;
    if (at.wall < this.day.start || at.wall >= this.day.end) {
      this.day = zone.periodAt(at.wall, 'day');
      const date = zone.date(at.wall);
      // A clock that was put back over midnight gives no starts back.
      if (date !== this.starts.date) {
        this.starts = { date, count: date > this.starts.date ? 0 : this.starts.count };
      }
    }
    this.catchUp.advance(at.wall, this.on ? passed : 0);
  }

  /** Since when there is enough, or too little. */
  private judge(at: Moment): void {
    if (this.isStale(at)) {
      this.grid = undefined;
      this.enough = undefined;
      this.missing = undefined;
      return;
    }
    const { surplus, options } = this;
    if (surplus === null) return;
    if (surplus >= options.power - options.tolerated) {
      this.enough ??= at.steady;
      this.missing = undefined;
    } else {
      this.missing ??= at.steady;
      this.enough = undefined;
    }
  }

  private wish(at: Moment): Wish {
    const { options, on } = this;
    if (this.isStale(at)) return this.wishWithoutMeter();
    const due = this.catchUp.due(at.wall, on);
    if (due) {
      const watts = options.kind === 'switch' ? options.power : this.limited(options.max);
      return { on: true, watts, why: due, wait: this.catchUp.done };
    }
    const { surplus } = this;
    if (surplus === null) return { on, watts: this.watts, why: 'waiting', wait: null };
    const left = (since: number | undefined, ms: number): number => (since ?? at.steady) + ms - at.steady;
    if (on) {
      const watts = this.modulated(surplus);
      const wait = this.missing === undefined ? null : left(this.missing, options.offAfter);
      if (wait === null) return { on, watts, why: 'surplus', wait };
      return wait > 0 ? { on, watts, why: 'missing', wait } : { ...OFF, why: 'short' };
    }
    if (this.enough === undefined) return { ...OFF, why: 'short' };
    if (this.isSpent) return { ...OFF, why: 'starts' };
    const wait = left(this.enough, options.onAfter);
    if (wait > 0) return { ...OFF, why: 'lasting', wait };
    return { on: true, watts: this.modulated(surplus), why: 'surplus', wait: null };
  }

  private wishWithoutMeter(): Wish {
    const { failSafe, failSafePower } = this.options;
    const why = 'stale';
    if (failSafe === 'hold') return { on: this.on, watts: this.watts, why, wait: null };
    const on = failSafe === 'fixed' && failSafePower > 0;
    return { on, watts: on ? this.limited(failSafePower) : 0, why, wait: null };
  }

  /** Minimum times come first. */
  private bounded(wish: Wish, { steady }: Moment): Wish {
    if (wish.on === this.on) return wish;
    const { minOn, minOff, power } = this.options;
    const wait = this.switched + (this.on ? minOn : minOff) - steady;
    if (wait <= 0) return wish;
    const stale = wish.why === 'stale';
    if (!this.on) return { ...OFF, why: stale ? 'stale' : 'rest', wait };
    return { on: true, watts: this.limited(power), why: stale ? 'stale' : 'minimum', wait };
  }

  private get isSpent(): boolean {
    const { maxStarts } = this.options;
    return maxStarts !== null && this.starts.count >= maxStarts;
  }

  /** W of the surplus that a load takes that is on. */
  private modulated(surplus: number): number {
    const { kind, power, tolerated } = this.options;
    return kind === 'switch' ? power : this.limited(surplus + tolerated);
  }

  /** A power that the load can be told: never more than asked for, unless that is less than the least. */
  private limited(watts: number): number {
    const { kind, power, max, step } = this.options;
    if (kind === 'switch') return power;
    const above = Math.max(0, Math.min(watts, max) - power);
    return power + (step > 0 ? Math.floor(above / step + 1e-9) * step : above);
  }

  /**
   * What the next load sees. One that is about to be switched on counts as on: two loads never count the same surplus.
   */
  private left(at: Moment): number | null {
    const { grid, options } = this;
    if (!grid) return null;
    let taken = this.watts;
    if (!this.on && this.enough !== undefined && !this.isSpent) {
      const rests = this.switched + options.minOff - at.steady;
      if (rests <= options.onAfter) taken = this.modulated(this.surplus ?? 0);
    }
    return grid.power - grid.own + taken;
  }
}

function isSame(one: GridReading, other: GridReading): boolean {
  return one.power === other.power && one.load === other.load && one.lower === other.lower;
}
