import { isRecord } from '../core/values';
import { between, type Moment, recalled } from '../core/moment';
import { isPort } from './reading';
import type { StepResult } from './record';

/** A command for a port. */
export interface PortOrder {
  key: string;
  port: number;
  on: boolean;
}

/** What became of a command, as far as the switching node knows. */
export interface PortAnswer {
  /** of the command; `undefined`: the answer does not name it */
  key: string | undefined;
  port: number;
  /** the port's state at the end; `null`: the command failed */
  on: boolean | null;
  /** whether a toggle was needed; `null`: not told */
  changed: boolean | null;
  /** error code of a command that failed */
  code: string | undefined;
}

/** A port that this plan has told to go off, until it is on again. */
interface Entry {
  port: number;
  state: 'cutting' | 'off' | 'restoring';
  /** before the first command */
  wasOn: boolean | null;
  /** the plan has switched it off, and it was on before */
  ours: boolean;
  /** it was so before this cut already: that it was off says nothing */
  oursBefore: boolean;
  key: string;
  sent: Moment;
  /** commands in this state */
  tries: number;
  answered: Moment | null;
  /** the command was certainly not carried out */
  refused: boolean;
  /** since when it is off */
  offSince: Moment | null;
  /** that it is off is what a reading showed, and no answer yet */
  byLook: boolean;
  /** readings in a row that contradict the state */
  contrary: number;
}

/** What a look or an answer has brought to light, for the user. */
export interface PortNotice {
  reason:
    'powersentrixOutagePortStaysOn' | 'powersentrixOutagePortStaysOff' | 'powersentrixOutagePortUnknown';
  params: { port: number };
}

/** ms; a command that is not answered by then is looked for */
const ANSWER_LIMIT = 120_000;
/** ms after an answer; what was read before says nothing about its command */
const SETTLE = 10_000;
/** ms; a command that left may arrive as late as that */
const LATE = 120_000;
/** commands for one cut at the most */
const MOST_TRIES = 3;
const FIRST_PAUSE = 30_000;
const LONGEST_PAUSE = 600_000;

/** Refusals that are certain: the command has not been carried out, and will not be. */
const REFUSALS = ['FORBIDDEN', 'AUTH_FAILED', 'NOT_SUPPORTED', 'INVALID_INPUT', 'BUSY'];

/**
 * The ports that the plan has told to go off, and what is known of each. A command whose outcome is open is looked for in
 * readings, and told again only when one shows that it had none.
 */
export class PortBook {
  private readonly entries = new Map<number, Entry>();
  /** what became of the cuts of the running outage, by port */
  private readonly outcomes = new Map<number, StepResult>();
  private notices: PortNotice[] = [];

  /** @param nextKey names a command */
  constructor(private readonly nextKey: () => string) {}

  /** An outage begins: its record tells of its own cuts only. */
  begin(): void {
    this.outcomes.clear();
  }

  resultOf(port: number): StepResult | undefined {
    return this.outcomes.get(port);
  }

  stateOf(port: number): Entry['state'] | undefined {
    return this.entries.get(port)?.state;
  }

  /** Ports that wait to come back. */
  get off(): number[] {
    return [...this.entries.values()].filter(({ state }) => state !== 'cutting').map(({ port }) => port);
  }

  get milestone(): string {
    return [...this.entries.values()].map(({ port, state, ours }) => `${port}${state}${ours}`).join();
  }

  get isEmpty(): boolean {
    return this.entries.size === 0;
  }

  takeNotices(): PortNotice[] {
    const { notices } = this;
    this.notices = [];
    return notices;
  }

  /** Tells a port to go off. @param wasOn what is known of it */
  cut(port: number, wasOn: boolean | null, now: Moment): PortOrder {
    const before = this.entries.get(port);
    this.outcomes.set(port, 'unknown');
    return this.order({
      ...{ port, state: 'cutting', key: '', sent: now, tries: 0, answered: null, refused: false },
      ...{ wasOn: before?.wasOn ?? wasOn, ours: before?.ours ?? false },
      oursBefore: before?.ours ?? false,
      ...{ offSince: null, byLook: false, contrary: 0 },
    });
  }

