import type { Node, NodeAPI } from 'node-red';

import { type NutHappening, NutLogins } from '../../lib/nut/logins';
import { onClose } from '../shared/on-close';

export const NUT_SERVER_TYPE = 'ups-nut-server';

/**
 * Who is logged in to which server, by the runtime's event bus and the id of the server's node. It is kept over deploys,
 * because the server and its clients' connections are.
 */
const known = new WeakMap<object, Map<string, NutLogins>>();

function serversOf(RED: NodeAPI): Map<string, NutLogins> {
  const servers = known.get(RED.events) ?? new Map<string, NutLogins>();
  known.set(RED.events, servers);
  return servers;
}

/** The logins of the server of this id; there need be no server yet. */
export function nutLogins(RED: NodeAPI, serverId: string): NutLogins {
  const servers = serversOf(RED);
  const logins = servers.get(serverId) ?? new NutLogins();
  servers.set(serverId, logins);
  return logins;
}

/** Forgets the logins of a server that is gone and that nobody listens to. */
export function forgetNutLogins(RED: NodeAPI, serverId: string): void {
  const servers = serversOf(RED);
  if (servers.get(serverId)?.isIdle) servers.delete(serverId);
}

/** Follows the logins of a server for the life of a node. */
export function followNutLogins(
  RED: NodeAPI,
  node: Node,
  serverId: string,
  hear: (what: NutHappening) => void,
): NutLogins {
  const logins = nutLogins(RED, serverId);
  const stop = logins.listen(hear);
  onClose(node, () => {
    stop();
    forgetNutLogins(RED, serverId);
    return Promise.resolve();
  });
  return logins;
}
