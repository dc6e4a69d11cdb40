import type { NodeAPI, NodeDef } from 'node-red';

import { toDeviceError } from '../../lib/core/errors';
import { EnapterClient } from '../../lib/enapter/rest/client';
import type { DialogValues } from '../shared/admin';
import { diagnosticsQuery } from '../shared/diagnostics';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-type';
import { withTransport } from '../shared/shared-state';
import { settingText } from '../shared/settings';
import { proxyChoice } from '../shared/proxy';
import { tlsOptions } from '../shared/tls';
import { ACCOUNT_TYPE, type AccountNode, EnapterAccount } from './account';

const DEFAULT_URL = 'https://api.enapter.com/v3';

interface Config extends NodeDef {
  url: string;
  /** id of a `tls-config` node; empty: the authorities that Node.js trusts */
  tls?: string;
  /** id of an `http proxy` node; empty: the environment decides */
  proxy?: string;
}

/** The names of the sites, or `null` where the token or the gateway has none to show. */
async function siteNames(client: EnapterClient, signal: AbortSignal): Promise<string[] | null> {
  try {
    return (await client.sites(signal)).map(({ name, id }) => name ?? id);
  } catch (thrown) {
    const { code } = toDeviceError(thrown);
    if (code === 'NOT_FOUND' || code === 'FORBIDDEN') return null;
    throw thrown;
  }
}

export function runtime(RED: NodeAPI): NodeRuntime<AccountNode, Config> {
  /** Runs one call with a dialog's values. */
  async function withClient<T>(
    { settings, credentials }: DialogValues,
    call: (client: EnapterClient) => Promise<T>,
  ): Promise<T> {
    const tls = tlsOptions(RED, settings.tls);
    const proxy = proxyChoice(RED, settings.proxy);
    return withTransport((transport) =>
      call(new EnapterClient({ url: settings.url, token: credentials.token, tls, proxy }, transport)),
    );
  }

  function EnapterAccountNode(this: AccountNode, config: Config): void {
    createNode(RED, this, config);
    const url = settingText(config.url) || DEFAULT_URL;
    const { tls, proxy } = config;
    this.account = new EnapterAccount(RED, this, { url, token: this.credentials.token, tls, proxy });
  }

  return {
    create: EnapterAccountNode,
    actions: {
      test: (values, _id, signal) =>
        withClient(values, async (client) => {
          const devices = await client.list({}, signal);
          return { sites: await siteNames(client, signal), devices: devices.length };
        }),
      devices: (values, _id, signal) =>
        withClient(values, async (client) => ({
          devices: (await client.list({}, signal)).map(({ id, name, type }) => ({ id, name, type })),
        })),
      // Only ever because a person pressed the button: the configuration before this one may stop working.
      generate: (values, _id, signal) =>
        withClient(values, async (client) => {
          const { deviceId, protocol } = values.settings;
          return { config: JSON.stringify(await client.generateConfig(deviceId, protocol, signal)) };
        }),
    },
    queries: {
      diagnostics: diagnosticsQuery(RED, ACCOUNT_TYPE, (node) => {
        const { account } = node as AccountNode;
        return {
          settings: { url: account.problem ? '' : account.client.baseUrl },
          problem: account.problem?.message ?? null,
          waitingChanges: account.queue.length,
        };
      }),
    },
  };
}
