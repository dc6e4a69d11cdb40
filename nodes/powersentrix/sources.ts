import type { Node, NodeAPI, NodeDef } from 'node-red';

import { Budget } from '../../lib/core/budget';
import { DeviceError, invalidInput, toDeviceError } from '../../lib/core/errors';
import { givenText } from '../../lib/core/given';
import type { PollerOptions } from '../../lib/core/poller';
import type { ComplexObject } from '../../lib/powersentrix/complex';
import { LanClient } from '../../lib/powersentrix/lan';
import { pullNewLogs } from '../../lib/powersentrix/log';
import type { UpsLink } from '../../lib/powersentrix/port-control';
import { MasterDataKeeper } from '../../lib/powersentrix/master-data';
import { parseMasterData } from '../../lib/powersentrix/portal';
import { sameCmm } from '../../lib/powersentrix/push';
import { PushFeed } from '../../lib/powersentrix/push-feed';
import { onClose } from '../shared/input-runner';
import { claimDevice, useTransport } from '../shared/shared-state';
import { settingText } from '../shared/settings';
import { errorText, translate } from '../shared/text';
import { tlsOptions } from '../shared/tls';
import type { AccountNode } from './powersentrix-account.runtime';
import type { UpsFunctions, UpsReading } from './ups';
import type { PushHandler, ReceiverNode } from './ups-receiver.runtime';

export interface DeviceConfig extends NodeDef {
  source: 'cloud' | 'lan' | 'push';
  account?: string;
  upsId?: string;
  url?: string;
  tls?: string;
  /** whether the UPS's own answers may deviate from HTTP */
  insecureHTTPParser?: boolean;
  receiver?: string;
  cmm?: string;
  /** s */
  interval: number | string;
  currentUnit?: string;
  /** V; empty: each supply's own limit */
  mainsThreshold?: number | string;
  /** V */
  mainsHysteresis?: number | string;
  /** V; empty: each supply's undervoltage limit and the margin */
  lowBattery?: number | string;
  /** V */
  lowBatteryMargin?: number | string;
  /** IANA or POSIX; empty: the device's own */
  timezone?: string;
}

export interface DeviceCredentials {
  apiKey: string;
}

/** What a source has to work with. */
export interface SourceContext {
  RED: NodeAPI;
  node: Node<DeviceCredentials>;
  config: DeviceConfig;
  /** ms */
  interval: number;
  /** makes a reading of a status that came just now, and notes it */
  read: (raw: ComplexObject) => UpsReading;
  /** takes a reading that the device pushed */
  push: (reading: UpsReading) => void;
  /** takes a failure that was noticed outside of a reading */
  fail: (error: DeviceError) => void;
}

/** One way to a UPS. */
export interface Source {
  /** which UPS, as far as the settings say */
  identity: string;
  poll: Pick<PollerOptions<UpsReading>, 'fetch' | 'interval'>;
  /** the way for commands; `undefined`: there is none */
  link: UpsLink | undefined;
  onPush?: UpsFunctions['onPush'];
  pullLogs?: UpsFunctions['pullLogs'];
  /** of the account, for diagnostics */
  secrets?: () => Iterable<string | undefined>;
  portal?: UpsFunctions['portal'];
}

/** What one reading of the cloud's log may cost: a thousand records take some 300 KB. */
const LOG_BUDGET = { bytes: 4 * 1024 * 1024, ms: 2 * 60_000 };

/** A config node that can say why it does not work. */
type Working = Node & { problem: DeviceError | undefined };

/** Finds a config node of a type that runs and works. @throws DeviceError */
function found(RED: NodeAPI, id: string | undefined, type: string, missing: DeviceError): Working {
  const node = id ? (RED.nodes.getNode(id) as Working | null | undefined) : undefined;
  if (node?.type !== type) throw missing;
  if (node.problem) throw node.problem;
  return node;
}

function warnIfTwice({ RED, node }: SourceContext, key: string): void {
  if (!claimDevice(RED, node, `ups-device ${key}`)) node.warn(translate(RED, 'log.deviceTwice'));
}

