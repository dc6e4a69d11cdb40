import type { Node, NodeAPI } from 'node-red';

import { systemClock } from '../../lib/core/clock';
import type { DeviceGroup, GroupMember } from '../../lib/core/poll/group';
import { RecentErrors } from '../../lib/core/poll/recent-errors';
import type { PowercontrollerClient } from '../../lib/powercontroller/client';
import type { DeviceResponse } from '../../lib/powercontroller/device';
import type { ConfigTools } from '../shared/config-node';
import { groupLog } from '../shared/group-log';
import { listedGroup } from '../shared/listed-group';
import { PolledDevice, type PolledPart } from '../shared/polled-device';
import { blockOf } from './device-block';

/** Controllers of one account; one list tells of all of them. */
const MAX_OF_ACCOUNT = 2000;

/** A controller as its account's list tells of it. */
export type ControllerPart = PolledPart<DeviceResponse>;

export type ControllerGroup = DeviceGroup<DeviceResponse, ControllerPart>;

/**
 * All controllers of an account: one request tells who is there and the last known status of each, for any number of nodes.
 *
 * @param interval ms between two requests
 */
export function controllerGroup(
  RED: NodeAPI,
  node: Node,
  tools: ConfigTools,
  client: Pick<PowercontrollerClient, 'devices'>,
  interval: number,
): ControllerGroup {
  /** The account's failures are noted and told once, not again for each controller. */
  const errors = new RecentErrors(systemClock);
  const untold = {
    log: () => undefined,
    warn: () => undefined,
    error: (text: unknown) => node.error(text),
  };

  const make = (_id: string, entry: () => DeviceResponse): GroupMember<ControllerPart> => {
    const device = new PolledDevice<DeviceResponse>(
      RED,
      untold,
      {
        poll: { interval: Infinity, minGap: 0, errors, fetch: () => Promise.resolve(entry()) },
        info: () => blockOf(entry().device),
      },
      node,
    );
    return { part: { device }, close: () => void device.close() };
  };

  return listedGroup<DeviceResponse, ControllerPart>(RED, node, tools, {
    idOf: ({ device }) => device.id,
    make,
    most: MAX_OF_ACCOUNT,
    interval,
    fetch: (signal) => client.devices(signal),
    lines: groupLog(RED, node),
    // Who looks reads the controllers that he means; the others are told of at the next interval.
    onPolled: (group, responses) => {
      for (const response of responses) group.members.get(response.device.id)?.part.device.setData(response);
    },
    onLost: (group, reason) => {
      for (const { part } of group.members.values()) part.device.setError(reason);
    },
  });
}
