import { isRecord } from '../core/values';
import { between, type Moment, recalled } from '../core/moment';
import { Measured, type OutageRecord, type StepResult, type WaitEnd } from './record';
import type { PlanStep } from './settings';

/** How far a step is. */
export interface Progress {
  stage: 'pending' | 'waiting' | 'over';
  begun: Moment | null;
  /** epoch ms; when the port was told to go off, or the message was handed over */
  at: number | null;
  waited: WaitEnd | null;
  result: StepResult;
  /** of a message that was handed over */
  key: string | null;
  replied: boolean;
}

const STAGES: readonly unknown[] = ['pending', 'waiting', 'over'];

const fresh = (): Progress => ({
  ...{ stage: 'pending', begun: null, at: null, waited: null },
  ...{ result: 'notReached', key: null, replied: false },
});

/** One outage, from the loss of the mains until all that it began is over. */
export class Outage {
  ended: Moment | null = null;
  /** the battery has been low */
  low = false;
  readonly measured = new Measured();
  readonly progress: Progress[];

  /**
   * @param start epoch ms
   * @param begun from when delays count: after a restart not always the start
   */
  constructor(
    readonly steps: readonly PlanStep[],
    readonly start: number,
    readonly begun: Moment,
  ) {
    this.progress = steps.map(fresh);
  }

  get id(): string {
    return new Date(this.start).toISOString();
  }

  /** The step that is worked at, or waits to be. */
  get current(): number {
    return this.progress.findIndex(({ stage }) => stage !== 'over');
  }

  /** How many steps are due whatever their delays, because one behind them is due by the battery. */
  private get forced(): number {
    const voltage = this.measured.minVoltage;
    return this.steps.findLastIndex(
      ({ low, below }) => (low && this.low) || (below !== null && voltage !== null && voltage < below),
    );
  }

  isDue(index: number, now: Moment): boolean {
    return index <= this.forced || this.isDueByTime(index, now);
  }

  isDueByTime(index: number, now: Moment): boolean {
    const after = this.steps[index]?.after ?? null;
    return after !== null && between(this.begun, now) >= after * 1000;
  }

  /** Steps with cuts that are still to come, by port. */
  unfinished(): Map<number, Progress> {
    return new Map(
      this.steps.flatMap(({ action, port }, index) => {
        const progress = this.progress[index];
        return action === 'off' && port !== null && progress && progress.stage !== 'over'
          ? [[port, progress] as const]
          : [];
      }),
    );
  }

  isUnfinished(port: number): boolean {
    return this.unfinished().has(port);
  }

  /** @param to key of a message, or number of a step */
  reply(to: string | number): void {
    const index = this.steps.findIndex(
      ({ number }, at) => number === to || (typeof to === 'string' && this.progress[at]?.key === to),
    );
    const port = this.steps[index]?.port ?? null;
    this.steps.forEach((step, at) => {
      const progress = this.progress[at];
      // What answers a message about a port's hosts answers the cut of that port too.
      const samePort = port !== null && step.action === 'off' && step.port === port;
      if (progress && (at === index || samePort)) progress.replied = true;
    });
  }

  /**
   * Of a second outage the steps are over whose ports are off still, and so are the messages before the first that is on.
   * Hosts that are on their way down are not told again.
   *
   * @param kept by port: steps of the outage before that go on
   */
  skip(kept: ReadonlyMap<number, Progress>, isOff: (port: number) => boolean): void {
    const off = this.steps.map(({ port }) => port !== null && isOff(port));
    const isSecond = off.includes(true);
    const first = this.steps.findIndex(({ port }, index) => port !== null && !off[index]);
    this.steps.forEach(({ action, port }, index) => {
      const progress = this.progress[index];
      if (!progress) return;
      const before = action === 'off' && port !== null ? kept.get(port) : undefined;
      const isBehind = isSecond && port === null && (first < 0 || index < first);
      if (before?.stage === 'waiting') Object.assign(progress, before);
      else if (off[index])
        Object.assign(progress, { stage: 'over', result: action === 'off' ? 'stillOff' : 'notReached' });
      else if (isBehind || (action === 'message' && port !== null && kept.has(port))) progress.stage = 'over';
    });
  }

