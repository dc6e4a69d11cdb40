import type { Node, NodeAPI } from 'node-red';

import type { DeviceResponse } from '../../lib/powercontroller/device';
import type { ControllerStatus, StatusResponse } from '../../lib/powercontroller/status';
import { isRecord } from '../../lib/core/values';
import { attachGroupNode } from '../shared/group-node';
import { translate } from '../shared/text';
import type { Account, AccountReference } from './account';
import type { ControllerPart } from './controller-group';

/** What the vendor says of a controller that the cloud does not reach. */
const OUT_OF_REACH = 'Unavailable';

export interface WatchAllOptions {
  account: AccountReference;
  topic: string;
  /** the message's part for one status */
  content: (response: StatusResponse) => Record<string, unknown>;
}

/** The status in an entry of the account's list, as the list of statuses has it. */
function statusOf({ device, raw }: DeviceResponse): StatusResponse {
  return { status: device.status, raw: isRecord(raw.status) ? raw.status : {} };
}

/** What makes a status another one. The seconds until the relay changes run down by themselves. */
function newsIn(status: ControllerStatus): string {
  return JSON.stringify({ ...status, toggleIn: (status.toggleIn ?? 0) > 0 });
}

/** Makes a node watch all controllers of an account: the newest status of each goes out once. */
export function attachWatchAll(RED: NodeAPI, node: Node, { account, topic, content }: WatchAllOptions): void {
  /** what was told last of each controller */
  const told = new Map<ControllerPart, string>();
  const isNew = (part: ControllerPart, response: DeviceResponse): boolean => {
    const news = newsIn(response.device.status);
    if (told.get(part) === news) return false;
    told.set(part, news);
    return true;
  };

  attachGroupNode<DeviceResponse, ControllerPart, Account>(RED, node, account, {
    groupOf: ({ group }) => group,
    topic,
    ownTopic: ({ id }) => id,
    takesMessages: true,
    admit: isNew,
    admitAsked: isNew,
    content: (_part, response) => content(statusOf(response)),
    joined: (part) => () => told.delete(part),
    remark: (parts) => {
      const away = parts.filter(({ device }) => device.data?.device.status.state === OUT_OF_REACH);
      return away.length === 0 ? '' : translate(RED, 'group.outOfReach', { count: away.length });
    },
  });
}
