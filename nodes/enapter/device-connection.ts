import type { Node, NodeAPI } from 'node-red';

import type { Availability } from '../../lib/core/availability';
import { systemClock } from '../../lib/core/clock';
import { type DeviceError, invalidInput, toDeviceError } from '../../lib/core/errors';
import {
  parseConnectionConfig,
  type ShownConfig,
  shownConfig,
  withHost,
} from '../../lib/enapter/mqtt/config';
import { EnapterConnection } from '../../lib/enapter/mqtt/connection';
import { manifestYaml } from '../../lib/enapter/mqtt/manifest';
import type { Notice } from '../../lib/enapter/mqtt/payloads';
import type { MqttVersion } from '../../lib/enapter/mqtt/link';
import type { PropertiesTopic } from '../../lib/enapter/mqtt/topics';
import { onClose } from '../shared/input-runner';
import type { DeviceBlock } from '../shared/messages';
import { claimDevice } from '../shared/shared-state';
import { STATUS, statusOfAvailability, statusSetter } from '../shared/status';
import { errorText, translate } from '../shared/text';

export const CONNECTION_TYPE = 'enapter-connection';

/** ms that an unused connection stays: a deploy of single nodes takes them away and brings them back. */
const IDLE = 3000;

export interface ConnectionSettings {
  name: string;
  /** in place of the configured host */
  host: string;
  propertiesTopic: PropertiesTopic;
  version: MqttVersion;
  /** pasted or generated */
  config: unknown;
}

/** The runtime side of a connection: one for all nodes that speak for the device, while there are any. */
export class DeviceConnection {
  /** why the configuration cannot work */
  readonly problem: DeviceError | undefined;
  readonly shown: ShownConfig | undefined;
  private readonly made: EnapterConnection | undefined;
  private readonly users = new Map<Node, (availability: Availability) => void>();
  private cancelIdle: (() => void) | undefined;
  private wasLost = false;
  private closed = false;

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    private readonly settings: ConnectionSettings,
  ) {
    try {
      const config = withHost(parseConnectionConfig(settings.config), settings.host);
      this.shown = shownConfig(config);
      this.made = new EnapterConnection({
        config,
        propertiesTopic: settings.propertiesTopic,
        version: settings.version,
        onAvailability: (availability) => this.onAvailability(availability),
        onDropped: (count) => node.warn(translate(RED, 'log.enapterDropped', { count })),
        onJunk: () => node.warn(translate(RED, 'log.enapterJunk')),
        onRetained: () => node.warn(translate(RED, 'log.enapterRetained')),
        onGivenUp: (publication) => node.warn(translate(RED, 'log.enapterGivenUp', { ...publication })),
      });
      if (!claimDevice(RED, node, `${CONNECTION_TYPE} ${config.hardwareId}/${config.channelId}`)) {
        node.warn(translate(RED, 'log.enapterTwice'));
      }
    } catch (thrown) {
      this.problem = toDeviceError(thrown);
      node.warn(errorText(RED, this.problem));
    }
    onClose(node, async () => {
      this.closed = true;
      this.cancelIdle?.();
      await this.made?.close();
    });
  }

  /** @throws DeviceError the configuration's problem */
  get connection(): EnapterConnection {
    if (!this.made) throw this.problem ?? noConnection();
    return this.made;
  }

  get info(): DeviceBlock {
    const id = this.shown?.hardwareId ?? this.node.id;
    return { id, vendor: 'Enapter', model: 'standalone device', name: this.settings.name || id };
  }

  get version(): MqttVersion {
    return this.settings.version;
  }

  get listeners(): number {
    return this.users.size;
  }

  /** A node speaks for this device until it closes. It hears of the connection's state, now if that is known. */
  attach(user: Node, onAvailability: (availability: Availability) => void): void {
    const { connection } = this;
    this.cancelIdle?.();
    this.users.set(user, onAvailability);
    // After a partial deploy the state is known already, but nodes further down the flow do not exist yet.
    const known = connection.availability;
    const telling = setImmediate(() => {
      if (known && connection.availability === known) onAvailability(known);
    });
    connection.start();
    onClose(user, () => {
      clearImmediate(telling);
      this.users.delete(user);
      connection.forget(user.id);
      if (this.users.size > 0 || this.closed) return Promise.resolve();
      this.cancelIdle = systemClock.after(IDLE, () => void connection.stop());
      return Promise.resolve();
    });
  }

  /** One line of the log for each thing that cannot be sent. */
  warn(notices: readonly Notice[]): void {
    for (const { reason, key } of notices) {
      this.node.warn(translate(this.RED, `errors.${reason}`, { key }, `${reason}: ${key}`));
    }
  }

  manifest(): string {
    const { connection } = this;
    return manifestYaml(connection.usage, this.info.name, connection.desk.names);
  }

  private onAvailability(availability: Availability): void {
    if (availability.reason) {
      this.wasLost = true;
      this.node.warn(errorText(this.RED, availability.reason));
    } else if (this.wasLost) {
      this.wasLost = false;
      this.node.log(translate(this.RED, 'log.enapterBack'));
    }
    for (const tell of [...this.users.values()]) tell(availability);
  }
}

/** A config node that holds a connection. */
export interface ConnectionNode extends Node<{ config: string }> {
  device: DeviceConnection;
}

export function noConnection(): DeviceError {
  return invalidInput('No connection is selected, or it is disabled.', 'enapterNoConnection');
}

/** The connection of a config node, or `undefined` when none is chosen, it is disabled or of another type. */
export function findConnection(RED: NodeAPI, id: string | undefined): DeviceConnection | undefined {
  const found = id ? (RED.nodes.getNode(id) as ConnectionNode | null | undefined) : undefined;
  return found?.type === CONNECTION_TYPE ? found.device : undefined;
}

/**
 * Attaches a flow node to the connection of a config node and shows the connection's state below it.
 *
 * @returns the connection, or `undefined` when it cannot work, which the status then says
 */
export function attachToConnection(
  RED: NodeAPI,
  node: Node,
  id: string | undefined,
  onAvailability: (availability: Availability) => void = () => undefined,
): DeviceConnection | undefined {
  const setStatus = statusSetter(node);
  const device = findConnection(RED, id);
  if (!device || device.problem) {
    setStatus(STATUS.unconfigured());
    return undefined;
  }
  setStatus(STATUS.waiting());
  device.attach(node, (availability) => {
    setStatus(statusOfAvailability(availability) ?? STATUS.fresh('status.connected'));
    onAvailability(availability);
  });
  return device;
}
