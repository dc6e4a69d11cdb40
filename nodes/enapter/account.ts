import type { Node, NodeAPI } from 'node-red';

import { type DeviceError, invalidInput, toDeviceError } from '../../lib/core/errors';
import { DeviceQueues, LONGEST_TURN, SerialQueue } from '../../lib/core/queue';
import { EnapterClient } from '../../lib/enapter/rest/client';
import { onClose } from '../shared/input-runner';
import { useTransport } from '../shared/shared-state';
import { errorText, noticeText } from '../shared/text';
import { useProxy } from '../shared/proxy';
import { tlsOptions } from '../shared/tls';

export const ACCOUNT_TYPE = 'enapter-account';

/** Changes that may wait for their turn: enough for renaming a large site at once. */
const MAX_WAITING = 1000;

/** The runtime side of an account: its client, and one change at a time. */
export class EnapterAccount {
  /** why the configuration cannot work */
  readonly problem: DeviceError | undefined;
  readonly queue = new SerialQueue({ limit: MAX_WAITING });
  /** commands to devices: one at a time each */
  readonly commands = new DeviceQueues({ maxWait: LONGEST_TURN });
  private readonly made: EnapterClient | undefined;

  /** @param settings `tls`, `proxy`: the ids of a `tls-config` and an `http proxy` node, or none */
  constructor(
    RED: NodeAPI,
    node: Node,
    settings: { url: string; token: unknown; tls: unknown; proxy: unknown },
  ) {
    const { url, token } = settings;
    try {
      const transport = useTransport(RED, node);
      const tls = tlsOptions(RED, settings.tls);
      const proxy = useProxy(RED, node, transport, settings.proxy);
      this.made = new EnapterClient(
        { url, token, tls, proxy, onNotice: (notice) => node.warn(noticeText(RED, notice)) },
        transport,
      );
      onClose(node, () => {
        transport.release(tls);
        return Promise.resolve();
      });
    } catch (thrown) {
      this.problem = toDeviceError(thrown);
      node.warn(errorText(RED, this.problem));
    }
    onClose(node, () => {
      this.queue.close();
      this.commands.close();
      return Promise.resolve();
    });
  }

  /** @throws DeviceError the configuration's problem */
  get client(): EnapterClient {
    if (!this.made) throw this.problem ?? noAccount();
    return this.made;
  }
}

/** A config node that holds an account. */
export interface AccountNode extends Node<{ token: string }> {
  account: EnapterAccount;
}

export function noAccount(): DeviceError {
  return invalidInput('No account is selected, or it is disabled.', 'enapterNoAccount');
}

/** The account of a config node, or `undefined` when none is chosen, it is disabled or of another type. */
export function findAccount(RED: NodeAPI, id: string | undefined): EnapterAccount | undefined {
  const found = id ? (RED.nodes.getNode(id) as AccountNode | null | undefined) : undefined;
  return found?.type === ACCOUNT_TYPE ? found.account : undefined;
}
