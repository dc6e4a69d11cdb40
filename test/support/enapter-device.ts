import { EnapterConnection, type ConnectionOptions } from '../../lib/enapter/mqtt/connection';
import type { ConnectionConfig } from '../../lib/enapter/mqtt/config';
import { Feed } from './feed';
import type { Availability } from '../../lib/core/poll/availability';

export const HARDWARE = 'C8795CBA5375484E829105E959663C8B';
export const FROM = `v1/from/${HARDWARE}/ucm`;
export const COMMANDS = `v1/to/${HARDWARE}/ucm/v1/command/requests`;

/** A plain configuration for a broker on loopback. */
export function plainConfig(port: number): ConnectionConfig {
  return {
    host: '127.0.0.1',
    port,
    protocol: 'MQTT',
    hardwareId: HARDWARE,
    channelId: 'ucm',
    login: { username: HARDWARE, password: 'a-password' },
  };
}

/** A connection that comes back quickly, and what it told. */
export interface TestDevice {
  connection: EnapterConnection;
  availability: Feed<Availability>;
  dropped: Feed<number>;
}

export function startDevice(config: ConnectionConfig, options: Partial<ConnectionOptions> = {}): TestDevice {
  const availability = new Feed<Availability>();
  const dropped = new Feed<number>();
  const connection = new EnapterConnection({
    config,
    propertiesTopic: 'register',
    backOff: { base: 5, cap: 40 },
    stableAfter: 1,
    spread: 0,
    onAvailability: (state) => availability.push(state),
    onDropped: (count) => dropped.push(count),
    ...options,
  });
  connection.start();
  return { connection, availability, dropped };
}
