import { Course as Curve } from './session-course';
import { CounterWatch, GLITCH, type Move, NOISE, type Reading } from './session-counter';

/** A session under way; what is not known is `null`. */
export interface OpenSession {
  /** epoch ms */
  start: number;
  /** epoch ms */
  end: number;
  startSeen: boolean;
  endSeen: boolean;
  /** Wh, set at the end */
  energy: number | null;
  peakCurrent: number | null;
  peakPower: number | null;
  /** Wh at which the counter stood before it; `null` when nothing told */
  base: number | null;
  /** Wh that the counter showed first; `null` when no row of the session told */
  first: number | null;
  /** Wh that the counter showed last; `null` when no row of the session told */
  counter: number | null;
  /** it is not known what the counter stood at when the session ended */
  unclear: boolean;
  /** its counter may have begun anew unseen, for all that this range tells */
  mayBeAnew: boolean;
  /** how its energy grew; missing: nobody asked */
  curve: Curve | undefined;
}

/** Who a station is, as its rows say. */
export interface Ids {
  evseAddress: string | null;
  accId: string | null;
  acsId: string | null;
  spaceNumber: string | null;
}

/** A session and what is known of its energy. */
interface Course extends OpenSession {
  /** Wh that the counter rose since */
  grown: number;
  /** current flowed, or the counter rose */
  charged: boolean;
  /** current may have flowed after the last reading */
  unread: boolean;
  /** its energy cannot be known any more */
  unsure: boolean;
  /** it goes on after an UNPLUGGED, and nothing was counted since */
  resumed: boolean;
}

/** Whether the counter of a station begins anew with each car, as far as was seen. */
type Habit = 'beginsAnew' | 'goesOn' | undefined;

/** A session that a row without the car interrupted, until it is known whether the car is still the same. */
interface Interrupted {
  course: Course;
  /** epoch ms */
  at: number;
  /** the counter began anew since */
  reset: boolean;
}

/** Wh: more than any vehicle takes at once. A counter that shows more did not begin with the car. */
const LARGEST = 300_000;

/** Finds the sessions in the rows of one station, which come in the order of time. */
export class StationSessions {
  private readonly watch = new CounterWatch((row, move) => this.follow(row, move));
  private course: Course | undefined;
  private interrupted: Interrupted | undefined;
  /** a session whose energy is known only if the counter began anew with it */
  private held: Course | undefined;
  private habit: Habit;
  /** Wh that the counter showed last */
  private level: number | null = null;
  /** the last session may have been charged after the counter was shown last */
  private unread = false;
  private seen = false;

  /**
   * @param onEnd takes each session when nothing can change it any more
   * @param withCourse how the energy of each grew is kept
   */
  constructor(
    private readonly onEnd: (session: OpenSession) => void,
    private readonly withCourse = false,
  ) {}

  take(row: Reading): void {
    this.watch.take(row);
  }

  /** Ends what is open when there are no more rows. */
  finish(): void {
    this.watch.finish();
    const { course, interrupted } = this;
    this.course = this.interrupted = undefined;
    if (interrupted) this.end(interrupted.course);
    if (course) this.end(course);
    this.settleHeld();
  }

  private follow(row: Reading, move: Move): void {
    const plugged = row.plugged ?? this.pluggedBy(row, move);
    if (plugged === undefined) return;
    if (plugged) this.withCar(row, move);
    else this.withoutCar(row, move);
    this.seen = true;
    if (row.energy === null || move.grown === null) {
      if (row.energy !== null) this.level = row.energy;
      return;
    }
    this.level = move.reset ? row.energy : Math.max(row.energy, this.level ?? 0);
    this.unread = false;
  }

  /** Whether a row in an undocumented state is one with a car; `undefined`: it is not known. */
  private pluggedBy(row: Reading, { grown }: Move): boolean | undefined {
    if (flows(row) || (grown ?? 0) > NOISE) return true;
    if (this.course) return true;
    return this.seen ? false : undefined;
  }

  private withoutCar(row: Reading, move: Move): void {
    const { course, interrupted } = this;
    if (course) {
      // A counter that has begun anew without a car shows energy that belongs to no session.
      if (!move.reset) count(course, row, move);
      course.end = row.time;
      course.endSeen = true;
      this.unread = course.unread;
      this.course = undefined;
      this.interrupted = { course, at: row.time, reset: move.reset };
      if (interrupted) this.end(interrupted.course);
    } else if (interrupted) {
      interrupted.reset ||= move.reset;
      if (row.time - interrupted.at > GLITCH) this.endInterrupted();
      // A counter may tell the last of a session a little later.
      else if (!interrupted.reset) count(interrupted.course, row, move);
    }
    if (move.reset) this.learn('beginsAnew');
  }

  private withCar(row: Reading, move: Move): void {
    this.afterInterruption(row, move);
    const { course } = this;
    if (course && move.reset && !this.interrupted) {
      this.learn('beginsAnew');
      if (hasOwn(course)) {
        course.endSeen = true;
        this.course = undefined;
        this.end(course);
      } else {
        // The counter of the car before was shown until now.
        Object.assign(course, { base: 0, grown: 0, unsure: false, first: null });
      }
    } else if (move.reset) {
      this.learn('beginsAnew');
    }
    this.course ??= this.begin(row, move);
    this.extend(this.course, row, move);
  }

