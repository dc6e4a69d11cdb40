import type { Node, NodeAPI } from 'node-red';

import { invalidInput } from '../../lib/core/errors';
import type { TlsOptions } from '../../lib/core/http/transport';

/** Node-RED's own config node for TLS; its certificates may be files or stored with the flow. */
interface TlsConfigNode extends Node {
  addTLSOptions(options: TlsOptions): TlsOptions;
}

/**
 * The options of a `tls-config` node. Certificates are verified unless that node says otherwise.
 *
 * @param id a node's `tls` property; empty: none chosen
 * @throws DeviceError INVALID_INPUT when that node is not there, disabled, or not deployed yet
 */
export function tlsOptions(RED: NodeAPI, id: unknown): TlsOptions | undefined {
  if (typeof id !== 'string' || id === '' || id === '_ADD_') return undefined;
  const node = RED.nodes.getNode(id) as TlsConfigNode | null | undefined;
  if (node?.type !== 'tls-config') {
    throw invalidInput('The TLS settings are missing, disabled, or not deployed yet.', 'tlsMissing');
  }
  return node.addTLSOptions({});
}
