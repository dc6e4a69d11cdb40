import type { NodeAPI, NodeDef } from 'node-red';

import { systemClock } from '../../lib/core/clock';
import { withDeadline } from '../../lib/core/command/deadline';
import { DeviceError } from '../../lib/core/errors';
import type { Transport } from '../../lib/core/http/transport';
import { type AccountSettings, PowercontrollerClient } from '../../lib/powercontroller/client';
import type { DurationKey } from '../../lib/powercontroller/input';
import type { DeviceResponse } from '../../lib/powercontroller/device';
import { PowercontrollerCommands } from '../../lib/powercontroller/commands';
import { ConfigHolder, type ConfigNode, type ConfigTools, findConfig } from '../shared/config-node';
import { diagnosticsQuery } from '../shared/diagnostics';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-runtime';
import { proxyChoice } from '../shared/proxy';
import { readSettings } from '../shared/read-settings';
import { withTransport } from '../shared/shared-state';
import { settingText } from '../shared/settings';
import { type Account, ACCOUNT_TYPE, type AccountCredentials } from './account';
import { controllerGroup } from './controller-group';
import { form } from './powercontroller-account.form';

type AccountNode = ConfigNode<Account, AccountCredentials>;

/** ms for each request of a dialog that waits */
const DIALOG_TIMEOUT = 10_000;
/** ms for all of them: a sign-in, the question, and another try */
const DIALOG_WITHIN = 20_000;

function inTime<T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  return withDeadline(systemClock, DIALOG_WITHIN, signal, work);
}

function durationKeyOf(value: unknown): DurationKey {
  return value === 'delay' ? 'delay' : 'time';
}

/** A client of what a dialog or a flow file says; empty credentials are none. */
function clientOf(
  url: unknown,
  durationKey: unknown,
  { email, password, token }: AccountCredentials,
  transport: Transport,
  more: Pick<AccountSettings, 'timeout' | 'onNotice' | 'proxy'>,
): PowercontrollerClient {
  return new PowercontrollerClient(
    {
      url,
      durationKey: durationKeyOf(durationKey),
      email: settingText(email) || undefined,
      password: password === '' ? undefined : password,
      token: settingText(token) || undefined,
      ...more,
    },
    transport,
  );
}

function listed(responses: readonly DeviceResponse[]): Record<string, unknown>[] {
  return responses.map(({ device: { id, serialNumber, name, status } }) => ({
    id,
    label: serialNumber ?? name ?? id,
    on: status.on,
  }));
}

export function runtime(RED: NodeAPI): NodeRuntime<AccountNode> {
  function PowercontrollerAccount(this: AccountNode, config: NodeDef): void {
    createNode(RED, this, config);
    const { settings, problem } = readSettings(RED, this, form, config);
    const build = (tools: ConfigTools): Account => {
      const { transport, proxy, claim, onClose, onNotice } = tools;
      const client = clientOf(settings.url, settings.durationKey, settings, transport(), {
        proxy: proxy(settings.proxy),
        onNotice,
      });
      const commands = new PowercontrollerCommands(client);
      const group = controllerGroup(RED, this, tools, client, settings.interval * 1000);
      onClose(() => {
        group.close();
        commands.close();
        client.close();
      });
      // Two tokens may be two accounts, so only an e-mail address tells that it is the same one.
      if (settings.token === '') claim(`${client.baseUrl} ${settings.email.toLowerCase()}`, 'accountTwice');
      return { client, commands, group };
    };
    this.holder = new ConfigHolder(RED, this, build, problem);
  }

  return {
    create: PowercontrollerAccount,
    actions: {
      test: ({ settings, credentials }, _id, signal) =>
        withTransport(async (transport) => {
          const client = clientOf(settings.url, settings.durationKey, credentials, transport, {
            timeout: DIALOG_TIMEOUT,
            proxy: proxyChoice(RED, settings.proxy),
          });
          return { devices: listed(await inTime(signal, (until) => client.devices(until))) };
        }),
      devices: async (_values, id, signal) => {
        const holder = findConfig<Account>(RED, ACCOUNT_TYPE, id);
        if (!holder) {
          throw new DeviceError(
            'NOT_FOUND',
            'Deploy first: the running flow does not know this account yet.',
            {
              reason: 'notDeployed',
              sent: false,
            },
          );
        }
        const { client } = holder.part;
        return { devices: listed(await inTime(signal, (until) => client.devices(until))) };
      },
    },
    queries: {
      diagnostics: diagnosticsQuery(RED, ACCOUNT_TYPE, (node) => {
        const { holder, credentials } = node as AccountNode;
        return holder.diagnostics((account) => ({
          settings: {
            url: account?.client.baseUrl ?? null,
            signIn: credentials.token ? 'token' : 'password',
            durationKey: account?.client.durationKey ?? null,
          },
          secrets: account?.client.secrets() ?? [],
          refused: account?.client.refused?.message ?? null,
        }));
      }),
    },
  };
}
