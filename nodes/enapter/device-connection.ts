import type { Node, NodeAPI, NodeStatus } from 'node-red';

import type { Availability } from '../../lib/core/poll/availability';
import { systemClock } from '../../lib/core/clock';
import { cancelled, type DeviceError, invalidInput, toDeviceError } from '../../lib/core/errors';
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
import { clusterOf } from '../shared/cluster';
import type { SharedMemory } from '../shared/cluster-face';
import type { Shifts } from '../shared/cluster-shifts';
import { ConfigReference } from '../shared/config-reference';
import type { DeviceBlock } from '../shared/messages';
import { STATUS, statusOfAvailability } from '../shared/status';
import { errorText, translate } from '../shared/text';

export const CONNECTION_TYPE = 'enapter-connection';

/** Key under which the commands that have come are kept for whoever speaks for the device next. */
const COMMANDS = 'enapterCommands';
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

/** What a connection's config node offers: one for all nodes that speak for the device, while there are any. */
export class DeviceConnection {
  readonly shown: ShownConfig;
  readonly connection: EnapterConnection;
  private readonly users = new Map<Node, (availability: Availability) => void>();
  private cancelIdle: (() => void) | undefined;
  private wasLost = false;
  private closed = false;
  /** where several instances share the work: the times that this one speaks for the device */
  private readonly shifts: Shifts | undefined;
  private memory: SharedMemory | undefined;
  private speaks: boolean;

  /**
   * @param node whose log tells of the connection
   * @throws DeviceError INVALID_INPUT for a configuration that cannot work
   */
  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    private readonly settings: ConnectionSettings,
  ) {
    const config = withHost(parseConnectionConfig(settings.config), settings.host);
    this.shown = shownConfig(config);
    const cluster = clusterOf(RED);
    this.speaks = !cluster;
    this.connection = new EnapterConnection({
      config,
      propertiesTopic: settings.propertiesTopic,
      version: settings.version,
      onAvailability: (availability) => this.onAvailability(availability),
      onDropped: (count) => node.warn(translate(RED, 'log.enapterDropped', { count })),
      onJunk: () => node.warn(translate(RED, 'log.enapterJunk')),
      onRetained: () => node.warn(translate(RED, 'log.enapterRetained')),
      onGivenUp: (publication) => node.warn(translate(RED, 'log.enapterGivenUp', { ...publication })),
      ...(cluster ? { keep: (state) => this.keep(state) } : {}),
    });
    this.shifts = cluster?.shifts(node, {
      begin: (memory) => this.begin(memory),
      end: () => this.end(cluster.dutyOf(node).active),
      failed: (thrown) => node.error(errorText(RED, toDeviceError(thrown))),
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    this.cancelIdle?.();
    await this.shifts?.close(false);
    await this.connection.close();
  }

  get info(): DeviceBlock {
    const id = this.shown.hardwareId;
    return { id, vendor: 'enapter', model: 'standalone device', name: this.settings.name || id };
  }

  get version(): MqttVersion {
    return this.settings.version;
  }

  get listeners(): number {
    return this.users.size;
  }

  /**
   * A node speaks for this device. It hears of the connection's state, now if that is known.
   *
   * @returns ends that
   */
  attach(user: Node, onAvailability: (availability: Availability) => void): () => void {
    const { connection } = this;
    this.cancelIdle?.();
    this.users.set(user, onAvailability);
    // After a partial deploy the state is known already, but nodes further down the flow do not exist yet.
    const known = connection.availability;
    const telling = setImmediate(() => {
      if (known && connection.availability === known) onAvailability(known);
    });
    if (this.speaks) connection.start();
    return () => {
      clearImmediate(telling);
      this.users.delete(user);
      connection.forget(user.id);
      if (this.users.size > 0 || this.closed) return;
      this.cancelIdle = systemClock.after(IDLE, () => void connection.stop());
    };
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

  /** Two clients of one device throw each other out: only the owner connects, and its socket has ended before another's. */
  private begin(memory: SharedMemory): void {
    this.memory = memory;
    this.speaks = true;
    this.connection.restore(memory.get(COMMANDS));
    if (this.users.size > 0) this.connection.start();
  }

  private async end(isAllowed: boolean): Promise<void> {
    this.speaks = false;
    await (this.closed ? this.connection.close() : this.connection.release(isAllowed));
    this.memory = undefined;
  }

  /** So that a command that comes again to the next owner is not carried out twice. @throws DeviceError */
  private keep(state: unknown): Promise<unknown> {
    const { memory } = this;
    return memory ? memory.set(COMMANDS, state) : Promise.reject(cancelled(false));
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

export type ConnectionReference = ConfigReference<DeviceConnection>;

/** A flow node's way to its connection. */
export function connectionOf(
  RED: NodeAPI,
  node: Node,
  id: string,
  problem: DeviceError | undefined,
): ConnectionReference {
  const missing = (): DeviceError =>
    invalidInput('No connection is selected, or it is disabled.', 'enapterNoConnection');
  return new ConfigReference(RED, node, { type: CONNECTION_TYPE, id, missing, problem });
}

export function statusOfConnection(availability: Availability): NodeStatus {
  return statusOfAvailability(availability) ?? STATUS.fresh('status.connected');
}
