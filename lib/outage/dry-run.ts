import { backInOrder } from './restoring';
import type { PlanSettings, Wait } from './settings';

/** What a step would do, and when. */
export interface DryStep {
  /** as the table has it, from 1 */
  step: number;
  action: 'off' | 'message';
  port: number | null;
  text: string | null;
  /** s on battery, V, and whether a low battery makes it due; whichever comes first */
  after: number | null;
  below: number | null;
  low: boolean;
  wait: Wait;
  /** s; of `time` the wait itself, of `hosts` and `reply` its longest */
  seconds: number;
  hosts: readonly string[];
  /** cut last, because the plan needs it */
  needed: boolean;
  /** s after the loss of the mains, by time alone: when nothing is waited for, and when all waits last their longest */
  earliest: number | null;
  latest: number | null;
  /** what it would find now: the port is off already; `null`: not known, or no port */
  isOff: boolean | null;
}

/**
 * What a plan would do, in the order in which it would.
 *
 * @param isOn whether a port is on now
 * @returns the steps, and the ports in the order in which they would come back
 */
export function dryRun(
  settings: Pick<PlanSettings, 'steps' | 'hosts' | 'needed' | 'finish' | 'order'>,
  isOn: (port: number) => boolean | null = () => null,
): { steps: DryStep[]; back: number[] } {
  let from: number | null = 0;
  let to: number | null = 0;
  const steps = settings.steps.map((step): DryStep => {
    const { number, action, port, after, below, low, wait, seconds } = step;
    // Steps are worked off in order: one waits for those before it. What only the battery makes due has no time.
    from = from === null || after === null ? null : Math.max(from, after);
    to = to === null || after === null ? null : Math.max(to, after);
    const hosts = (port === null ? undefined : settings.hosts.get(port)) ?? [];
    const least = wait === 'time' ? seconds : 0;
    // Hosts that went in the last moment have their time to finish all the same.
    const most = seconds + (hosts.length > 0 && action === 'off' ? settings.finish : 0);
    const cut = { from: from === null ? null : from + least, to: to === null ? null : to + most };
    const begins = { from, to };
    ({ from, to } = cut);
    const shown = action === 'off' ? cut : begins;
    const on = port === null ? null : isOn(port);
    return {
      ...{ step: number, action, port, text: action === 'message' ? step.text : null },
      ...{ after, below, low, wait, seconds, hosts },
      needed: action === 'off' && port !== null && settings.needed.has(port),
      ...{ earliest: shown.from, latest: shown.to },
      isOff: on === null ? null : !on,
    };
  });
  return { steps, back: backInOrder(settings) };
}
