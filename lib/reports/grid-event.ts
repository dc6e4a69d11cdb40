import { type Demand, judge, type JudgeState, newJudge } from './grid-judge';
import { meanOf, type PowerRecord } from './power-record';

/** One event of the grid, and what was delivered. */

/** `frequency`: fast frequency response; `signal`: a limit that somebody set; `mains`: an outage */
export type EventKind = 'frequency' | 'signal' | 'mains';

export interface Request {
  /** `null`: none is asked for */
  direction: 'down' | null;
  /** W or A; `null`: none is known */
  limit: number | null;
  unit: 'W' | 'A' | null;
}

/** An event that goes on. */
export interface OpenEvent extends Request {
  kind: EventKind;
  /** `msg.device.id` and its name */
  device: string;
  deviceName: string;
  /** of a signal */
  name: string;
  /** epoch ms, as the device tells it */
  start: number;
  /** `false`: it went on already when it was first seen */
  startSeen: boolean;
  /** of a relay: when it went off, epoch ms */
  off: number | null;
  /** Hz, as told with its start */
  frequency: number | null;
  /** W before it */
  baseline: number | null;
  judge: JudgeState;
  /** nobody watched for some of its time */
  blind: boolean;
  /** nobody has watched since it was last seen to go on */
  doubt: boolean;
  /** epoch ms; `null`: it goes on. It is told when the power up to then has had time to come */
  end: number | null;
  endSeen: boolean;
}

export type Compliant = 'yes' | 'no' | 'unknown';

/** An event that is over. */
export interface GridEvent extends Request {
  kind: EventKind;
  device: string;
  deviceName: string;
  name: string;
  start: number;
  startSeen: boolean;
  end: number;
  endSeen: boolean;
  frequency: number | null;
  /** W, the mean of the time before */
  baseline: number | null;
  /** W by which the mean of the event was lower */
  delivered: number | null;
  /** ms until it was followed */
  response: number | null;
  compliant: Compliant;
  /** ms by which our clock was ahead of the device's at the most, transmission included; below 0: it is behind */
  clock: number | null;
}

export interface JudgeOptions {
  /** ms before an event that the baseline is the mean of */
  baseline: number;
  /** ms within which a request has to be followed */
  respondWithin: number;
  /** share by which a limit may be exceeded */
  tolerance: number;
}

/** Share of the time before an event that has to be known. */
const KNOWN_BEFORE = 0.8;
/** Share of an event's time that has to be known for what was delivered. */
const KNOWN_WITHIN = 0.95;

export function beginEvent(
  given: Pick<OpenEvent, 'kind' | 'device' | 'deviceName' | 'name' | 'start' | 'startSeen'> & Request,
): OpenEvent {
  return {
    ...{ off: null, frequency: null, baseline: null, blind: false, doubt: false, end: null, endSeen: true },
    ...given,
    judge: newJudge(given.start),
  };
}

/**
 * Looks at the power from where it was last looked at, up to an instant.
 *
 * @param judged it is the power that the limit is about
 */
export function follow(
  event: OpenEvent,
  record: PowerRecord | undefined,
  to: number,
  options: JudgeOptions,
  judged: boolean,
): void {
  if (!record) return;
  if (event.judge.at === event.start) {
    const { start } = event;
    event.baseline = meanOf(record.between(start - options.baseline, start), options.baseline, KNOWN_BEFORE);
  }
  const demand = demandOf(event, options);
  if (!judged) demand.most = null;
  for (const piece of record.between(event.judge.at, Math.min(to, event.end ?? to)))
    judge(event.judge, demand, piece);
}

function demandOf(event: OpenEvent, { respondWithin, tolerance }: JudgeOptions): Demand {
  const { start, unit, limit, baseline, blind } = event;
  const from = start + respondWithin;
  // What was asked for while nobody watched may have been something else.
  if (unit !== 'W' || limit === null || blind) return { start, from, most: null };
  // Of nothing no share may be exceeded: there the share is of what was drawn before.
  const spare = limit > 0 ? limit : baseline;
  return { start, from, most: spare === null ? null : limit + Math.max(0, spare) * tolerance };
}

/** What there is to tell of an event that is over. */
export function closeEvent(
  open: OpenEvent,
  end: number,
  clock: number | null,
  options: JudgeOptions,
): GridEvent {
  const { judge: state, baseline } = open;
  const { kind, device, deviceName, name, direction, limit, unit, start, startSeen, endSeen, frequency } =
    open;
  const since = start + options.respondWithin;
  const demanded = end - since;
  const mean = state.known > 0 && state.known >= demanded * KNOWN_WITHIN ? state.sum / state.known : null;
  const isPast = state.at <= end;
  return {
    ...{ kind, device, deviceName, name, direction, limit, unit, start, startSeen, end, endSeen, frequency },
    baseline,
    delivered: baseline === null || mean === null || !isPast ? null : baseline - mean,
    response: responseOf(open),
    compliant: isPast ? compliantOf(open, end, demanded, options) : 'unknown',
    clock,
  };
}

function responseOf({ kind, off, start, startSeen, judge: { below, gap } }: OpenEvent): number | null {
  if (!startSeen) return null;
  if (kind === 'frequency') return off === null ? null : Math.max(0, off - start);
  return below === null || gap ? null : below - start;
}

/** What was seen to be wrong is wrong; right is only what was seen from beginning to end. */
function compliantOf(
  open: OpenEvent,
  end: number,
  demanded: number,
  { respondWithin }: JudgeOptions,
): Compliant {
  const { kind, judge: state, startSeen, endSeen, blind, off, start, unit, limit } = open;
  if (kind === 'mains') return 'unknown';
  if (state.over) return 'no';
  const seen = startSeen && endSeen && !blind;
  if (kind === 'frequency') {
    if (!seen) return 'unknown';
    if (off === null) return demanded > 0 ? 'no' : 'unknown';
    return off - start <= respondWithin ? 'yes' : 'no';
  }
  if (!seen || demanded <= 0 || unit !== 'W' || limit === null) return 'unknown';
  return state.known >= demanded - 1 && end >= start ? 'yes' : 'unknown';
}
