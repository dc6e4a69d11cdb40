import type { Node, NodeAPI } from 'node-red';

import { type DeviceError, invalidInput } from '../../lib/core/errors';
import type { UpsReading } from '../../lib/powersentrix/reading';
import { ConfigReference } from '../shared/config-reference';
import { noDevice } from '../shared/polled-node';
import { ACCOUNT_TYPE, type AccountPart, RECEIVER_TYPE, type ReceiverPart, type UpsPart } from './parts';

export const DEVICE_TYPE = 'ups-device';

/** A flow node's way to its UPS. */
export function upsOf(
  RED: NodeAPI,
  node: Node,
  id: string,
  problem: DeviceError | undefined,
): ConfigReference<UpsPart> {
  return new ConfigReference(RED, node, { type: DEVICE_TYPE, id, missing: noDevice, problem });
}

/** Which UPSes a flow node is of, as its dialog says. */
export interface Scope {
  scope: 'one' | 'account' | 'receiver';
  account: string;
  receiver: string;
}

/** What offers a flow node all UPSes at once. */
export type ManyPart = AccountPart | ReceiverPart;

/** A flow node's way to all UPSes of an account or a receiver. */
export function allUpsesOf(
  RED: NodeAPI,
  node: Node,
  { scope, account, receiver }: Scope,
  problem: DeviceError | undefined,
): ConfigReference<ManyPart> {
  const choice =
    scope === 'account'
      ? {
          type: ACCOUNT_TYPE,
          id: account,
          missing: () =>
            invalidInput('No PowerSentrix account is selected, or it is disabled.', 'powersentrixNoAccount'),
        }
      : {
          type: RECEIVER_TYPE,
          id: receiver,
          missing: () =>
            invalidInput('No receiver is selected, or it is disabled.', 'powersentrixNoReceiver'),
        };
  return new ConfigReference(RED, node, { ...choice, problem });
}

/** A UPS that runs from its battery is fresh news that somebody should look at. */
export function isOnBattery({ status }: UpsReading): boolean {
  return status.powerSource === 'battery';
}
