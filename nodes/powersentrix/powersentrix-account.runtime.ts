import type { Node, NodeAPI, NodeDef } from 'node-red';

import { type DeviceError, toDeviceError } from '../../lib/core/errors';
import { givenText } from '../../lib/core/given';
import type { NoticeHandler } from '../../lib/core/notices';
import { addressWithoutSecrets } from '../../lib/core/redact';
import { CloudClient } from '../../lib/powersentrix/cloud';
import type { DialogValues } from '../shared/admin';
import { diagnosticsQuery } from '../shared/diagnostics';
import { onClose } from '../shared/input-runner';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-type';
import { readSettings } from '../shared/read-settings';
import { claimDevice, useTransport, withTransport } from '../shared/shared-state';
import { settingText } from '../shared/settings';
import { errorText, noticeText, translate } from '../shared/text';
import { proxyChoice, useProxy } from '../shared/proxy';
import { tlsOptions } from '../shared/tls';
import { form } from './powersentrix-account.form';
import { summaryOf } from './summary';

const TYPE = 'powersentrix-account';

interface Config extends NodeDef {
  url?: string;
}

interface Credentials {
  email: string;
  password: string;
}

/** What `ups-device` uses of an account. */
export interface AccountNode extends Node<Credentials> {
  client: CloudClient | undefined;
  /** why there is no client */
  problem: DeviceError | undefined;
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
    try {
      if (problem) throw problem;
      const tls = tlsOptions(RED, settings.tls);
      const transport = useTransport(RED, this);
      const proxy = useProxy(RED, this, transport, settings.proxy);
      onClose(this, () => {
        transport.release(tls);
        return Promise.resolve();
      });
      const onNotice: NoticeHandler = (notice) => this.warn(noticeText(RED, notice));
      this.client = new CloudClient({ url, email, password, tls, proxy, onNotice }, transport);
      if (!claimDevice(RED, this, `${TYPE} ${this.client.baseUrl} ${email.toLowerCase()}`)) {
        this.warn(translate(RED, 'log.accountTwice'));
      }
    } catch (thrown) {
      this.problem = toDeviceError(thrown);
      this.warn(errorText(RED, this.problem));
    }
    onClose(this, () => {
      this.client?.close();
      return Promise.resolve();
    });
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
      diagnostics: diagnosticsQuery(RED, TYPE, (node) => {
        const { client, problem, shownUrl } = node as AccountNode;
        return {
          settings: { url: shownUrl },
          problem: problem?.message ?? null,
          secrets: client?.secrets() ?? [],
          loginRefused: client?.session.refused?.message ?? null,
        };
      }),
    },
  };
}
