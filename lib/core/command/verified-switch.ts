import { type Clock, delay, systemClock } from '../clock';
import { cancelled, DeviceError, toDeviceError } from '../errors';
import { beforeSending, isRefusedBy } from './outcome';
import { permitOf } from './permit';

/**
 * Switching a load that can only be toggled, and knowing afterwards. The order is: read, compare, toggle once, read
 * again until the wanted state shows or time runs out.
 */

/** One switchable load. */
export interface ToggleTarget {
  /**
   * Whether it is on, asked from the device now.
   *
   * @throws DeviceError CONFLICT when the device contradicts itself
   */
  isOn: (signal?: AbortSignal) => Promise<boolean>;
  /** Sends the toggle request once; a `DeviceError` with `sent: false` means that it certainly never left. */
  toggle: (signal?: AbortSignal) => Promise<void>;
}

export interface SwitchOptions {
  clock?: Clock;
  signal?: AbortSignal | undefined;
  /** ms after the toggle during which the wanted state may show; default 15 s */
  window?: number;
  /** ms until the first read after the toggle, doubled up to `longestPause`; default 250 */
  firstPause?: number;
  /** ms; default 3 s */
  longestPause?: number;
}

/** What a switch command came to. */
export interface SwitchResult {
  on: boolean;
  /** whether a toggle was needed */
  changed: boolean;
  /** always true: a read showed the state after the command */
  verified: true;
}

/** How often a toggle is tried whose connection was never made. */
const CONNECT_TRIES = 3;
const CONNECT_PAUSE = 500;

/** Whether a response says that the command was not carried out, and never will be. */
function isRefusal(error: DeviceError): boolean {
  const { code, status } = error;
  return (
    isRefusedBy(status) ||
    code === 'FORBIDDEN' ||
    code === 'AUTH_FAILED' ||
    code === 'NOT_SUPPORTED' ||
    code === 'INVALID_INPUT'
  );
}

function unknownOutcome(why: string, reason: string): DeviceError {
  return new DeviceError(
    'OUTCOME_UNKNOWN',
    `It is not known whether it switched: ${why} Look before you repeat it.`,
    {
      reason,
      sent: true,
    },
  );
}

/** What the last read after the toggle showed. */
type Observation = { on: boolean } | { error: DeviceError };

/**
 * Brings a load to a state.
 *
 * The toggle request is sent at most once. A connection that was never made may be tried again, after another look; a
 * request that left may still arrive late, so it may not. A success means that a read that began after the toggle
 * showed the wanted state.
 *
 * The caller runs this under the device's queue, so that no other command of ours comes in between.
 *
 * @param wanted `undefined`: the opposite of what the first read shows
 * @throws DeviceError what the first read or a refused toggle says; REJECTED when the old state stays for the whole
 *   window, with the vendor's words where it gave some, CONFLICT when the device contradicts itself at the end,
 *   OUTCOME_UNKNOWN when it cannot be read or the command was stopped half-way
 */
export async function switchVerified(
  target: ToggleTarget,
  wanted: boolean | undefined,
  options: SwitchOptions = {},
): Promise<SwitchResult> {
  const clock = options.clock ?? systemClock;
  const { signal } = options;
  const aborted = (): boolean => signal?.aborted ?? false;
  let goal = wanted;
  let failure: DeviceError | undefined;

  for (let attempt = 1; ; attempt++) {
    if (aborted()) throw cancelled(false);
    const on = await beforeSending(target.isOn(signal));
    goal ??= !on;
    if (on === goal) return { on, changed: false, verified: true };
    const permit = permitOf(signal);
    if (permit) {
      // Who began it first may have meant the other way: then this one has been done.
      goal = (await beforeSending(permit.begin(goal ? 'on' : 'off'))) === 'on';
      if (on === goal) return { on, changed: true, verified: true };
    }
    if (aborted()) throw cancelled(false);
    try {
      await target.toggle(signal);
      break;
    } catch (thrown) {
      const error = toDeviceError(thrown);
      if (aborted() && error.sent)
        throw unknownOutcome(
          'the node was stopped while the command was under way.',
          'stoppedWhileSwitching',
        );
      if (isRefusal(error)) throw error;
      if (error.sent) {
        failure = error;
        break;
      }
      if (aborted() || attempt >= CONNECT_TRIES) throw error;
    }
    await delay(clock, CONNECT_PAUSE, signal);
  }

  const observation = await watch(target, goal, clock, options);
  if (aborted() && !('on' in observation && observation.on === goal)) {
    throw unknownOutcome('the node was stopped before the state was read.', 'stoppedWhileSwitching');
  }
  return verdict(observation, goal, failure, options.window ?? DEFAULT_WINDOW);
}

const DEFAULT_WINDOW = 15_000;

/** Reads until the goal shows or the window ends. */
async function watch(
  target: ToggleTarget,
  goal: boolean,
  clock: Clock,
  options: SwitchOptions,
): Promise<Observation> {
  const { signal, window = DEFAULT_WINDOW, firstPause = 250, longestPause = 3000 } = options;
  const end = clock.monotonic() + window;
  let pause = firstPause;
  for (;;) {
    await delay(clock, Math.min(pause, Math.max(end - clock.monotonic(), 0)), signal);
    pause = Math.min(pause * 2, longestPause);
    const last = clock.monotonic() >= end;
    const observation = await look(target, signal);
    if (('on' in observation && observation.on === goal) || last || signal?.aborted) return observation;
  }
}

async function look(target: ToggleTarget, signal: AbortSignal | undefined): Promise<Observation> {
  try {
    return { on: await target.isOn(signal) };
  } catch (thrown) {
    return { error: toDeviceError(thrown) };
  }
}

/** @param failure of the toggle request, after which its effect had to be looked for */
function verdict(
  observation: Observation,
  goal: boolean,
  failure: DeviceError | undefined,
  window: number,
): SwitchResult {
  if ('on' in observation) {
    if (observation.on === goal) return { on: goal, changed: true, verified: true };
    // The vendor said no in words of its own, and that is what the reads have shown. Nobody could say better why.
    if (failure?.code === 'REJECTED') throw failure;
    const unresponded = failure !== undefined;
    const seconds = Math.round(window / 1000);
    throw new DeviceError(
      'REJECTED',
      `It did not switch: ${seconds} s after the command the device still shows the old state.` +
        (unresponded ? ' The command was not answered, so look before you repeat it.' : ''),
      { reason: unresponded ? 'notSwitchedUnanswered' : 'notSwitched', sent: true, params: { seconds } },
    );
  }
  if (observation.error.code === 'CONFLICT') throw observation.error;
  throw unknownOutcome('after the command the device could not be read.', 'switchUnread');
}
