import type { NodeAPI, NodeDef } from 'node-red';

import { EnapterClient } from '../../lib/enapter/rest/client';
import { type DialogValues, dialogAction } from '../shared/admin';
import { diagnosticsRoute } from '../shared/diagnostics';
import { createNode } from '../shared/migrate';
import { withTransport } from '../shared/runtime';
import { settingText } from '../shared/settings';
import { ACCOUNT_TYPE, type AccountNode, EnapterAccount } from './account';

const DEFAULT_URL = 'https://api.enapter.com/v3';

interface Config extends NodeDef {
  url: string;
}

/** Runs one call with a dialog's values. */
function withClient<T>(values: DialogValues, call: (client: EnapterClient) => Promise<T>): Promise<T> {
  const { settings, credentials } = values;
  return withTransport((transport) =>
    call(new EnapterClient({ url: settings.url, token: credentials.token }, transport)),
  );
}

export = (RED: NodeAPI): void => {
  function EnapterAccountNode(this: AccountNode, config: Config): void {
    createNode(RED, this, config);
    const url = settingText(config.url) || DEFAULT_URL;
    this.account = new EnapterAccount(RED, this, { url, token: this.credentials.token });
  }

  RED.nodes.registerType<AccountNode, Config, object, { token: string }>(ACCOUNT_TYPE, EnapterAccountNode, {
    credentials: { token: { type: 'password' } },
  });

  dialogAction(RED, ACCOUNT_TYPE, 'test', (values) =>
    withClient(values, async (client) => {
      const sites = await client.sites();
      const devices = await client.list();
      return { sites: sites.map(({ name, id }) => name ?? id), devices: devices.length };
    }),
  );

  dialogAction(RED, ACCOUNT_TYPE, 'devices', (values) =>
    withClient(values, async (client) => ({
      devices: (await client.list()).map(({ id, name, type }) => ({ id, name, type })),
    })),
  );

  // Only ever because a person pressed the button: the configuration before this one may stop working.
  dialogAction(RED, ACCOUNT_TYPE, 'generate', (values) =>
    withClient(values, async (client) => {
      const { deviceId, protocol } = values.settings;
      return { config: JSON.stringify(await client.generateConfig(deviceId, protocol)) };
    }),
  );

  diagnosticsRoute(RED, ACCOUNT_TYPE, (node) => {
    const { account } = node as AccountNode;
    return {
      settings: { url: account.problem ? '' : account.client.baseUrl },
      problem: account.problem?.message ?? null,
      waitingChanges: account.queue.length,
    };
  });
};
