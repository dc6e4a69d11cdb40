import type { NodeAPI, NodeDef } from 'node-red';

import { givenText } from '../../lib/core/given';
import { addressWithoutSecrets } from '../../lib/core/redact';
import { CloudClient } from '../../lib/powersentrix/cloud-client';
import type { DialogValues } from '../shared/admin';
import { ConfigHolder, type ConfigNode, type ConfigTools } from '../shared/config-node';
import { diagnosticsQuery } from '../shared/diagnostics';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-runtime';
import { proxyChoice } from '../shared/proxy';
import { readSettings } from '../shared/read-settings';
import { withTransport } from '../shared/shared-state';
import { settingText } from '../shared/settings';
import { tlsOptions } from '../shared/tls';
import { ACCOUNT_TYPE, type AccountPart } from './parts';
import { form } from './powersentrix-account.form';
import { summaryOf } from './summary';
import { accountGroup } from './ups-group';

interface Config extends NodeDef {
  url?: string;
}

interface AccountNode extends ConfigNode<AccountPart> {
  shownUrl: string;
}

export function runtime(RED: NodeAPI): NodeRuntime<AccountNode, Config> {
  function PowersentrixAccount(this: AccountNode, config: Config): void {
    createNode(RED, this, config);
    // An empty address is the usual one, as one that is missing.
    const given = { ...config, url: settingText(config.url) || undefined };
    const { settings, problem } = readSettings(RED, this, form, given);
    const { url, email, password } = settings;
    this.shownUrl = addressWithoutSecrets(url);
    const build = (tools: ConfigTools): AccountPart => {
      const tls = tools.tls(settings.tls);
      const proxy = tools.proxy(settings.proxy);
      const { onNotice } = tools;
      const client = new CloudClient({ url, email, password, tls, proxy, onNotice }, tools.transport());
      tools.onClose(() => client.close());
      tools.claim(`${client.baseUrl} ${email.toLowerCase()}`, 'accountTwice');
      const { interval, currentUnit } = settings;
      const group = accountGroup(RED, this, tools, client, { interval: interval * 1000, currentUnit });
      tools.onClose(() => group.close());
      return { client, group };
    };
    this.holder = new ConfigHolder(RED, this, build, problem);
  }

  /** Logs in with a dialog's values, does one thing and forgets the login. */
  const withClient = <T>(
    { settings, credentials }: DialogValues,
    use: (client: CloudClient) => Promise<T>,
  ): Promise<T> =>
    withTransport(async (transport) => {
      const { email, password } = credentials;
      const tls = tlsOptions(RED, settings.tls);
      const proxy = proxyChoice(RED, settings.proxy);
      const url = settingText(settings.url);
      const client = new CloudClient({ url, email, password, tls, proxy }, transport);
      try {
        return await use(client);
      } finally {
        client.close();
      }
    });

  return {
    create: PowersentrixAccount,
    actions: {
      test: (values, _id, signal) =>
        withClient(values, async (client) => ({ upses: await client.list({}, signal) })),
      read: (values, _id, signal) =>
        withClient(values, async (client) => {
          const complex = await client.readComplex(givenText(values.settings.upsId), signal);
          return { ups: summaryOf(complex) };
        }),
    },
    queries: {
      diagnostics: diagnosticsQuery(RED, ACCOUNT_TYPE, (node) => {
        const { holder, shownUrl } = node as AccountNode;
        return holder.diagnostics((part) => ({
          settings: { url: shownUrl },
          secrets: part?.client.secrets() ?? [],
          loginRefused: part?.client.session.refused?.message ?? null,
        }));
      }),
    },
  };
}