  /** Whether a port is off by this plan, for long enough to be switched on. @param least ms */
  mayRestore(port: number, least: number, now: Moment): boolean {
    const entry = this.entries.get(port);
    if (entry?.state === 'restoring') return this.mayRepeat(entry, now);
    const { offSince, ours } = entry ?? {};
    return entry?.state === 'off' && ours === true && !!offSince && between(offSince, now) >= least;
  }

  restore(port: number, now: Moment): PortOrder | undefined {
    const entry = this.entries.get(port);
    if (!entry) return undefined;
    if (entry.state !== 'restoring') Object.assign(entry, { state: 'restoring', tries: 0 });
    if (entry.tries === MOST_TRIES) this.tell('powersentrixOutagePortStaysOff', port);
    return this.order(entry, now);
  }

  /** Whether a command of this kind is under way. */
  isOpen(state: 'cutting' | 'restoring', now: Moment): boolean {
    return [...this.entries.values()].some(
      (one) => one.state === state && !one.answered && between(one.sent, now) < ANSWER_LIMIT,
    );
  }

  /** Ports that a reading has shown to be on although they were told to go off, and that may be told again. */
  repeats(now: Moment): number[] {
    return [...this.entries.values()]
      .filter((one) => one.state === 'cutting' && one.tries < MOST_TRIES && this.mayRepeat(one, now))
      .map(({ port }) => port);
  }

  repeat(port: number, now: Moment): PortOrder | undefined {
    const entry = this.entries.get(port);
    return entry && this.order(entry, now);
  }

  /** Forgets the cuts that did not come about, once nothing of them can arrive any more. */
  forgetFailed(now: Moment): void {
    for (const [port, one] of this.entries) {
      if (one.state === 'cutting' && one.contrary > 0 && between(one.sent, now) >= LATE)
        this.entries.delete(port);
    }
  }

  answer({ key, port, on, changed, code }: PortAnswer, now: Moment): void {
    const entry = this.entries.get(port);
    if (!entry || (key !== undefined && key !== entry.key)) return;
    const { state, tries, ours, oursBefore } = entry;
    if (on === null) {
      if (state === 'off' || entry.answered) return;
      entry.answered = now;
      entry.refused = code !== undefined && REFUSALS.includes(code);
      return;
    }
    // The first command found it off: somebody else had switched it.
    const byOthers = changed === false && tries === 1 && !oursBefore;
    if (state === 'off') {
      if (!on && entry.byLook && key !== undefined && byOthers) this.wasOff(port);
      entry.byLook = false;
      return;
    }
    entry.answered = now;
    if (on === (state === 'cutting')) return;
    if (on) this.entries.delete(port);
    else if (byOthers) this.wasOff(port);
    else this.isOff(entry, now, changed === true || entry.wasOn === true || ours);
  }

  /** What a reading shows. @param on by port */
  look(on: readonly (boolean | null)[], now: Moment): void {
    for (const entry of [...this.entries.values()]) {
      const shown = on[entry.port];
      if (typeof shown === 'boolean') this.see(entry, shown, now);
    }
  }

  state(): unknown {
    return {
      entries: [...this.entries.values()].map((one) => ({
        ...one,
        ...{
          sent: one.sent.wall,
          answered: one.answered?.wall ?? null,
          offSince: one.offSince?.wall ?? null,
        },
      })),
      outcomes: [...this.outcomes],
    };
  }

