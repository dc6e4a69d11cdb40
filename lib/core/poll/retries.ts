import type { Clock } from '../clock';
import type { DeviceError } from '../errors';
import { isOwnCertificate } from '../http/tls-errors';
import { BackOff } from './back-off';
import { isRefusal, slowBackOff } from './refusal';

/** ms between tries with a certificate of our own that is of no use: a wrong clock or the other side may yet be corrected */
const CERTIFICATE_RETRY = 15 * 60_000;

export interface RetryOptions {
  /** ms between two readings of a device that answers */
  interval: number;
  /** longest wait in ms between tries; default a minute, or the interval where that is longer */
  maxBackOff?: number;
}

/** When a device that fails is asked again. Made with the first failure, so that a device that answers costs nothing. */
export class Retries {
  /** each made with the first failure of its kind */
  private backOff: BackOff | undefined;
  private slow: BackOff | undefined;

  constructor(
    private readonly options: RetryOptions,
    private readonly clock: Clock,
  ) {}

  /** ms until the next try; `null`: when somebody asks */
  waitAfter(error: DeviceError): number | null {
    const { interval } = this.options;
    // What the vendor himself calls wrong is tried again when somebody asks.
    if (error.definite) return null;
    if (isOwnCertificate(error.reason)) return Math.max(interval, CERTIFICATE_RETRY);
    const wait = this.backOffOf(error).next();
    // A failing device is never asked more often than a good one.
    return Math.max(interval, wait, (error.retryAfter ?? 0) * 1000);
  }

  private backOffOf(error: DeviceError): BackOff {
    if (isRefusal(error)) return (this.slow ??= slowBackOff(this.clock));
    const { interval, maxBackOff = 60_000 } = this.options;
    const cap = Math.max(maxBackOff, interval);
    return (this.backOff ??= new BackOff({ base: interval, cap }, this.clock));
  }
}