function cloudSource(context: SourceContext): Source {
  const { RED, config, interval, read } = context;
  const missing = invalidInput('No PowerSentrix account is selected, or it is disabled.', 'noAccount');
  const { client } = found(RED, config.account, 'powersentrix-account', missing) as AccountNode;
  const id = givenText(config.upsId);
  if (!client) throw missing;
  if (id === '') throw invalidInput('Select a UPS of the account.', 'noUpsId');
  warnIfTwice(context, `${client.baseUrl} ${id}`);
  return {
    identity: `cloud ${client.baseUrl} ${id}`,
    poll: {
      interval,
      fetch: async (signal) => read(await client.readComplex(id, signal)),
    },
    link: client.link(id),
    secrets: () => client.secrets(),
    portal: {
      masterData: new MasterDataKeeper(async () => parseMasterData((await client.basicInfo(id)).raw)),
      list: (filter, signal) => client.list(filter, signal),
    },
    pullLogs: (memory, signal) => {
      const budget = new Budget(LOG_BUDGET);
      return pullNewLogs(memory, (page, limit) => client.logs(id, page, limit, signal, budget));
    },
  };
}

function lanClient({ RED, node, config }: SourceContext): LanClient {
  const tls = tlsOptions(RED, config.tls);
  const transport = useTransport(RED, node);
  onClose(node, () => {
    transport.release(tls);
    return Promise.resolve();
  });
  const insecureHTTPParser = config.insecureHTTPParser === true;
  return new LanClient(
    { url: config.url, apiKey: node.credentials.apiKey, tls, insecureHTTPParser },
    transport,
  );
}

function lanSource(context: SourceContext): Source {
  const { interval, read } = context;
  const client = lanClient(context);
  warnIfTwice(context, client.baseUrl);
  return {
    identity: `lan ${client.baseUrl}`,
    poll: {
      interval,
      fetch: async (signal) => read(await client.readComplex(signal)),
    },
    link: client,
  };
}

/** A UPS that pushes can be switched through the address that the user set, never through one that a push came from. */
function pushSource(context: SourceContext): Source {
  const { RED, node, config, interval, read, push, fail } = context;
  const missing = invalidInput('No receiver is selected, or it is disabled.', 'noReceiver');
  const receiver = found(RED, config.receiver, 'ups-receiver', missing) as ReceiverNode;
  const cmm = givenText(config.cmm);
  if (cmm === '')
    throw invalidInput('Enter the UPS identifier (cmm), or select a UPS that has registered.', 'noCmm');
  const link = settingText(config.url) === '' ? undefined : lanClient(context);
  warnIfTwice(context, `${receiver.id} ${sameCmm(cmm)}`);

  const feed = new PushFeed<UpsReading>(interval, fail);
  const handlers = new Set<PushHandler>();
  const detach = receiver.attach(cmm, (message, registration) => {
    if (message.kind === 'data') {
      const reading = read(message.complex);
      feed.take(reading);
      push(reading);
    }
    for (const handler of handlers) {
      try {
        handler(message, registration);
      } catch (thrown) {
        // One listener's fault must not keep the others from hearing.
        node.error(errorText(RED, toDeviceError(thrown)));
      }
    }
  });
  onClose(node, () => {
    detach();
    feed.close();
    return Promise.resolve();
  });
  return {
    identity: `push ${cmm}`,
    poll: { interval: Infinity, fetch: () => new Promise((resolve) => resolve(feed.read())) },
    link,
    onPush: (handler) => {
      handlers.add(handler);
      return () => void handlers.delete(handler);
    },
  };
}

/** Makes the way that the config node says. @throws DeviceError when it cannot work */
export function makeSource(context: SourceContext): Source {
  switch (context.config.source) {
    case 'cloud':
      return cloudSource(context);
    case 'lan':
      return lanSource(context);
    case 'push':
      return pushSource(context);
    default:
      throw invalidInput('The source must be cloud, lan or push.', 'sourceInvalid');
  }
}

/** Why a UPS that pushes takes no commands. */
export function noControl(): DeviceError {
  return new DeviceError(
    'NOT_SUPPORTED',
    'This UPS only pushes. To switch its ports, give its own address and API key as well.',
    { reason: 'pushOnly', sent: false },
  );
}
