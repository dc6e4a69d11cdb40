import type { NodeAPI, NodeDef } from 'node-red';

import type { Availability } from '../../lib/core/poll/availability';
import {
  type ConnectionConfig,
  parseConnectionConfig,
  shownConfig,
  withHost,
} from '../../lib/enapter/mqtt/config';
import { EnapterConnection } from '../../lib/enapter/mqtt/connection';
import type { MqttVersion } from '../../lib/enapter/mqtt/link';
import type { DialogValues } from '../shared/admin';
import { ConfigHolder, type ConfigNode, type ConfigTools, findConfig } from '../shared/config-node';
import { diagnosticsQuery } from '../shared/diagnostics';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-runtime';
import { readSettings } from '../shared/read-settings';
import { settingText } from '../shared/settings';
import { CONNECTION_TYPE, DeviceConnection } from './device-connection';
import { form } from './enapter-connection.form';

type ConnectionNode = ConfigNode<DeviceConnection>;

function versionOf(value: unknown): MqttVersion {
  return value === '5' ? '5' : '3.1.1';
}

function configOf({ settings, credentials }: DialogValues): ConnectionConfig {
  return withHost(parseConnectionConfig(credentials.config), settingText(settings.host));
}

/** Connects once and disconnects. */
async function tryConnection(config: ConnectionConfig, version: MqttVersion): Promise<void> {
  let connection: EnapterConnection | undefined;
  const first = new Promise<Availability>((resolve) => {
    connection = new EnapterConnection({
      config,
      propertiesTopic: 'register',
      version,
      onAvailability: resolve,
      spread: 0,
    });
    connection.start();
  });
  const { reason } = await first;
  await connection?.close();
  if (reason) throw reason;
}

export function runtime(RED: NodeAPI): NodeRuntime<ConnectionNode> {
  function EnapterConnectionNode(this: ConnectionNode, config: NodeDef): void {
    createNode(RED, this, config);
    // The account is there for the dialog alone.
    const { settings, problem } = readSettings(RED, this, form, { ...config, account: '' });
    const build = ({ claim, onClose }: ConfigTools): DeviceConnection => {
      const device = new DeviceConnection(RED, this, {
        name: settingText(config.name),
        host: settings.host,
        propertiesTopic: settings.propertiesTopic,
        version: settings.mqttVersion,
        config: settings.config,
      });
      onClose(() => device.close());
      claim(`${device.shown.hardwareId}/${device.shown.channelId}`, 'enapterTwice');
      return device;
    };
    this.holder = new ConfigHolder(RED, this, build, problem);
  }

  return {
    create: EnapterConnectionNode,
    local: {
      describe: (values) => Promise.resolve().then(() => ({ ...shownConfig(configOf(values)) })),
    },
    actions: {
      test: async (values) => {
        const config = configOf(values);
        await tryConnection(config, versionOf(values.settings.mqttVersion));
        return { ...shownConfig(config) };
      },
    },
    queries: {
      manifest: (id) => {
        const holder = findConfig<DeviceConnection>(RED, CONNECTION_TYPE, id);
        return holder && { manifest: holder.part.manifest() };
      },
      diagnostics: diagnosticsQuery(RED, CONNECTION_TYPE, (node) =>
        (node as ConnectionNode).holder.diagnostics((device) => {
          if (!device) return { settings: {} };
          const { connection, shown, version, listeners } = device;
          return {
            settings: { ...shown, mqttVersion: version },
            availability: connection.availability,
            listeners,
            counts: connection.counts,
          };
        }),
      ),
    },
  };
}
