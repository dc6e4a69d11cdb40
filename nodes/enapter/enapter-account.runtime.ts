import type { NodeAPI, NodeDef } from 'node-red';

import { toDeviceError } from '../../lib/core/errors';
import { EnapterClient } from '../../lib/enapter/rest/client';
import type { DialogValues } from '../shared/admin';
import { ConfigHolder, type ConfigNode, type ConfigTools } from '../shared/config-node';
import { diagnosticsQuery } from '../shared/diagnostics';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-runtime';
import { readSettings } from '../shared/read-settings';
import { withTransport } from '../shared/shared-state';
import { settingText } from '../shared/settings';
import { proxyChoice } from '../shared/proxy';
import { tlsOptions } from '../shared/tls';
import { ACCOUNT_TYPE, EnapterAccount } from './account';
import { form } from './enapter-account.form';

type AccountNode = ConfigNode<EnapterAccount>;

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

export function runtime(RED: NodeAPI): NodeRuntime<AccountNode> {
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

  function EnapterAccountNode(this: AccountNode, config: NodeDef & { url?: unknown }): void {
    createNode(RED, this, config);
    // An empty address is the usual one, as one that is missing.
    const isEmpty = typeof config.url === 'string' && settingText(config.url) === '';
    const given = isEmpty ? { ...config, url: undefined } : config;
    const { settings, problem } = readSettings(RED, this, form, given);
    const build = ({ transport, tls, proxy, onClose, onNotice }: ConfigTools): EnapterAccount => {
      const { url, token } = settings;
      const choices = { tls: tls(settings.tls), proxy: proxy(settings.proxy) };
      const account = new EnapterAccount(
        new EnapterClient({ url, token, ...choices, onNotice }, transport()),
      );
      onClose(() => account.close());
      return account;
    };
    this.holder = new ConfigHolder(RED, this, build, problem);
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
      diagnostics: diagnosticsQuery(RED, ACCOUNT_TYPE, (node) =>
        (node as AccountNode).holder.diagnostics((account) => ({
          settings: { url: account?.client.baseUrl ?? '' },
          waitingChanges: account?.queue.length ?? 0,
        })),
      ),
    },
  };
}
