import { backInOrder } from './restoring';
import type { PlanSettings } from './settings';
import type { DryStep } from './step';

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
