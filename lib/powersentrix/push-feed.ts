import { Aging } from '../core/poll/age';
import { type Clock, systemClock } from '../core/clock';
import { DeviceError } from '../core/errors';

/** A push counts as late after so many intervals: one may be lost, and clocks differ a little. */
const PATIENCE = 2.5;

/** The last status that a UPS pushed, and the watch that notices when none comes any more. */
export class PushFeed<T> {
  private readonly aging: Aging;
  private last: T | undefined;
  private due = Infinity;
  private late = false;
  private cancel: (() => void) | undefined;

  /**
   * @param interval ms between two pushes, as set in the UPS
   * @param onLate called once each time the pushes stay away, also when there never was one
   */
  constructor(
    private readonly interval: number,
    private readonly onLate: (error: DeviceError) => void,
    clock: Clock = systemClock,
  ) {
    this.aging = Aging.of(clock);
    this.watch();
  }

  /** Takes a status that came. */
  take(data: T): void {
    this.last = data;
    this.late = false;
    this.watch();
  }

  /**
   * Another process has watched until now: patience begins anew.
   *
   * @returns the last status, unless it was late
   */
  renew(): T | undefined {
    if (this.late || this.aging.now() >= this.due) this.last = undefined;
    this.late = false;
    this.watch();
    return this.last;
  }

  /** The last status. @throws DeviceError UNREACHABLE when there is none, or it is too old */
  read(): T {
    // Right after the host has slept, the timer has not noticed yet that the data is old.
    if (this.late || (this.last !== undefined && this.aging.now() >= this.due)) throw this.lateError();
    if (this.last === undefined) {
      throw new DeviceError(
        'UNREACHABLE',
        'This UPS has not pushed its status yet. It does so at its interval; "Send Initial Request" makes it register.',
        { reason: 'powersentrixPushNone', sent: false },
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
    const patience = this.interval * PATIENCE;
    this.due = this.aging.now() + patience;
    this.cancel = this.aging.after(patience, () => {
      this.late = true;
      this.onLate(this.lateError());
    });
  }

  private lateError(): DeviceError {
    const seconds = Math.round((this.interval * PATIENCE) / 1000);
    return new DeviceError('UNREACHABLE', `The UPS has not pushed its status for ${seconds} s.`, {
      reason: 'powersentrixPushLate',
      sent: false,
      params: { seconds },
    });
  }
}
