import type { Act } from './acts';
import type { PushedLog } from './balancer';
import { CLOCK_PORTS, READ_EVERY, SLOT, UPSES } from './flow';
import type { Asked } from './load';
import type { Note } from './notes';

/** What is held against the records of a row. Everything here takes plain records, so that it is tested by itself. */

/** ms that a command may begin after its slot before it would be taken for one of the next turn of its port */
const TURN = CLOCK_PORTS * SLOT;
/** ms that a clock may be early */
const EARLY = 400;
/** ms without an act after which somebody has ceased to be a reader */
const SILENCE = 2.5 * READ_EVERY;

export interface Span {
  from: number;
  to: number;
}

export interface SlotVerdict {
  ups: string;
  slot: number;
  times: number;
  /** codes with which it was refused, on any instance */
  refused: string[];
  /** ms from the slot to its toggle */
  late: number | undefined;
  /** by whom, and when after the slot */
  by: string[];
}

/** For a report: who did it, and how long after a moment. */
function told(acts: readonly Act[], since: number): string[] {
  return acts.map(({ by, at }) => `${by} after ${((at - since) / 1000).toFixed(1)} s`);
}

/** How often each slot of the clock was carried out. */
export function slotsIn({ from, to }: Span, acts: readonly Act[], notes: readonly Note[]): SlotVerdict[] {
  const verdicts: SlotVerdict[] = [];
  for (let slot = Math.ceil(from / SLOT); slot * SLOT < to; slot++) {
    const at = slot * SLOT;
    for (const ups of UPSES) {
      const own = acts.filter(
        (act) =>
          act.device === ups &&
          act.port === slot % CLOCK_PORTS &&
          act.at >= at - EARLY &&
          act.at < at + TURN - EARLY,
      );
      const refused = notes.filter((one) => one.what === 'refused' && one.ups === ups && one.slot === slot);
      verdicts.push({
        ...{ ups, slot, times: own.length, late: own[0] && own[0].at - at },
        refused: [...new Set(refused.map(({ code }) => code ?? ''))],
        by: told(own, at),
      });
    }
  }
  return verdicts;
}

export interface HttpVerdict extends Asked {
  times: number;
  by: string[];
  isRight: boolean;
}

/** Each command over HTTP: done, or refused with a code; open only where the connection to a victim broke. */
export function httpIn(
  span: Span,
  acts: readonly Act[],
  asked: readonly Asked[],
  victims: ReadonlySet<string>,
): HttpVerdict[] {
  return asked
    .filter(({ from, to }) => from >= span.from && to <= span.to)
    .map((one) => {
      const own = acts.filter(
        ({ device, port, at }) => device === one.ups && port === one.port && at >= one.from && at <= one.to,
      );
      const times = own.length;
      const isTold =
        one.status === 200 || one.code !== undefined || one.asked.some((name) => victims.has(name));
      const isRight =
        one.status === 200 ? times === 1 : one.wasOpen ? isTold && times <= 1 : isTold && times === 0;
      return { ...one, times, isRight, by: told(own, one.from) };
    });
}

/** Without a break by one instance: at a device, or connected to the broker. */
export interface Run extends Span {
  by: string;
}

function runsOf(device: string, acts: readonly Act[]): Run[] {
  const runs: Run[] = [];
  const last = new Map<string, Run>();
  for (const { by, at, device: of } of acts) {
    if (of !== device) continue;
    const run = last.get(by);
    if (run && at - run.to <= SILENCE) run.to = at;
    else {
      const begun = { by, from: at, to: at };
      last.set(by, begun);
      runs.push(begun);
    }
  }
  return runs;
}

/** ms in which two instances were at one device: the most of any of them. */
export function longestOverlap({ from, to }: Span, acts: readonly Act[]): { ms: number; device: string } {
  let most = { ms: 0, device: '' };
  const inside = acts.filter(({ at }) => at >= from && at <= to);
  for (const device of new Set(inside.map((act) => act.device))) {
    const runs = runsOf(device, inside);
    for (const [index, one] of runs.entries()) {
      for (const other of runs.slice(index + 1)) {
        const ms = one.by === other.by ? 0 : Math.min(one.to, other.to) - Math.max(one.from, other.from);
        if (ms > most.ms) most = { ms, device };
      }
    }
  }
  return most;
}

/** ms in which two instances had a connection to the broker, without the time in which one of them stood still. */
export function clientsAtOnce({ from, to }: Span, held: readonly Run[], frozen?: Run): number {
  const moving = held.flatMap((one) => (one.by === frozen?.by ? without(one, frozen) : [one]));
  let most = 0;
  for (const [index, one] of moving.entries()) {
    for (const other of moving.slice(index + 1)) {
      if (one.by === other.by) continue;
      most = Math.max(most, Math.min(one.to, other.to, to) - Math.max(one.from, other.from, from));
    }
  }
  return most;
}

/** What is left of a run: before, after, both or nothing. */
function without(run: Run, { from, to }: Span): Run[] {
  return [
    { ...run, to: Math.min(run.to, from) },
    { ...run, from: Math.max(run.from, to) },
  ].filter((part) => part.to > part.from);
}

/** ms without anybody at a part of the flow file, by the ticks that pass its gate: the most of any part. */
export function longestGap({ from, to }: Span, notes: readonly Note[]): number {
  let most = 0;
  for (const ups of UPSES) {
    const ticks = notes
      .filter((one) => one.what === 'own' && one.ups === ups && one.at >= from && one.at <= to)
      .map(({ at }) => at)
      .sort((a, b) => a - b);
    let before = from;
    for (const at of [...ticks, to]) {
      most = Math.max(most, at - before);
      before = at;
    }
  }
  return most;
}

/** Devices whose readings reached nobody's flow. */
export function untold({ from, to }: Span, devices: readonly string[], notes: readonly Note[]): string[] {
  const told = notes.filter(({ what, at }) => what === 'reading' && at >= from && at <= to);
  return devices.filter((name) => !told.some(({ device }) => device === name));
}

/** When an instance did its last act before a time; nothing: it did none. */
export function lastAct(by: string, { from, to }: Span, acts: readonly Act[]): Act | undefined {
  return acts.findLast((act) => act.by === by && act.at >= from && act.at <= to);
}

/** ms until each device that a victim had has another's act, the longest of them. */
export function takeOver(
  victim: string,
  at: number,
  devices: readonly string[],
  acts: readonly Act[],
): { ms: number; device: string } {
  let most = { ms: 0, device: '' };
  for (const device of devices) {
    const next = acts.find((act) => act.device === device && act.by !== victim && act.at >= at);
    const ms = (next?.at ?? Infinity) - at;
    if (ms > most.ms) most = { ms, device };
  }
  return most;
}

export interface LogVerdict {
  text: string;
  status: number;
  times: number;
}

/** Records of a UPS's log that did not arrive exactly once, or at most once where the UPS was not told that they did. */
export function logsIn({ from, to }: Span, logs: readonly PushedLog[], notes: readonly Note[]): LogVerdict[] {
  return logs
    .filter(({ at }) => at >= from && at <= to)
    .map(({ text, status }) => ({
      ...{ text, status },
      times: notes.filter((one) => one.what === 'log' && one.text === text).length,
    }));
}

export const isLogRight = ({ status, times }: LogVerdict): boolean =>
  status === 200 ? times === 1 : times <= 1;
