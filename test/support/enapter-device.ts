import { EnapterConnection, type ConnectionOptions } from '../../lib/enapter/mqtt/connection';
import type { ConnectionConfig } from '../../lib/enapter/mqtt/config';
import type { Availability } from '../../lib/core/availability';

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

/** Waits for values of a callback, past ones included. */
export class Heard<T> {
  readonly all: T[] = [];
  private waiters: { match: (value: T) => boolean; resolve: (value: T) => void }[] = [];

  readonly add = (value: T): void => {
    this.all.push(value);
    const reached = this.waiters.filter(({ match }) => match(value));
    this.waiters = this.waiters.filter((waiter) => !reached.includes(waiter));
    for (const { resolve } of reached) resolve(value);
  };

  /** The first value that matches, now or later. `from` skips as many. */
  until(match: (value: T) => boolean, from = 0): Promise<T> {
    const found = this.all.slice(from).find(match);
    if (found !== undefined) return Promise.resolve(found);
    return new Promise((resolve) => this.waiters.push({ match, resolve }));
  }
}

/** A connection that comes back quickly, and what it told. */
export interface TestDevice {
  connection: EnapterConnection;
  availability: Heard<Availability>;
  dropped: Heard<number>;
}

export function startDevice(config: ConnectionConfig, options: Partial<ConnectionOptions> = {}): TestDevice {
  const availability = new Heard<Availability>();
  const dropped = new Heard<number>();
  const connection = new EnapterConnection({
    config,
    propertiesTopic: 'register',
    backOff: { base: 5, cap: 40 },
    stableAfter: 1,
    spread: 0,
    onAvailability: availability.add,
    onDropped: dropped.add,
    ...options,
  });
  connection.start();
  return { connection, availability, dropped };
}
