import { type Clock, delay } from '../core/clock';
import { withDeadline } from '../core/command/deadline';
import { DeviceError, toDeviceError } from '../core/errors';
import type { PowercontrollerClient } from './client';
import { identityOf, inOrder, type StatusResponse } from './status';

/** ms between two looks. */
const LOOK_EVERY = 2000;
/** ms for the reading before a command: the command waits for it, and an old command is worse than none. */
const BEFORE_WITHIN = 20_000;

type Reader = Pick<PowercontrollerClient, 'statuses'>;

/**
 * Waits for statuses that were not there before something was asked of a controller. Neither our clock nor the dates
 * of the statuses decide what is new: a single wrong date would hide all that follows.
 */
export class Newcomers {
  private constructor(
    private readonly client: Reader,
    private readonly device: string,
    private readonly clock: Clock,
    private readonly known: ReadonlySet<string>,
    private readonly dates: ReadonlySet<string | null>,
  ) {}

  /** Notes what is there. Fails early rather than late: nothing was asked of the controller yet. */
  static async after(client: Reader, device: string, clock: Clock, signal: AbortSignal): Promise<Newcomers> {
    const before = await withDeadline(clock, BEFORE_WITHIN, signal, (until) =>
      client.statuses({ device, retries: 0 }, until),
    );
    return new Newcomers(
      client,
      device,
      clock,
      new Set(before.map(identityOf)),
      new Set(before.map(({ status }) => status.timestamp)),
    );
  }

  /** Whether no status had this date before. */
  isNewDate(timestamp: string | null): boolean {
    return timestamp !== null && !this.dates.has(timestamp);
  }

  /**
   * Looks again and again until something is found. A look that fails is no response; the next one may be.
   *
   * @param find is given the statuses that were not there before, in the order of time
   * @param ms how long to look
   * @returns `undefined` when the time is over
   * @throws DeviceError CANCELLED
   */
  async wait(
    find: (fresh: StatusResponse[]) => StatusResponse | undefined,
    ms: number,
    signal: AbortSignal,
  ): Promise<StatusResponse | undefined> {
    const look = async (until: AbortSignal): Promise<StatusResponse | undefined> => {
      while (!until.aborted) {
        let pause = LOOK_EVERY;
        try {
          const all = await this.client.statuses({ device: this.device, retries: 0 }, until);
          const found = find(inOrder(all).filter((response) => !this.known.has(identityOf(response))));
          if (found) return found;
        } catch (thrown) {
          pause = Math.max(pause, (toDeviceError(thrown).retryAfter ?? 0) * 1000);
        }
        await delay(this.clock, pause, until);
      }
      return undefined;
    };
    try {
      return await withDeadline(this.clock, ms, signal, look);
    } catch (thrown) {
      if (thrown instanceof DeviceError && thrown.code === 'TIMEOUT') return undefined;
      throw thrown;
    }
  }
}
