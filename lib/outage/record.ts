import { isRecord, round } from '../core/values';
import { between, type Moment } from '../core/moment';
import type { UpsView } from './reading';

/** What became of a step. */
export type StepResult =
  /** it did not become due, or the mains came back first */
  | 'notReached'
  /** the port is off */
  | 'off'
  /** the port was off before, by someone else's hand: nothing was sent, or nothing changed */
  | 'wasOff'
  /** the port was still off from the outage before */
  | 'stillOff'
  /** a port stayed on: the mains came back, and its host still ran */
  | 'leftOn'
  /** the message was handed over */
  | 'told'
  /** the same, and answered */
  | 'replied'
  /** nobody knows whether the port went off */
  | 'unknown'
  /** the port stayed on although it was told to go off */
  | 'failed';

/** Why a step waited no longer. */
export type WaitEnd = 'none' | 'time' | 'hostsGone' | 'idle' | 'replied' | 'timeUp';

export interface RecordedStep {
  /** as the table has it, from 1 */
  step: number;
  action: 'off' | 'message';
  port: number | null;
  text: string | null;
  /** ISO; when the port was told to go off, or the message was handed over */
  at: string | null;
  /** why it waited no longer */
  waited: WaitEnd | null;
  result: StepResult;
}

/** One outage, from the loss of the mains to their return. */
export interface OutageRecord {
  /** ISO */
  start: string;
  end: string;
  /** s */
  duration: number;
  /** V of the lowest battery; `null`: none was told */
  minVoltage: number | null;
  /** Wh that the loads took, as far as it was seen; `null`: nothing was */
  energy: number | null;
  /** share of the duration in which their power was known, 0 to 1 */
  coverage: number;
  /** whether the battery was low */
  lowBattery: boolean;
  steps: RecordedStep[];
}

/** ms that a power holds without a reading */
const LONGEST_HOLD = 5 * 60_000;
const HOUR = 3_600_000;

/** What is measured in an outage. */
export class Measured {
  minVoltage: number | null = null;
  /** Wh */
  private energy: number | null = null;
  private power: { watts: number; at: Moment } | null = null;
  /** ms in which the power was known */
  private known = 0;

  take({ voltage, totalPower }: UpsView, now: Moment): void {
    if (voltage !== null) this.minVoltage = Math.min(voltage, this.minVoltage ?? voltage);
    if (totalPower === null) return;
    this.pass(now);
    this.power = { watts: totalPower, at: now };
  }

  /** The mains are back. */
  end(now: Moment): void {
    this.pass(now);
    this.power = null;
  }

  get wattHours(): number | null {
    return this.energy === null ? null : round(this.energy, 3);
  }

  /** @param duration ms */
  coverage(duration: number): number {
    return duration <= 0 ? 0 : round(Math.min(this.known / duration, 1), 4);
  }

  state(): unknown {
    return { minVoltage: this.minVoltage, energy: this.energy, known: this.known };
  }

  restore(stored: unknown): void {
    if (!isRecord(stored)) return;
    this.minVoltage = numberOrNull(stored.minVoltage);
    this.energy = numberOrNull(stored.energy);
    this.known = numberOrNull(stored.known) ?? 0;
  }

  private pass(now: Moment): void {
    if (!this.power) return;
    const held = Math.min(between(this.power.at, now), LONGEST_HOLD);
    this.known += held;
    this.energy = (this.energy ?? 0) + (this.power.watts * held) / HOUR;
    this.power = null;
  }
}

function numberOrNull(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
