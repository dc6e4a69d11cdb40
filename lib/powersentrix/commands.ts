import { type Clock, delay, systemClock } from '../core/clock';
import { cancelled, DeviceError, toDeviceError } from '../core/errors';
import { beforeSending, isRefusedBy } from '../core/command/outcome';
import { permitOf } from '../core/command/permit';
import { LONGEST_TURN, SerialQueue } from '../core/command/queue';
import { switchVerified } from '../core/command/verified-switch';
import type { PortCommand } from './input';
import type { ComplexObject } from './complex';
import { descriptionOf, portState } from './status';

/** The way to one UPS: its own interface, or the cloud. */
export interface UpsLink {
  /** the whole status, asked from the UPS now */
  readComplex: (signal?: AbortSignal) => Promise<ComplexObject>;
  /** sent once, never repeated */
  toggle: (port: number, signal?: AbortSignal) => Promise<void>;
  /** off for 5 s, then on; missing where the way does not offer it */
  restart?: (port: number, signal?: AbortSignal) => Promise<void>;
  /** missing where the way does not offer it */
  describe?: (port: number, text: string, signal?: AbortSignal) => Promise<void>;
}

/**
 * ms in which a restart cannot pass unseen: the port is off for 5 s, less a margin for the clock of the UPS and for the
 * time that a response is under way.
 */
const NEVER_HIDDEN = 4000;

/** What the reads after a restart command showed. */
interface RestartObservation {
  /** the port was seen off */
  off: boolean;
  /** no restart can have passed between two reads */
  gapless: boolean;
  /** what the last read showed; missing when it failed */
  last: boolean | undefined;
}

/** What a command came to. */
export interface PortOutcome {
  port: number;
  action: PortCommand['action'];
  /** the port's state at the end */
  on: boolean;
  changed: boolean;
  /** whether the result was seen, not only acknowledged */
  verified: boolean;
}

export interface UpsCommandsOptions {
  clock?: Clock;
  /** ms in which a switched port must show its new state; default 15 s */
  window?: number;
  /** ms until the first look after a toggle; default 250 */
  firstPause?: number;
  /** ms between two reads while a port restarts; default 700 */
  restartPause?: number;
  /** ms in which a restarted port must be back; default 20 s */
  restartWindow?: number;
  /** every status that was read on the way */
  onRead?: (complex: ComplexObject) => void;
}

function notOverCloud(action: string): DeviceError {
  return new DeviceError(
    'NOT_SUPPORTED',
    `"${action}" is not available over the cloud. Set up the UPS with its own address and API key.`,
    { reason: 'powersentrixNotOverCloud', sent: false, params: { action } },
  );
}

function unknownOutcome(reason: string, text: string): DeviceError {
  return new DeviceError('OUTCOME_UNKNOWN', text, { reason, sent: true });
}

/** The commands of one UPS, one at a time. The same mechanism serves the cloud and the UPS's own interface. */
export class UpsCommands {
  private readonly queue: SerialQueue;
  private readonly clock: Clock;

  constructor(
    private readonly link: UpsLink,
    private readonly options: UpsCommandsOptions = {},
  ) {
    this.clock = options.clock ?? systemClock;
    this.queue = new SerialQueue({ maxWait: LONGEST_TURN, clock: this.clock });
  }

  /**
   * Carries a command out and looks at the result.
   *
   * @throws DeviceError, see `switchVerified`; NOT_SUPPORTED where the way to the UPS does not offer the action
   */
  run(command: PortCommand, signal?: AbortSignal): Promise<PortOutcome> {
    const { port, action } = command;
    const goal = action === 'on' || action === 'off' ? { about: `port ${port}`, wanted: action } : undefined;
    return this.queue.run(
      async () => {
        if (signal?.aborted) throw cancelled(false);
        switch (action) {
          case 'on':
          case 'off':
          case 'toggle':
            return { port, action, ...(await this.switchPort(port, action, signal)) };
          case 'restart':
            return { port, action, ...(await this.restartPort(port, signal)) };
          case 'describe':
            return { port, action, ...(await this.describePort(port, command.description, signal)) };
        }
      },
      { goal, signal },
    );
  }

  /** Commands that still wait fail with CANCELLED. */
  close(): void {
    this.queue.close();
  }

  private async read(signal?: AbortSignal): Promise<ComplexObject> {
    const complex = await this.link.readComplex(signal);
    this.options.onRead?.(complex);
    return complex;
  }

  private switchPort(port: number, action: 'on' | 'off' | 'toggle', signal?: AbortSignal) {
    const { window, firstPause } = this.options;
    return switchVerified(
      {
        isOn: async (abort) => portState(await this.read(abort), port),
        toggle: (abort) => this.link.toggle(port, abort),
      },
      action === 'toggle' ? undefined : action === 'on',
      {
        clock: this.clock,
        signal,
        ...(window === undefined ? {} : { window }),
        ...(firstPause === undefined ? {} : { firstPause }),
      },
    );
  }

