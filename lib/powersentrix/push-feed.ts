import { type Clock, systemClock } from '../core/clock';
import { DeviceError } from '../core/errors';

/** A push counts as late after so many intervals: one may be lost, and clocks differ a little. */
const PATIENCE = 2.5;

/** The last status that a UPS pushed, and the watch that notices when none comes any more. */
export class PushFeed<T> {
  private last: T | undefined;
  private late = false;
  private cancel: (() => void) | undefined;

  /**
   * @param interval ms between two pushes, as set in the UPS
   * @param onLate called once each time the pushes stay away, also when there never was one
   */
  constructor(
    private readonly interval: number,
    private readonly onLate: (error: DeviceError) => void,
    private readonly clock: Clock = systemClock,
  ) {
    this.watch();
  }

  /** Takes a status that came. */
  take(data: T): void {
    this.last = data;
    this.late = false;
    this.watch();
  }

  /** The last status. @throws DeviceError UNREACHABLE when there is none, or it is too old */
  read(): T {
    if (this.late) throw this.lateError();
    if (this.last === undefined) {
      throw new DeviceError(
        'UNREACHABLE',
        'This UPS has not pushed its status yet. It does so at its interval; "Send Initial Request" makes it register.',
        { reason: 'pushNone', sent: false },
      );
    }
    return this.last;
  }

  close(): void {
    this.cancel?.();
    this.cancel = undefined;
  }

  private watch(): void {
    this.cancel?.();
    this.cancel = this.clock.after(this.interval * PATIENCE, () => {
      this.late = true;
      this.onLate(this.lateError());
    });
  }

  private lateError(): DeviceError {
    const seconds = Math.round((this.interval * PATIENCE) / 1000);
    return new DeviceError('UNREACHABLE', `The UPS has not pushed its status for ${seconds} s.`, {
      reason: 'pushLate',
      sent: false,
      params: { seconds },
    });
  }
}
