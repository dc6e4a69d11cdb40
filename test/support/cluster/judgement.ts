import { httpIn, lastAct, longestGap, longestOverlap, slotsIn, type Span, takeOver, untold } from './judge';
import { judgeMqtt, judgePushes, type Recorded } from './judge-devices';
import { METERS, SLOT } from './flow';
import { FENCE, LEASE } from './instance';
import type { Row, Told } from './rows';
import type { Site } from './site';

/** What a row showed: lines for whoever reads, and what must not be. */
export interface Judgement {
  lines: string[];
  problems: string[];
}

/** ms after its last renewal that an owner may still act, the measuring included */
const MARGIN = 100;
/** ms between two readings, which a look at readings adds */
const NEXT_READING = 1000;

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

export function judge(site: Site, row: Row, span: Span, told: Told): Judgement {
  const acts = site.acts.all;
  const notes = site.notes();
  const lines: string[] = [];
  const problems: string[] = [];
  const hold = (isSo: boolean, problem: string): void => {
    if (!isSo) problems.push(problem);
  };
  const record: Recorded = {
    site,
    span,
    told,
    overlap: row.must.overlap,
    notes,
    say: (line) => lines.push(line),
    hold,
  };

  const sinceFault = (slot: number): string =>
    told.lost ? `, ${seconds(slot * SLOT - told.lost.at)} after the fault of ${told.lost.name},` : '';

  const slots = slotsIn(span, acts, notes);
  const once = slots.filter(({ times }) => times === 1);
  const told0 = slots.filter(({ times, refused }) => times === 0 && refused.length > 0);
  const late = Math.max(0, ...once.map((one) => one.late ?? 0));
  lines.push(
    `slots: ${once.length} of ${slots.length} once, the latest ${seconds(late)} after its time` +
      (told0.length > 0
        ? `; ${told0.length} refused: ${[...new Set(told0.flatMap((one) => one.refused))].join(', ')}`
        : ''),
  );
  hold(slots.length > 0, 'no slot was seen');
  const wrong = slots.filter(
    (one) => one.times !== 1 && !(told.isEngineLost && one.times === 0 && one.refused.length > 0),
  );
  hold(
    wrong.length === 0,
    `slots not once: ${wrong.map(({ ups, slot, times, by, refused }) => `${ups} ${slot}${sinceFault(slot)} ${times} times (${[...by, ...refused].join(', ')})`).join('; ')}`,
  );

  const http = httpIn(span, acts, site.load.all, told.victims);
  const done = http.filter(({ status }) => status === 200).length;
  const open = http.filter(({ status, wasOpen }) => status !== 200 && wasOpen).length;
  const codes = [...new Set(http.flatMap(({ code }) => (code === undefined ? [] : [code])))];
  lines.push(
    `HTTP: ${http.length} commands, ${done} done, ${http.length - done - open} refused, ${open} open${codes.length > 0 ? ` (${codes.join(', ')})` : ''}`,
  );
  const bad = http.filter(({ isRight }) => !isRight);
  hold(
    bad.length === 0,
    `HTTP commands: ${bad.map((one) => `${one.ups} port ${one.port} at ${one.asked.join(', ')}: ${one.status} ${one.text}, answered after ${seconds(one.answered - one.from)}, ${one.times} times (${one.by.join(', ')})`).join('; ')}`,
  );

  const overlap = longestOverlap(span, acts);
  lines.push(`two at one device: ${seconds(overlap.ms)}`);
  hold(overlap.ms <= row.must.overlap, `two at ${overlap.device} for ${overlap.ms} ms`);

  if (site.hasGates) {
    const gap = longestGap(span, notes);
    lines.push(`without an owner: ${seconds(gap)} at the most`);
    hold(gap <= row.must.gap, `${gap} ms without an owner, ${row.must.gap} allowed`);
  }
  if (told.lost) {
    const { name, at, devices } = told.lost;
    const next = takeOver(name, at, devices, acts);
    lines.push(`next reading of a device of ${name} after ${seconds(next.ms)}`);
    hold(next.ms <= LEASE + 1000 + NEXT_READING, `${next.device} was read by another after ${next.ms} ms`);
    if (row.must.lastAct !== undefined) judgeLastAct(name, at);
  }
  const silent = untold(span, METERS, notes);
  hold(silent.length === 0, `readings of ${silent.join(', ')} reached no flow`);
  if (row.must.pushes) judgePushes(record);
  judgeMqtt(record);
  return { lines, problems };

  function judgeLastAct(name: string, at: number): void {
    // It may own again after it has been let in again.
    const last = lastAct(name, { from: at, to: at + 20_000 }, acts);
    lines.push(`the victim's last act after ${seconds((last?.at ?? at) - at)}`);
    hold(
      (last?.at ?? at) - at <= FENCE + MARGIN,
      `its last act came ${(last?.at ?? at) - at} ms after the cut`,
    );
  }
}
