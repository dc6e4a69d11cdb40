import type { NodeAPI, NodeDef } from 'node-red';

import { systemClock } from '../../lib/core/clock';
import { DeviceError, invalidInput } from '../../lib/core/errors';
import { givenText } from '../../lib/core/given';
import { addressWithoutSecrets } from '../../lib/core/redact';
import { type LocalTime, localTimeOf } from '../../lib/core/zone';
import { PowerflexClient } from '../../lib/powerflex/client';
import { type AllTargets, localMonth, type Month } from '../../lib/powerflex/dcm';
import { ConfigHolder, type ConfigNode, type ConfigTools, findConfig } from '../shared/config-node';
import { diagnosticsQuery } from '../shared/diagnostics';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-runtime';
import { proxyChoice } from '../shared/proxy';
import { readSettings } from '../shared/read-settings';
import { withTransport } from '../shared/shared-state';
import { settingText } from '../shared/settings';
import { tlsOptions } from '../shared/tls';
import { form } from './powerflex-site.form';
import { PowerflexSite, SITE_TYPE } from './site';

interface SiteNode extends ConfigNode<PowerflexSite> {
  /** the settings as understood, for diagnostics; no credentials */
  shown: Record<string, unknown>;
}

/** A login shows that address and credentials are right; demand-charge mitigation may not be part of the site. */
async function tryOut(
  client: PowerflexClient,
  local: LocalTime,
  signal: AbortSignal,
): Promise<{ targets: AllTargets | null; month: Month }> {
  await client.signIn();
  // The browser may be in another zone than the site.
  const month = localMonth(systemClock.now(), local);
  try {
    return { targets: await client.getTargetPeakPower(signal), month };
  } catch (error) {
    const refused = error instanceof DeviceError && ['FORBIDDEN', 'REJECTED'].includes(error.code);
    if (refused) return { targets: null, month };
    throw error;
  }
}

export function runtime(RED: NodeAPI): NodeRuntime<SiteNode> {
  function Site(this: SiteNode, config: NodeDef): void {
    createNode(RED, this, config);
    const { settings, problem } = readSettings(RED, this, form, config);
    const { url, accId, username, password, zone } = settings;
    this.shown = { url: addressWithoutSecrets(url), accId, tls: settings.tls !== '', zone };
    const build = ({ transport, tls, proxy, claim, onClose, onNotice }: ConfigTools): PowerflexSite => {
      // A zone that nobody knows would show another month than the site's.
      if (zone !== '') localTimeOf(zone);
      const choices = { tls: tls(settings.tls), proxy: proxy(settings.proxy) };
      const client = new PowerflexClient(
        { url, accId, username, password, ...choices, onNotice },
        transport(),
      );
      const site = new PowerflexSite(client, settingText(config.name), zone);
      onClose(() => site.close());
      claim(`${client.baseUrl}/${client.accId}`, 'deviceTwice');
      return site;
    };
    this.holder = new ConfigHolder(RED, this, build, problem);
  }

  function deployed(id: string): ConfigHolder<PowerflexSite> {
    const holder = findConfig<PowerflexSite>(RED, SITE_TYPE, id);
    if (!holder) throw invalidInput('The running flow does not know this node yet.', 'notDeployed');
    return holder;
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
          const local = localTimeOf(givenText(settings.zone));
          const client = new PowerflexClient(options, transport);
          try {
            return await tryOut(client, local, signal);
          } finally {
            client.close();
          }
        }),
      // For the dialogs of flow nodes, which know the config node but not its password.
      targets: async (_, id, signal) => {
        const holder = deployed(id);
        const targets = await holder.run(({ client }) => client.getTargetPeakPower(signal));
        return { targets, month: localMonth(systemClock.now(), localTimeOf(holder.part.zone)) };
      },
      signals: async (_, id, signal) => {
        const signals = await deployed(id).run(({ client }) => client.getExternalSignals(signal));
        return { signals };
      },
    },
    queries: {
      diagnostics: diagnosticsQuery(RED, SITE_TYPE, (node) => {
        const { holder, shown } = node as SiteNode;
        return holder.diagnostics((site) => ({ settings: shown, secrets: site?.client.secrets() ?? [] }));
      }),
    },
  };
}
