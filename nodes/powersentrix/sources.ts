import type { Node, NodeAPI } from 'node-red';

import { invalidInput } from '../../lib/core/errors';
import { LanClient } from '../../lib/powersentrix/lan-client';
import type { TakenPush } from '../../lib/powersentrix/missed-pushes';
import { sameCmm } from '../../lib/powersentrix/push';
import type { Ups } from '../../lib/powersentrix/ups';
import { cloudWay, lanWay, pushWay, type UpsWay } from '../../lib/powersentrix/ways';
import { clusterOf } from '../shared/cluster';
import type { ConfigTools } from '../shared/config-node';
import { ConfigReference } from '../shared/config-reference';
import type { SettingsOf } from '../shared/form';
import { ACCOUNT_TYPE, type AccountPart, RECEIVER_TYPE, type ReceiverPart } from './parts';
import type { form } from './ups-device.form';

export type DeviceSettings = SettingsOf<typeof form>;

/** Where a UPS is found, for the life of its config node. */
export interface Source {
  /** @throws DeviceError when it cannot work */
  way: (tools: ConfigTools) => UpsWay;
  /** hands on what the UPS pushes */
  attach?: (ups: Ups) => void;
  /** where several instances take pushes: those that came lately */
  missed?: () => Promise<readonly TakenPush[]>;
  /** of the account, for diagnostics */
  secrets?: () => Iterable<string | undefined>;
  /** Calls `tell` whenever another account or receiver stands in the place of the one that is used. */
  onReplaced?: (tell: () => void) => void;
}

function lanClient(tools: ConfigTools, settings: DeviceSettings): LanClient {
  const { url, apiKey, insecureHTTPParser } = settings;
  return new LanClient({ url, apiKey, tls: tools.tls(settings.tls), insecureHTTPParser }, tools.transport());
}

function cloudSource(RED: NodeAPI, node: Node, { account: id, upsId }: DeviceSettings): Source {
  const account = new ConfigReference<AccountPart>(RED, node, {
    type: ACCOUNT_TYPE,
    id,
    missing: () =>
      invalidInput('No PowerSentrix account is selected, or it is disabled.', 'powersentrixNoAccount'),
  });
  return {
    way: ({ claim }) => {
      claim(`${account.part.client.baseUrl} ${upsId}`, 'deviceTwice');
      return cloudWay(() => account.part.client, upsId);
    },
    secrets: () => account.offered?.client.secrets() ?? [],
    onReplaced: (tell) => onChange(account, tell),
  };
}

function pushSource(RED: NodeAPI, node: Node, settings: DeviceSettings): Source {
  const { receiver: id, cmm, url } = settings;
  const receiver = new ConfigReference<ReceiverPart>(RED, node, {
    type: RECEIVER_TYPE,
    id,
    missing: () => invalidInput('No receiver is selected, or it is disabled.', 'powersentrixNoReceiver'),
  });
  return {
    way: (tools) => {
      if (receiver.problem) throw receiver.problem;
      const link = url === '' ? undefined : lanClient(tools, settings);
      tools.claim(`${id} ${sameCmm(cmm)}`, 'deviceTwice');
      return pushWay(cmm, link);
    },
    ...(clusterOf(RED) ? { missed: () => receiver.offered?.missed?.(cmm) ?? Promise.resolve([]) } : {}),
    attach: (ups) => receiver.follow((part) => part?.attach(cmm, (...push) => ups.take(...push))),
    onReplaced: (tell) => onChange(receiver, tell),
  };
}

function onChange<P>(reference: ConfigReference<P>, tell: () => void): void {
  let told = false;
  reference.follow(() => {
    if (told) tell();
    told = true;
    return undefined;
  });
}

export function sourceOf(RED: NodeAPI, node: Node, settings: DeviceSettings): Source {
  switch (settings.source) {
    case 'cloud':
      return cloudSource(RED, node, settings);
    case 'push':
      return pushSource(RED, node, settings);
    case 'lan':
      return {
        way: (tools) => {
          const client = lanClient(tools, settings);
          tools.claim(client.baseUrl, 'deviceTwice');
          return lanWay(client);
        },
      };
  }
}
