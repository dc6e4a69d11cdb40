import { type Clock, delay, systemClock } from '../core/clock';
import { cancelled, DeviceError, toDeviceError } from '../core/errors';
import { SerialQueue } from '../core/queue';
import { type CommandAnswer, deviceId, type PowercontrollerClient } from './client';
import type { CommandRequest } from './commands';
import { type ControllerStatus, identityOf, type StatusAnswer } from './status';

export interface RunOptions {
  /** ms to wait for the relay status that confirms an immediate `on` or `off`; 0 = do not ask */
  confirmWithin: number;
  signal: AbortSignal;
}

/** A command that was accepted. */
export interface CommandOutcome extends CommandAnswer {
  /** whether the controller's own status showed the switching */
  verified: boolean;
  /** the status that showed it */
  status: ControllerStatus | null;
}

/** ms between two looks for a confirmation. */
const LOOK_EVERY = 2000;

/** Runs the commands of an account: one at a time a device, each sent once, confirmed where that is wanted. */
export class CommandRunner {
  private readonly queues = new Map<string, { queue: SerialQueue; users: number }>();
  private closed = false;

  constructor(
    private readonly client: PowercontrollerClient,
    private readonly clock: Clock = systemClock,
  ) {}

  /**
   * @param id the device; may be anything for a command that concerns the account
   * @throws DeviceError INVALID_INPUT; what `client.send` throws; OUTCOME_UNKNOWN when no confirmation came in time
   */
  async run(request: CommandRequest, id: unknown, options: RunOptions): Promise<CommandOutcome> {
    if (!request.forDevice) return unverified(await this.client.send(request, '', options.signal));
    const device = deviceId(id);
    return this.inTurn(device, async () => {
      if (options.signal.aborted) throw cancelled();
      return request.switchesTo === null || options.confirmWithin <= 0
        ? unverified(await this.client.send(request, device, options.signal))
        : this.confirmed(request, request.switchesTo, device, options);
    });
  }

  /** Commands that still wait fail with CANCELLED. */
  close(): void {
    this.closed = true;
    for (const { queue } of this.queues.values()) queue.close();
  }

  private async inTurn<T>(device: string, task: () => Promise<T>): Promise<T> {
    if (this.closed) throw cancelled();
    const entry = this.queues.get(device) ?? { queue: new SerialQueue(), users: 0 };
    this.queues.set(device, entry);
    entry.users++;
    try {
      return await entry.queue.run(task);
    } finally {
      entry.users--;
      if (entry.users === 0) this.queues.delete(device);
    }
  }

  /**
   * Sends, then waits for the relay status that only this command can have caused: reason `api`, the wanted state,
   * and not there before. The vendor's clock is compared with nothing. A command whose answer got lost is confirmed
   * the same way.
   */
  private async confirmed(
    request: CommandRequest,
    wanted: boolean,
    device: string,
    { confirmWithin, signal }: RunOptions,
  ): Promise<CommandOutcome> {
    const before = await this.client.statuses({ device }, signal);
    const known = new Set(before.map(identityOf));
    const start = newestOf(before);
    const answer = await this.client.send(request, device, signal).catch((thrown: unknown) => {
      const error = toDeviceError(thrown);
      if (error.code !== 'OUTCOME_UNKNOWN' || signal.aborted) throw error;
      return { responseCodes: [], raw: undefined };
    });
    const over = new AbortController();
    const cancelTimer = this.clock.after(confirmWithin, () => over.abort());
    const until = AbortSignal.any([signal, over.signal]);
    try {
      while (!until.aborted) {
        const status = await this.look(device, start, wanted, known, until);
        if (status) return { ...answer, verified: true, status };
        await delay(this.clock, LOOK_EVERY, until);
      }
    } finally {
      cancelTimer();
    }
    const seconds = Math.round(confirmWithin / 1000);
    throw new DeviceError(
      'OUTCOME_UNKNOWN',
      `The command was sent, but no relay status confirmed it within ${seconds} s.`,
      { reason: 'notConfirmed', params: { seconds }, sent: true },
    );
  }

  /** A look that fails is no confirmation; the next one may be. */
  private async look(
    device: string,
    start: number | undefined,
    wanted: boolean,
    known: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<ControllerStatus | undefined> {
    const found = await this.client.statuses({ device, start }, signal).catch((): StatusAnswer[] => []);
    return found.find(
      (answer) =>
        answer.status.type === 'relay' &&
        answer.status.reason === 'api' &&
        answer.status.on === wanted &&
        !known.has(identityOf(answer)),
    )?.status;
  }
}

function unverified(answer: CommandAnswer): CommandOutcome {
  return { ...answer, verified: false, status: null };
}

function newestOf(answers: readonly StatusAnswer[]): number | undefined {
  const times = answers.flatMap(({ status }) =>
    status.timestamp === null ? [] : [Date.parse(status.timestamp)],
  );
  return times.length === 0 ? undefined : times.reduce((a, b) => Math.max(a, b));
}
