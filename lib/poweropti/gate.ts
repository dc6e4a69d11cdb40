import type { Clock } from '../core/clock';
import { DeviceError } from '../core/errors';
import type { PoweroptiReading } from './reading';

/**
 * Decides which readings are worth a message: none twice, and with a deadband only those whose power has moved.
 */
export class ReadingGate {
  private lastTimestamp: string | undefined;
  private lastPower: number | null | undefined;

  /** @param deadband W that the power must differ from the last one passed on; 0 passes every new reading */
  constructor(private readonly deadband: number) {}

  /** Whether to pass this reading on. */
  admit(reading: PoweroptiReading): boolean {
    if (reading.timestamp === this.lastTimestamp) return false;
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

/**
 * Notices that a device answers but its measuring time stands still: the read head has lost the meter.
 *
 * It counts our own monotonic time, not the difference of two clocks: a device clock that is off is no fault.
 */
export class StandstillWatch {
  private timestamp: string | undefined;
  private since = 0;

  /** @param after ms without a new timestamp */
  constructor(
    private readonly after: number,
    private readonly clock: Clock,
  ) {}

  /** @returns the reason why the device is unavailable, or `undefined` */
  readonly assess = (timestamp: string): DeviceError | undefined => {
    const now = this.clock.monotonic();
    if (timestamp !== this.timestamp) {
      this.timestamp = timestamp;
      this.since = now;
      return undefined;
    }
    const seconds = Math.round((now - this.since) / 1000);
    if (now - this.since < this.after) return undefined;
    return new DeviceError('STALE', `The device answers, but its values have not changed for ${seconds} s.`, {
      params: { seconds },
    });
  };
}
