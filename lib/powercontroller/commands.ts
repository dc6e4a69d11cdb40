import { type Clock, systemClock } from '../core/clock';
import { cancelled, DeviceError, toDeviceError } from '../core/errors';
import { afterSending, beforeSending } from '../core/command/outcome';
import { permitOf } from '../core/command/permit';
import { DeviceQueues, LONGEST_TURN } from '../core/command/queue';
import { type CommandResponse, deviceId, type PowercontrollerClient } from './client';
import type { CommandRequest } from './input';
import { Newcomers } from './newcomers';
import type { ControllerStatus, StatusResponse } from './status';

export interface RunOptions {
  /** ms to wait for the relay status that confirms an immediate `on` or `off`; 0 = do not ask */
  confirmWithin: number;
  signal: AbortSignal;
}

/** A command that was accepted. */
export interface CommandOutcome extends CommandResponse {
  /** whether the controller's own status showed the switching */
  verified: boolean;
  /** the status that showed it */
  status: ControllerStatus | null;
}

/** ms in which a command that was never confirmed may still show up as a relay status. */
const UNSETTLED_FOR = 15 * 60_000;

/** Runs the commands of an account: one at a time a device, each sent once, confirmed where that is wanted. */
export class PowercontrollerCommands {
  private readonly queues: DeviceQueues;
  /** Devices that were sent a command without seeing what became of it, with the monotonic time of it. */
  private readonly unsettled = new Map<string, number>();

  constructor(
    private readonly client: Pick<PowercontrollerClient, 'statuses' | 'send'>,
    private readonly clock: Clock = systemClock,
  ) {
    this.queues = new DeviceQueues({ maxWait: LONGEST_TURN, clock });
  }

  /**
   * @param id the device; may be anything for a command that concerns the account
   * @throws DeviceError INVALID_INPUT; what `client.send` throws; OUTCOME_UNKNOWN when no confirmation came in time,
   *   or the wait for it was stopped; CANCELLED when it was stopped before anything was sent
   */
  async run(request: CommandRequest, id: unknown, options: RunOptions): Promise<CommandOutcome> {
    if (!request.forDevice) return unverified(await this.client.send(request, '', options.signal));
    const device = deviceId(id);
    const { switchesTo } = request;
    const goal = switchesTo === null ? undefined : { about: 'relay', wanted: switchesTo ? 'on' : 'off' };
    const task = async (): Promise<CommandOutcome> => {
      if (options.signal.aborted) throw cancelled(false);
      return switchesTo === null || options.confirmWithin <= 0
        ? unverified(await this.send(request, device, options.signal))
        : this.confirmed(request, switchesTo, device, options);
    };
    return this.queues.run(device, task, { goal, signal: options.signal });
  }

  /** Commands that still wait fail with CANCELLED. */
  close(): void {
    this.queues.close();
  }

  /**
   * Sends, then waits for a relay status with reason `api` and the wanted state that was not there before and that no
   * newer relay status contradicts. A command whose response got lost is confirmed the same way, but only if no earlier
   * command of ours could have caused that status.
   */
  private async confirmed(
    request: CommandRequest,
    wanted: boolean,
    device: string,
    { confirmWithin, signal }: RunOptions,
  ): Promise<CommandOutcome> {
    const newcomers = await beforeSending(Newcomers.after(this.client, device, this.clock, signal));
    const alone = !this.isUnsettled(device);
    const response = await this.send(request, device, signal).catch((thrown: unknown) => {
      const error = toDeviceError(thrown);
      if (error.code !== 'OUTCOME_UNKNOWN' || signal.aborted || !alone) throw error;
      return { responseCodes: [], raw: undefined };
    });
    const shown = await afterSending(
      newcomers.wait((fresh) => confirmation(fresh, wanted), confirmWithin, signal),
    );
    if (shown) {
      this.unsettled.delete(device);
      return { ...response, verified: true, status: shown.status };
    }
    const seconds = Math.round(confirmWithin / 1000);
    throw new DeviceError(
      'OUTCOME_UNKNOWN',
      `The command was sent, but no relay status confirmed it within ${seconds} s.`,
      { reason: 'powercontrollerNotConfirmed', params: { seconds }, sent: true },
    );
  }

  private async send(request: CommandRequest, device: string, signal: AbortSignal): Promise<CommandResponse> {
    const permit = permitOf(signal);
    // To a state it may be told again by who goes on with it.
    if (permit) await beforeSending(permit.begin(switchGoal(request)));
    try {
      const response = await this.client.send(request, device, signal);
      this.noteUnsettled(request, device);
      return response;
    } catch (thrown) {
      if (toDeviceError(thrown).code === 'OUTCOME_UNKNOWN') this.noteUnsettled(request, device);
      throw thrown;
    }
  }

  private noteUnsettled(request: CommandRequest, device: string): void {
    // Neither a configuration nor a question makes a relay status with reason `api`.
    if (request.command === 'configure' || request.command === 'refresh') return;
    for (const other of [...this.unsettled.keys()])
      if (!this.isUnsettled(other)) this.unsettled.delete(other);
    this.unsettled.set(device, this.clock.monotonic());
  }

  private isUnsettled(device: string): boolean {
    const since = this.unsettled.get(device);
    return since !== undefined && this.clock.monotonic() - since < UNSETTLED_FOR;
  }
}

function switchGoal({ switchesTo }: CommandRequest): string {
  return switchesTo === null ? '' : switchesTo ? 'on' : 'off';
}

/** The newest relay status, if it is what the command leads to. */
function confirmation(fresh: readonly StatusResponse[], wanted: boolean): StatusResponse | undefined {
  const newest = fresh.findLast(({ status }) => status.type === 'relay' && status.timestamp !== null);
  return newest?.status.reason === 'api' && newest.status.on === wanted ? newest : undefined;
}

function unverified(response: CommandResponse): CommandOutcome {
  return { ...response, verified: false, status: null };
}
