import type { Node, NodeAPI } from 'node-red';

import { DeviceQueues, LONGEST_TURN, SerialQueue } from '../../lib/core/command/queue';
import { type DeviceError, invalidInput } from '../../lib/core/errors';
import type { EnapterClient } from '../../lib/enapter/rest/client';
import { ConfigReference } from '../shared/config-reference';

export const ACCOUNT_TYPE = 'enapter-account';

/** Changes that may wait for their turn: enough for renaming a large site at once. */
const MAX_WAITING = 1000;

/** What an account's config node offers to the flow nodes: its client, and one change at a time. */
export class EnapterAccount {
  readonly queue = new SerialQueue({ limit: MAX_WAITING });
  /** commands to devices: one at a time each */
  readonly commands = new DeviceQueues({ maxWait: LONGEST_TURN });

  constructor(readonly client: EnapterClient) {}

  close(): void {
    this.queue.close();
    this.commands.close();
  }
}

/** A flow node's way to its account. */
export function accountOf(
  RED: NodeAPI,
  node: Node,
  id: string,
  problem: DeviceError | undefined,
): ConfigReference<EnapterAccount> {
  const missing = (): DeviceError =>
    invalidInput('No account is selected, or it is disabled.', 'enapterNoAccount');
  return new ConfigReference(RED, node, { type: ACCOUNT_TYPE, id, missing, problem });
}
