import type { Node, NodeAPI } from 'node-red';

import { type DeviceError, invalidInput } from '../../lib/core/errors';
import type { PowercontrollerClient } from '../../lib/powercontroller/client';
import type { PowercontrollerCommands } from '../../lib/powercontroller/commands';
import { ConfigReference } from '../shared/config-reference';
import type { ControllerGroup } from './controller-group';

export const ACCOUNT_TYPE = 'powercontroller-account';

export interface AccountCredentials {
  email?: string;
  password?: string;
  token?: string;
}

/** What an account's config node offers to the flow nodes. */
export interface Account {
  client: PowercontrollerClient;
  commands: PowercontrollerCommands;
  /** all of the account's controllers */
  group: ControllerGroup;
}

export type AccountReference = ConfigReference<Account>;

/** A flow node's way to its account. */
export function accountOf(
  RED: NodeAPI,
  node: Node,
  id: string,
  problem: DeviceError | undefined,
): AccountReference {
  const missing = (): DeviceError =>
    invalidInput('No account is selected, or it is disabled.', 'powercontrollerNoAccount');
  return new ConfigReference(RED, node, { type: ACCOUNT_TYPE, id, missing, problem });
}
