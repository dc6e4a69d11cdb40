import type { DeviceError } from '../errors';
import { isOwnCertificate } from '../http/tls-errors';

/** Whether a device delivers fresh values, since when, and if not, why. */
export interface Availability {
  available: boolean;
  /** epoch ms of the last change between available and not */
  since: number;
  reason?: DeviceError;
}

/**
 * Failures that pass by themselves are one kind: a device that times out, then refuses connections, is still the
 * same outage. Those that need the user are a kind each.
 */
function kindOf({ code, reason, definite }: DeviceError): string {
  if (isOwnCertificate(reason)) return reason;
  switch (code) {
    case 'UNREACHABLE':
    case 'TIMEOUT':
    case 'RATE_LIMITED':
    case 'BUSY':
    case 'BAD_RESPONSE':
      return 'transient';
    default:
      // What is not tried again is another thing than what may pass.
      return definite ? `${code} for good` : code;
  }
}

/** Whether nothing will get better before a person does something. */
export function needsUser(error: DeviceError): boolean {
  return (
    error.code === 'AUTH_FAILED' ||
    error.code === 'FORBIDDEN' ||
    error.code === 'NOT_FOUND' ||
    error.code === 'INVALID_INPUT' ||
    error.code === 'NOT_SUPPORTED' ||
    isOwnCertificate(error.reason)
  );
}

/** Follows a device's availability and tells changes from repeats. */
export class AvailabilityTracker {
  private state: Availability | undefined;

  /** `undefined` until the first success or failure. */
  get current(): Availability | undefined {
    return this.state;
  }

  /** Forgets it: the next success or failure is news. */
  reset(): void {
    this.state = undefined;
  }

  /**
   * @param reason `undefined`: available
   * @param now epoch ms
   * @returns the new availability when it changed, `undefined` for a repeat
   */
  update(reason: DeviceError | undefined, now: number): Availability | undefined {
    const previous = this.state;
    const available = reason === undefined;
    const sameKind =
      previous?.available === available &&
      (available || (previous.reason !== undefined && kindOf(reason) === kindOf(previous.reason)));
    if (sameKind) return undefined;
    const since = previous?.available === available ? previous.since : now;
    this.state = reason ? { available, since, reason } : { available, since };
    return this.state;
  }
}
