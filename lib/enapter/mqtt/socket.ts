import net, { isIP, type Socket } from 'node:net';
import tls from 'node:tls';

import type { ConnectionConfig } from './config';
import { TOO_LONG } from './link-errors';
import { PacketFilter } from './packet-filter';

function connect(config: ConnectionConfig): Socket {
  const { host, port } = config;
  if (config.protocol === 'MQTT') return net.connect({ host, port });
  return tls.connect({
    host,
    port,
    ...config.tls,
    rejectUnauthorized: true,
    // The broker's certificate does not carry its name. Who it is, is proved by the chain of trust alone.
    checkServerIdentity: () => undefined,
    ...(isIP(host) === 0 ? { servername: host } : {}),
  });
}

/**
 * Opens the socket of a connection. The MQTT client reads it by `pipe` alone, so what it must not see is left out there,
 * and what it writes takes no way around.
 *
 * @param longest bytes of the longest packet that is read
 * @param onSkipped a longer publication was left out
 */
export function openSocket(config: ConnectionConfig, longest: number, onSkipped: () => void): Socket {
  const socket = connect(config);
  const onBroken = (): void => {
    socket.destroy(Object.assign(new Error('too long'), { code: TOO_LONG }));
  };
  const filter = new PacketFilter({ longest, onSkipped, onBroken });
  const pipe = socket.pipe.bind(socket);
  socket.pipe = <T extends NodeJS.WritableStream>(target: T): T => {
    pipe(filter).pipe(target);
    return target;
  };
  return socket;
}
