import type { Node, NodeAPI } from 'node-red';

import type { DeviceError } from '../../lib/core/errors';
import { DeviceGroup, type GroupOptions } from '../../lib/core/poll/group';
import { Poller } from '../../lib/core/poll/poller';
import { dutyOf } from './cluster';
import type { ConfigTools } from './config-node';
import type { GroupLines } from './group-log';
import { translate } from './text';

export interface ListedGroupOptions<E, P> extends Pick<GroupOptions<E, P>, 'idOf' | 'make' | 'most'> {
  /** ms between two lists */
  interval: number;
  fetch: (signal: AbortSignal) => Promise<E[]>;
  lines: GroupLines;
  /** a list has come, before the group takes it */
  onList?: (entries: readonly E[]) => void;
  /** the group has taken a list that came by itself */
  onPolled?: (group: DeviceGroup<E, P>, entries: readonly E[]) => void;
  /** the list cannot be had */
  onLost?: (group: DeviceGroup<E, P>, reason: DeviceError) => void;
}

/** The devices that an account lists: the list is read while somebody listens, and whenever somebody looks. */
export function listedGroup<E, P>(
  RED: NodeAPI,
  node: Node,
  tools: ConfigTools,
  { interval, fetch, lines, onList, onPolled, onLost, ...group }: ListedGroupOptions<E, P>,
): DeviceGroup<E, P> {
  const { most } = group;
  let look: (() => Promise<void>) | undefined;

  const start = (devices: DeviceGroup<E, P>): (() => void) => {
    let wasLost = false;
    const take = (entries: E[]): void => {
      onList?.(entries);
      devices.update(entries);
    };
    const list = new Poller<E[]>({
      interval,
      errors: tools.errors,
      fetch,
      onAvailability: ({ reason }) => {
        if (reason) {
          lines.warn(reason);
          devices.setFailure(reason);
          onLost?.(devices, reason);
        } else if (wasLost) node.log(translate(RED, 'log.back'));
        wasLost = reason !== undefined;
      },
      onUnexpected: (fault) => node.error(fault instanceof Error ? (fault.stack ?? fault.message) : fault),
    });
    const duty = dutyOf(RED, node);
    const rest = (): void => list.setResting(duty?.reads === false);
    rest();
    const endDuty = duty?.follow(rest);
    const subscription = list.subscribe({
      onData: (entries) => {
        take(entries);
        onPolled?.(devices, entries);
      },
    });
    look = async () => take(await subscription.refresh());
    return () => {
      look = undefined;
      endDuty?.();
      subscription.close();
      void list.close();
    };
  };

  return new DeviceGroup<E, P>({
    ...group,
    onLeftOut: (more) => tools.warn('groupTooMany', { most, count: more }),
    start,
    look: async () => {
      await look?.();
    },
  });
}
