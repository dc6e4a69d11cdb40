import type { NodeAPI, NodeDef } from 'node-red';

import type { Availability } from '../../lib/core/availability';
import {
  type ConnectionConfig,
  parseConnectionConfig,
  shownConfig,
  withHost,
} from '../../lib/enapter/mqtt/config';
import { EnapterConnection } from '../../lib/enapter/mqtt/connection';
import type { MqttVersion } from '../../lib/enapter/mqtt/link';
import type { PropertiesTopic } from '../../lib/enapter/mqtt/topics';
import type { DialogValues } from '../shared/admin';
import { diagnosticsQuery } from '../shared/diagnostics';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-type';
import { settingText } from '../shared/settings';
import { CONNECTION_TYPE, type ConnectionNode, DeviceConnection } from './device-connection';

interface Config extends NodeDef {
  host: string;
  propertiesTopic: string;
  mqttVersion?: string;
}

function topicOf(value: unknown): PropertiesTopic {
  return value === 'properties' ? 'properties' : 'register';
}

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

export function runtime(RED: NodeAPI): NodeRuntime<ConnectionNode, Config> {
  function EnapterConnectionNode(this: ConnectionNode, config: Config): void {
    createNode(RED, this, config);
    this.device = new DeviceConnection(RED, this, {
      name: settingText(config.name),
      host: settingText(config.host),
      propertiesTopic: topicOf(config.propertiesTopic),
      version: versionOf(config.mqttVersion),
      config: this.credentials.config,
    });
  }

  return {
    create: EnapterConnectionNode,
    actions: {
      describe: (values) => Promise.resolve().then(() => ({ ...shownConfig(configOf(values)) })),
      test: async (values) => {
        const config = configOf(values);
        await tryConnection(config, versionOf(values.settings.mqttVersion));
        return { ...shownConfig(config) };
      },
    },
    queries: {
      manifest: (id) => {
        const node = RED.nodes.getNode(id) as ConnectionNode | null | undefined;
        if (node?.type !== CONNECTION_TYPE) return undefined;
        if (node.device.problem) throw node.device.problem;
        return { manifest: node.device.manifest() };
      },
      diagnostics: diagnosticsQuery(RED, CONNECTION_TYPE, (node) => {
        const { device } = node as ConnectionNode;
        const problem = device.problem?.message ?? null;
        if (problem !== null) return { settings: {}, problem };
        const { connection } = device;
        return {
          settings: { ...device.shown, mqttVersion: device.version },
          availability: connection.availability,
          problem,
          listeners: device.listeners,
          counts: connection.counts,
        };
      }),
    },
  };
}
