import type { NodeAPI, NodeDef } from 'node-red';

import { DeviceError, invalidInput } from '../../lib/core/errors';
import type { NoticeHandler } from '../../lib/core/notices';
import { addressWithoutSecrets } from '../../lib/core/redact';
import { PowerflexClient } from '../../lib/powerflex/client';
import type { AllTargets } from '../../lib/powerflex/dcm';
import { diagnosticsQuery } from '../shared/diagnostics';
import { onClose } from '../shared/input-runner';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-type';
import { claimDevice, useTransport, withTransport } from '../shared/shared-state';
import { settingText } from '../shared/settings';
import { noticeText, translate } from '../shared/text';
import { proxyChoice, useProxy } from '../shared/proxy';
import { tlsOptions } from '../shared/tls';
import { findSite, PowerflexSite, type PowerflexSiteNode, SITE_TYPE } from './site';

interface Config extends NodeDef {
  url: string;
  accId: string | number;
  /** id of a tls-config node */
  tls?: string;
  /** id of an `http proxy` node; empty: the environment decides */
  proxy?: string;
}

/** A login shows that address and credentials are right; demand-charge mitigation may not be part of the site. */
async function tryOut(client: PowerflexClient, signal: AbortSignal): Promise<{ targets: AllTargets | null }> {
  await client.signIn();
  try {
    return { targets: await client.getTargetPeakPower(signal) };
  } catch (error) {
    const refused = error instanceof DeviceError && ['FORBIDDEN', 'REJECTED'].includes(error.code);
    if (refused) return { targets: null };
    throw error;
  }
}

export function runtime(RED: NodeAPI): NodeRuntime<PowerflexSiteNode, Config> {
  function Site(this: PowerflexSiteNode, config: Config): void {
    createNode(RED, this, config);
    const { accId, tls = '' } = config;
    const url = settingText(config.url);
    const shown = { url: addressWithoutSecrets(url), accId, tls: tls !== '' };
    const transport = useTransport(RED, this);

    this.site = new PowerflexSite(RED, this, settingText(config.name), shown, () => {
      const options = tlsOptions(RED, tls);
      const proxy = useProxy(RED, this, transport, config.proxy);
      const { username, password } = this.credentials;
      const onNotice: NoticeHandler = (notice) => this.warn(noticeText(RED, notice));
      const client = new PowerflexClient(
        { url, accId, username, password, tls: options, proxy, onNotice },
        transport,
      );
      onClose(this, () => {
        transport.release(options);
        return Promise.resolve();
      });
      if (!claimDevice(RED, this, `${SITE_TYPE} ${client.baseUrl}/${client.accId}`)) {
        this.warn(translate(RED, 'log.deviceTwice'));
      }
      return client;
    });
  }

  function deployed(id: string): PowerflexSite {
    const site = findSite(RED, id);
    if (!site) throw invalidInput('The running flow does not know this node yet.', 'notDeployed');
    return site;
  }

  return {
    create: Site,
    actions: {
      test: ({ settings, credentials }, _id, signal) =>
        withTransport(async (transport) => {
          const { url, accId, tls } = settings;
          const { username, password } = credentials;
          const proxy = proxyChoice(RED, settings.proxy);
          const options = { url, accId, username, password, tls: tlsOptions(RED, tls), proxy };
          const client = new PowerflexClient(options, transport);
          try {
            return await tryOut(client, signal);
          } finally {
            client.close();
          }
        }),
      // For the dialogs of flow nodes, which know the config node but not its password.
      targets: async (_, id, signal) => {
        const targets = await deployed(id).run((client) => client.getTargetPeakPower(signal));
        return { targets };
      },
      signals: async (_, id, signal) => {
        const signals = await deployed(id).run((client) => client.getExternalSignals(signal));
        return { signals };
      },
    },
    queries: {
      diagnostics: diagnosticsQuery(RED, SITE_TYPE, (node) => (node as PowerflexSiteNode).site.diagnostics()),
    },
  };
}
