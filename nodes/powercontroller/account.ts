import type { Node, NodeAPI } from 'node-red';

import { type DeviceError, invalidInput, toDeviceError } from '../../lib/core/errors';
import type { PowercontrollerClient } from '../../lib/powercontroller/client';
import type { PowerController } from '../../lib/powercontroller/device';
import type { CommandRunner } from '../../lib/powercontroller/runner';
import type { DeviceBlock } from '../shared/messages';

export const ACCOUNT_TYPE = 'powercontroller-account';

export interface AccountCredentials {
  email?: string;
  password?: string;
  token?: string;
}

/** What an account's config node offers to the flow nodes. */
export interface Account {
  client: PowercontrollerClient;
  runner: CommandRunner;
}

/** A config node whose `account` is there, or else the reason why it cannot be. */
export interface AccountNode extends Node<AccountCredentials> {
  account: Account | undefined;
  problem: DeviceError | undefined;
}

/** @throws DeviceError INVALID_INPUT when no account is chosen, or its configuration cannot work */
export function requireAccount(RED: NodeAPI, id: string | undefined): Account {
  const node = id ? (RED.nodes.getNode(id) as AccountNode | null | undefined) : undefined;
  if (node?.type === ACCOUNT_TYPE && node.account) return node.account;
  throw node?.problem ?? invalidInput('No account is selected, or it is disabled.', 'noAccount');
}

/** Why an account cannot be used, for a node's state right after a deploy; `undefined` when it can. */
export function accountProblem(RED: NodeAPI, id: string | undefined): DeviceError | undefined {
  try {
    requireAccount(RED, id);
    return undefined;
  } catch (thrown) {
    return toDeviceError(thrown);
  }
}

/** A device of which nothing but the id is known. */
export function blockOfId(id: string): DeviceBlock {
  return { id, vendor: 'Automate Green', model: 'power-controller', name: id };
}

export function blockOf({ id, model, name, serialNumber, firmware }: PowerController): DeviceBlock {
  return {
    ...blockOfId(id),
    ...(model === null ? {} : { model }),
    name: serialNumber ?? name ?? id,
    ...(serialNumber === null ? {} : { serialNumber }),
    ...(firmware === null ? {} : { firmware }),
  };
}