  /**
   * The UPS acknowledges that a restart has begun, not that it is over, so the port is watched until it is back. The
   * queue is held meanwhile: a command that found the port off in between would toggle it.
   */
  private async restartPort(port: number, signal?: AbortSignal) {
    const { link } = this;
    if (!link.restart) throw notOverCloud('restart');
    if (!portState(await beforeSending(this.read(signal)), port)) {
      throw new DeviceError('REJECTED', `Port ${port} is off, and only a port that is on can be restarted.`, {
        reason: 'powersentrixRestartOff',
        sent: false,
        params: { port },
      });
    }
    const begun = this.clock.monotonic();
    const failure = await this.send(() => link.restart?.(port, signal), signal);
    const responded = failure === undefined;
    const seen = await this.watchRestart(port, begun, signal);
    if (signal?.aborted) throw unknownOutcome('stoppedWhileSwitching', STOPPED);
    if (seen.last === true && !seen.off && failure?.code === 'REJECTED') throw failure;
    if (seen.last === true && !seen.off && seen.gapless) throw this.notRestarted(port, responded);
    if (seen.last === true && (seen.off || responded)) {
      return { on: true, changed: true, verified: seen.off };
    }
    if (seen.last === false) {
      throw unknownOutcome(
        'powersentrixRestartNotBack',
        `Port ${port} went off for the restart and has not come back on yet.`,
      );
    }
    throw unknownOutcome(
      'powersentrixRestartUnseen',
      `It is not known whether port ${port} was restarted: the command was not answered. Look before you repeat it.`,
    );
  }

  /**
   * Reads until the port has been off and is on again, or time runs out.
   *
   * @param begun when the command was sent
   */
  private async watchRestart(port: number, begun: number, signal?: AbortSignal): Promise<RestartObservation> {
    const { clock } = this;
    const { restartPause = 700, restartWindow = RESTART_WINDOW } = this.options;
    const end = clock.monotonic() + restartWindow;
    let off = false;
    let gapless = true;
    // A response shows the port at some moment of its read, so two of them leave out at most the time from the beginning
    // of the one to the end of the next.
    let since = begun;
    for (;;) {
      await delay(clock, restartPause, signal);
      const asked = clock.monotonic();
      const last = await this.observe(port, signal);
      off ||= last === false;
      gapless &&= last !== undefined && clock.monotonic() - since < NEVER_HIDDEN;
      since = asked;
      const over = clock.monotonic() >= end || (signal?.aborted ?? false);
      if ((off && last === true) || over) return { off, gapless, last };
    }
  }

  /** The error for a port that was on all the time. */
  private notRestarted(port: number, responded: boolean): DeviceError {
    const seconds = Math.round((this.options.restartWindow ?? RESTART_WINDOW) / 1000);
    return new DeviceError(
      'REJECTED',
      `Port ${port} was not restarted: for ${seconds} s after the command it was on in every reading.` +
        (responded ? '' : ' The command was not answered as it should be, so look before you repeat it.'),
      {
        reason: responded ? 'powersentrixNotRestarted' : 'powersentrixNotRestartedUnanswered',
        sent: true,
        params: { port, seconds },
      },
    );
  }

  private async describePort(port: number, text: string, signal?: AbortSignal) {
    const { link } = this;
    if (!link.describe) throw notOverCloud('describe');
    const before = await beforeSending(this.read(signal));
    const on = portState(before, port);
    if (descriptionOf(before, port) === text) return { on, changed: false, verified: true };
    const failure = await this.send(() => link.describe?.(port, text, signal), signal);
    let after: ComplexObject;
    try {
      after = await this.read(signal);
    } catch {
      throw unknownOutcome(
        'powersentrixDescribeUnread',
        'It is not known whether the description was changed: the UPS could not be read.',
      );
    }
    if (descriptionOf(after, port) !== text) {
      if (failure?.code === 'REJECTED') throw failure;
      throw new DeviceError('REJECTED', `Port ${port} still has its old description.`, {
        reason: 'powersentrixNotDescribed',
        sent: true,
        params: { port },
      });
    }
    return { on, changed: true, verified: true };
  }

  /** The port's state where it can be read; while a port changes, a contradiction is to be expected. */
  private async observe(port: number, signal?: AbortSignal): Promise<boolean | undefined> {
    try {
      return portState(await this.read(signal), port);
    } catch {
      return undefined;
    }
  }

  /**
   * Sends a command that must not be repeated.
   *
   * @returns nothing when it was answered well; what went wrong when it left and its effect has to be looked for
   * @throws DeviceError when it was refused or never left
   */
  private async send(
    command: () => Promise<void> | undefined,
    signal?: AbortSignal,
  ): Promise<DeviceError | undefined> {
    const permit = permitOf(signal);
    if (permit) await beforeSending(permit.begin(''));
    try {
      await command();
      return undefined;
    } catch (thrown) {
      const error = toDeviceError(thrown);
      if (!error.sent) throw error;
      if (signal?.aborted) throw unknownOutcome('stoppedWhileSwitching', STOPPED);
      if (isRefusedBy(error.status) || error.code === 'FORBIDDEN' || error.code === 'AUTH_FAILED')
        throw error;
      return error;
    }
  }
}

const RESTART_WINDOW = 20_000;

const STOPPED =
  'It is not known whether it took effect: the node was stopped while the command was under way.';
