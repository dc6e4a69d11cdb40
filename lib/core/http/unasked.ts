import type http from 'node:http';
import type { Duplex } from 'node:stream';

/** Empty lines between two responses mean nothing. */
function onUnasked(this: Duplex, data: Buffer): void {
  if (data.some((byte) => byte !== 0x0d && byte !== 0x0a)) this.destroy();
}

/**
 * Ends a kept connection on which something comes that nobody has asked for. Node 20 drops that, and would take the rest
 * of it for the beginning of the next response; later ones end the connection themselves.
 */
export function endWhenUnasked<T extends http.Agent>(agent: T): T {
  // Node's own returns whether the connection is kept.
  const keep = agent.keepSocketAlive.bind(agent) as (socket: Duplex) => boolean;
  const reuse = agent.reuseSocket.bind(agent);
  agent.keepSocketAlive = (socket): boolean => {
    const kept = keep(socket);
    if (kept) socket.on('data', onUnasked);
    return kept;
  };
  agent.reuseSocket = (socket, request) => {
    socket.off('data', onUnasked);
    reuse(socket, request);
  };
  return agent;
}