  /** Goes on from what `state` gave. Whether a command left that was under way is not known. */
  restoreState(stored: unknown, now: Moment): void {
    if (!isRecord(stored)) return;
    for (const one of Array.isArray(stored.entries) ? stored.entries : []) {
      if (!isRecord(one) || !isPort(one.port)) continue;
      const state = one.state === 'off' || one.state === 'restoring' ? one.state : 'cutting';
      const moment = (value: unknown): Moment | null => (value === null ? null : recalled(value, now));
      this.entries.set(one.port, {
        ...{ port: one.port, state, key: typeof one.key === 'string' ? one.key : '' },
        wasOn: typeof one.wasOn === 'boolean' ? one.wasOn : null,
        oursBefore: one.oursBefore === true,
        ...{ ours: one.ours === true, refused: one.refused === true, byLook: one.byLook === true },
        // Nobody is going to answer any more.
        ...{ sent: recalled(one.sent, now), answered: moment(one.answered ?? null) ?? now },
        offSince: moment(one.offSince ?? null) ?? (state === 'off' ? now : null),
        ...{ tries: typeof one.tries === 'number' ? one.tries : 1, contrary: 0 },
      });
    }
    for (const one of Array.isArray(stored.outcomes) ? stored.outcomes : []) {
      if (Array.isArray(one) && isPort(one[0])) this.outcomes.set(one[0], one[1] as StepResult);
    }
  }

  private order(entry: Entry, now: Moment = entry.sent): PortOrder {
    const key = this.nextKey();
    Object.assign(entry, {
      key,
      sent: now,
      answered: null,
      refused: false,
      contrary: 0,
      tries: entry.tries + 1,
    });
    this.entries.set(entry.port, entry);
    return { key, port: entry.port, on: entry.state === 'restoring' };
  }

  private mayRepeat({ contrary, sent, tries }: Entry, now: Moment): boolean {
    const pause = Math.min(FIRST_PAUSE * 2 ** Math.max(tries - 1, 0), LONGEST_PAUSE);
    return contrary > 0 && between(sent, now) >= pause;
  }

  private see(entry: Entry, shown: boolean, now: Moment): void {
    const { port, state, sent, answered, offSince } = entry;
    if (state === 'off') {
      if (!shown) entry.contrary = 0;
      // A reading that began before the cut shows the port on.
      else if (offSince && between(offSince, now) >= SETTLE && ++entry.contrary >= 2)
        this.entries.delete(port);
      return;
    }
    const done = shown === (state === 'restoring');
    if (!done) {
      const settled = answered ? between(answered, now) >= SETTLE : between(sent, now) >= ANSWER_LIMIT;
      if (!settled) return;
      entry.contrary++;
      if (state === 'cutting') this.stillOn(entry);
      return;
    }
    if (state === 'restoring') this.entries.delete(port);
    else if (entry.refused && !entry.ours) this.wasOff(port);
    else {
      entry.byLook = true;
      this.isOff(entry, now, entry.wasOn === true || entry.ours);
    }
  }

  private stillOn({ port, tries, contrary }: Entry): void {
    this.turnsOut(port, 'failed');
    if (tries >= MOST_TRIES && contrary === 1) this.tell('powersentrixOutagePortStaysOn', port);
  }

  /** @param ours it is known to have been on before */
  private isOff(entry: Entry, now: Moment, ours: boolean): void {
    this.turnsOut(entry.port, 'off');
    Object.assign(entry, { state: 'off', ours, offSince: now, contrary: 0 });
    if (ours) return;
    this.tell('powersentrixOutagePortUnknown', entry.port);
    this.entries.delete(entry.port);
  }

  /** What the outage before left open is none of this one's. */
  private turnsOut(port: number, result: StepResult): void {
    if (this.outcomes.has(port)) this.outcomes.set(port, result);
  }

  private wasOff(port: number): void {
    this.turnsOut(port, 'wasOff');
    this.entries.delete(port);
  }

  private tell(reason: PortNotice['reason'], port: number): void {
    this.notices.push({ reason, params: { port } });
  }
}
