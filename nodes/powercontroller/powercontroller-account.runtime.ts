import type { Node, NodeAPI, NodeDef } from 'node-red';

import { systemClock } from '../../lib/core/clock';
import { withDeadline } from '../../lib/core/deadline';
import { toDeviceError, DeviceError } from '../../lib/core/errors';
import type { Transport } from '../../lib/core/transport';
import { type AccountSettings, PowercontrollerClient } from '../../lib/powercontroller/client';
import type { DurationKey } from '../../lib/powercontroller/commands';
import type { DeviceAnswer } from '../../lib/powercontroller/device';
import { CommandRunner } from '../../lib/powercontroller/runner';
import { diagnosticsQuery } from '../shared/diagnostics';
import { onClose } from '../shared/input-runner';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-type';
import { proxyChoice, useProxy } from '../shared/proxy';
import { claimDevice, useTransport, withTransport } from '../shared/shared-state';
import { settingText } from '../shared/settings';
import { errorText, noticeText, translate } from '../shared/text';
import { ACCOUNT_TYPE, type AccountCredentials, type AccountNode } from './account';

interface Config extends NodeDef {
  url: string;
  durationKey?: string;
  /** id of an `http proxy` node; empty: the environment decides */
  proxy?: string;
}

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

function listed(answers: readonly DeviceAnswer[]): Record<string, unknown>[] {
  return answers.map(({ device: { id, serialNumber, name, status } }) => ({
    id,
    label: serialNumber ?? name ?? id,
    on: status.on,
  }));
}

export function runtime(RED: NodeAPI): NodeRuntime<AccountNode, Config> {
  function PowercontrollerAccount(this: AccountNode, config: Config): void {
    createNode(RED, this, config);
    try {
      const transport = useTransport(RED, this);
      const client = clientOf(config.url, config.durationKey, this.credentials, transport, {
        proxy: useProxy(RED, this, transport, config.proxy),
        onNotice: (notice) => this.warn(noticeText(RED, notice)),
      });
      this.account = { client, runner: new CommandRunner(client) };
      const who = settingText(this.credentials.token)
        ? 'token'
        : settingText(this.credentials.email).toLowerCase();
      // Two tokens may be two accounts, so only an e-mail address tells that it is the same one.
      if (who !== 'token' && !claimDevice(RED, this, `${ACCOUNT_TYPE} ${client.baseUrl} ${who}`)) {
        this.warn(translate(RED, 'log.accountTwice'));
      }
    } catch (thrown) {
      this.problem = toDeviceError(thrown);
      this.warn(errorText(RED, this.problem));
    }
    onClose(this, () => {
      this.account?.runner.close();
      this.account?.client.close();
      return Promise.resolve();
    });
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
        const node = RED.nodes.getNode(id) as AccountNode | null | undefined;
        if (node?.type !== ACCOUNT_TYPE) {
          throw new DeviceError(
            'NOT_FOUND',
            'Deploy first: the running flow does not know this account yet.',
            {
              reason: 'notDeployed',
              sent: false,
            },
          );
        }
        if (!node.account)
          throw node.problem ?? new DeviceError('CANCELLED', 'The account has no client.', { sent: false });
        const { client } = node.account;
        return { devices: listed(await inTime(signal, (until) => client.devices(until))) };
      },
    },
    queries: {
      diagnostics: diagnosticsQuery(RED, ACCOUNT_TYPE, (node: Node) => {
        const { account, problem, credentials } = node as AccountNode;
        return {
          settings: {
            url: account?.client.baseUrl ?? null,
            signIn: credentials.token ? 'token' : 'password',
            durationKey: account?.client.durationKey ?? null,
          },
          problem: problem?.message ?? null,
          secrets: account?.client.secrets() ?? [],
          refused: account?.client.refused?.message ?? null,
        };
      }),
    },
  };
}
