import { type Clock, systemClock } from '../clock';
import type { DeviceError } from '../errors';

/** One failure, as diagnostics show it. */
export interface RecentError {
  /** ISO 8601, UTC: the last time */
  time: string;
  code: string;
  message: string;
  /** how often in a row */
  count: number;
}

const MAX_KEPT = 10;

/** The last failures of a device or account, for diagnostics. The same one again only counts. */
export class RecentErrors {
  private readonly errors: RecentError[] = [];

  constructor(private readonly clock: Clock = systemClock) {}

  note({ code, message }: DeviceError): void {
    const time = new Date(this.clock.now()).toISOString();
    const last = this.errors.at(-1);
    if (last?.code === code && last.message === message) {
      last.time = time;
      last.count++;
      return;
    }
    this.errors.push({ time, code, message, count: 1 });
    if (this.errors.length > MAX_KEPT) this.errors.shift();
  }

  /** Oldest first. */
  list(): RecentError[] {
    return this.errors.map((error) => ({ ...error }));
  }
}