  /** Decides, as soon as the counter can be read, whether the car after an UNPLUGGED is the one before it. */
  private afterInterruption(row: Reading, move: Move): void {
    const { interrupted, course } = this;
    if (!interrupted) return;
    interrupted.reset ||= move.reset;
    const soon = (course?.start ?? row.time) - interrupted.at <= GLITCH;
    if (soon && row.energy === null) return;
    const { course: whole, reset } = interrupted;
    // That a counter goes on which never begins anew tells nothing of the car.
    const same = soon && !reset && this.habit !== 'goesOn' && (whole.counter ?? 0) > NOISE;
    if (!same) {
      this.endInterrupted();
      return;
    }
    this.interrupted = undefined;
    whole.endSeen = false;
    whole.resumed = true;
    if (course) {
      whole.peakCurrent = greater(whole.peakCurrent, course.peakCurrent);
      whole.peakPower = greater(whole.peakPower, course.peakPower);
      whole.charged ||= course.charged;
    }
    this.course = whole;
  }

  private begin(row: Reading, { reset, grown }: Move): Course {
    // A counter that shows nothing stands at its beginning, whatever was before.
    const first = this.level ?? (row.energy !== null && row.energy <= NOISE ? row.energy : null);
    return {
      start: row.time,
      end: row.time,
      startSeen: this.seen,
      endSeen: false,
      energy: null,
      peakCurrent: null,
      peakPower: null,
      base: reset ? 0 : first,
      first: null,
      counter: null,
      unclear: false,
      mayBeAnew: false,
      curve: this.withCourse ? new Curve(row.time) : undefined,
      grown: 0,
      charged: false,
      unread: false,
      // What was counted between the last reading and this may be of the car before.
      unsure: this.unread && !reset && (grown ?? 0) > NOISE,
      resumed: false,
    };
  }

  private extend(course: Course, row: Reading, move: Move): void {
    course.end = row.time;
    course.peakCurrent = greater(course.peakCurrent, row.current);
    course.peakPower = greater(course.peakPower, row.power);
    const fresh = course.grown <= NOISE && (course.base ?? 0) > NOISE;
    if ((move.grown ?? 0) > NOISE) {
      if (course.resumed) course.unsure ||= this.mayBeAnew(move);
      else if (fresh && !move.reset) this.judgeFirst(course, move);
      course.resumed = false;
    }
    count(course, row, move);
  }

  /** The counter shows more than before the session: it went on, or it began anew and has come this far unseen. */
  private judgeFirst(course: Course, move: Move): void {
    course.mayBeAnew ||= move.couldBeNew;
    if (this.mayBeAnew(move)) course.unsure = true;
    else this.learn('goesOn');
  }

  private mayBeAnew({ couldBeNew }: Move): boolean {
    return this.habit === 'beginsAnew' && couldBeNew;
  }

  private learn(habit: Habit): void {
    this.habit = habit;
    this.settleHeld();
  }

  private endInterrupted(): void {
    const course = this.interrupted?.course;
    this.interrupted = undefined;
    if (course) this.end(course);
  }

  private end(course: Course): void {
    course.unclear = course.unsure || course.unread;
    if (course.base === null && course.charged && !course.unsure && !course.unread) {
      if (this.habit === undefined) {
        this.held = course;
        return;
      }
      course.energy = this.wholeCounter(course);
    } else {
      course.energy = energyOf(course);
    }
    this.onEnd(course);
  }

  private settleHeld(): void {
    const { held } = this;
    this.held = undefined;
    if (!held) return;
    held.energy = this.wholeCounter(held);
    this.onEnd(held);
  }

  /** Wh of a session whose beginning was not observed */
  private wholeCounter({ counter }: Course): number | null {
    return this.habit === 'beginsAnew' && (counter ?? 0) <= LARGEST ? counter : null;
  }
}

function flows({ current, power }: Reading): boolean {
  return (current ?? 0) > 0 || (power ?? 0) > 0;
}

function count(course: Course, row: Reading, { grown, unsure }: Move): void {
  course.charged ||= flows(row) || (grown ?? 0) > NOISE;
  course.unsure ||= unsure;
  if (row.energy === null) {
    const still = row.plugged === false || row.current === 0 || row.power === 0;
    course.unread ||= !still;
    return;
  }
  course.unread = false;
  course.first ??= row.energy;
  course.counter = row.energy;
  course.grown += grown ?? 0;
  course.curve?.add(row.time, course.grown);
}

/** Whether the counter has shown anything of the session itself, and not only of the one before. */
function hasOwn({ base, grown, charged }: Course): boolean {
  return base === null ? charged : grown > NOISE;
}

function energyOf({ base, grown, counter, charged, unread, unsure }: Course): number | null {
  if (unsure || unread || base === null || counter === null) return null;
  // Current flowed, but the counter is still that of the car before.
  if (grown <= NOISE && base > NOISE && charged) return null;
  return grown <= NOISE && base > NOISE ? 0 : grown;
}

function greater(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.max(a, b);
}