  /** The mains are back, which clears all that runs, but for hosts that were told to go down. */
  end(isTold: (port: number) => boolean, now: Moment): void {
    this.ended = now;
    this.measured.end(now);
    const unfinished = this.unfinished();
    this.steps.forEach(({ action, port }, index) => {
      const progress = this.progress[index];
      if (!progress) return;
      const isTheirs = port !== null && isTold(port) && unfinished.has(port);
      if (!isTheirs || (action === 'message' && progress.stage === 'pending')) progress.stage = 'over';
    });
  }

  /** @param resultOf what became of a port that was told to go off */
  record(resultOf: (port: number) => StepResult | undefined, now: Moment): OutageRecord {
    const end = this.ended ?? now;
    // The clock is often set in the midst: a board without a battery has begun with the mains.
    const duration = Math.max(this.begun.wall - this.start + between(this.begun, end), 0);
    const listed = this.steps.map((step, index) => ({ step, progress: this.progress[index] ?? fresh() }));
    listed.sort((a, b) => a.step.number - b.step.number);
    return {
      start: this.id,
      end: new Date(this.start + duration).toISOString(),
      duration: Math.round(duration / 1000),
      minVoltage: this.measured.minVoltage,
      energy: this.measured.wattHours,
      coverage: this.measured.coverage(duration),
      lowBattery: this.low,
      steps: listed.map(({ step: { number, action, port, text }, progress }) => ({
        ...{ step: number, action, port, text: action === 'message' ? text : null },
        at: progress.at === null ? null : new Date(progress.at).toISOString(),
        waited: progress.waited,
        result: resultOfStep(progress, action === 'off' && port !== null ? resultOf(port) : undefined),
      })),
    };
  }

  state(): unknown {
    return {
      ...{ start: this.start, begun: this.begun.wall, ended: this.ended?.wall ?? null, low: this.low },
      measured: this.measured.state(),
      steps: this.progress.map((one, index) => ({
        ...one,
        of: this.steps[index]?.key,
        begun: one.begun?.wall ?? null,
      })),
    };
  }

  /** Goes on from what `state` gave, with the steps of today. @throws TypeError for what is none */
  static restored(steps: readonly PlanStep[], stored: unknown, now: Moment): Outage {
    if (!isRecord(stored) || typeof stored.start !== 'number') throw new TypeError('no outage');
    const outage = new Outage(steps, stored.start, recalled(stored.begun, now));
    const { begun } = outage;
    if (typeof stored.ended === 'number') {
      outage.ended = { wall: stored.ended, steady: begun.steady + stored.ended - begun.wall };
    }
    outage.low = stored.low === true;
    outage.measured.restore(stored.measured);
    const found = new Set<Progress>();
    for (const one of Array.isArray(stored.steps) ? stored.steps : []) {
      if (!isRecord(one)) continue;
      const index = steps.findIndex(({ key }) => key === one.of);
      const progress = outage.progress[index];
      if (!progress || !STAGES.includes(one.stage)) continue;
      found.add(progress);
      const waits = typeof one.begun === 'number' ? recalled(one.begun, now) : null;
      // The rest was written by `state`; a digest says that nobody has changed it.
      const { stage, at, waited, result, key, replied } = one as unknown as Progress;
      Object.assign(progress, {
        stage,
        at,
        waited,
        result,
        key,
        replied,
        begun: stage === 'waiting' ? (waits ?? now) : waits,
      });
    }
    // What the table has gained since the mains came back is of the next outage.
    if (outage.ended) {
      for (const one of outage.progress) if (!found.has(one)) one.stage = 'over';
    }
    return outage;
  }
}

/** What became of the cut counts, where there was one. */
function resultOfStep({ result, replied }: Progress, ofPort: StepResult | undefined): StepResult {
  if (result === 'told') return replied ? 'replied' : 'told';
  return result === 'unknown' ? (ofPort ?? result) : result;
}
