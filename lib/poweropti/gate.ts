import { Aging } from '../core/poll/age';
import type { Clock } from '../core/clock';
import { DeviceError } from '../core/errors';
import type { PoweroptiReading } from './reading';

/**
 * Decides which readings are worth a message: none twice, and with a deadband only those whose power has moved.
 */
export class ReadingGate {
  private lastTimestamp: string | null = null;
  private lastPower: number | null | undefined;

  /** @param deadband W that the power must differ from the last one passed on; 0 passes every new reading */
  constructor(private readonly deadband: number) {}

  /** Whether to pass this reading on. One without a time is never taken for a repeat. */
  admit(reading: PoweroptiReading): boolean {
    if (reading.timestamp !== null && reading.timestamp === this.lastTimestamp) return false;
    const { lastPower } = this;
    const { power } = reading;
    const comparable = typeof lastPower === 'number' && power !== null;
    const still = lastPower === power || (comparable && Math.abs(power - lastPower) < this.deadband);
    if (this.deadband > 0 && still) return false;
    this.passed(reading);
    return true;
  }

  /** Notes a reading that went out anyway, because somebody asked for it. */
  passed(reading: PoweroptiReading): void {
    this.lastTimestamp = reading.timestamp;
    this.lastPower = reading.power;
  }
}

/** How long ago by our own clock the meter's newest measurement was first seen. */
export class FirstSeen {
  private timestamp: string | null = null;
  private since: number | undefined;
  private readonly aging: Aging;

  constructor(clock: Clock) {
    this.aging = Aging.of(clock);
  }

  /**
   * Takes note of a measurement.
   *
   * @param timestamp the meter's own; `null` for a meter without a time, whose every response is a measurement of its own
   * @returns tells the ms since then; the sleep of the host counts
   */
  note(timestamp: string | null): () => number {
    if (this.since === undefined || timestamp === null || timestamp !== this.timestamp) {
      this.timestamp = timestamp;
      this.since = this.aging.now();
    }
    const { since, aging } = this;
    return () => aging.now() - since;
  }
}

/**
 * Notices that a device answers but its measuring time stands still: the read head has lost the meter.
 *
 * It counts our own time, not the difference of two clocks: a device clock that is off is no fault.
 */
export class StandstillWatch {
  private readonly firstSeen: FirstSeen;

  /** @param after ms without a new timestamp */
  constructor(
    private readonly after: number,
    clock: Clock,
  ) {
    this.firstSeen = new FirstSeen(clock);
  }

  /** @returns the reason why the device is unavailable, or `undefined` */
  assess(timestamp: string | null): DeviceError | undefined {
    const age = this.firstSeen.note(timestamp)();
    if (age < this.after) return undefined;
    const seconds = Math.round(age / 1000);
    return new DeviceError('STALE', `The device answers, but its values have not changed for ${seconds} s.`, {
      params: { seconds },
    });
  }
}
