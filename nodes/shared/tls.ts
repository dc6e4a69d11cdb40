import type { Node, NodeAPI } from 'node-red';

import { invalidInput } from '../../lib/core/errors';
import type { TlsOptions } from '../../lib/core/transport';

interface TlsNode extends Node {
  addTLSOptions: (options: TlsOptions) => TlsOptions;
}

function isTlsNode(node: Node | null | undefined): node is TlsNode {
  return node?.type === 'tls-config' && 'addTLSOptions' in node;
}

/**
 * The TLS settings of Node-RED's own `tls-config` node.
 *
 * @param id empty: none is chosen
 * @throws DeviceError INVALID_INPUT when the chosen one does not run
 */
export function tlsOptions(RED: NodeAPI, id: unknown): TlsOptions | undefined {
  if (typeof id !== 'string' || id === '' || id === '_ADD_') return undefined;
  const node = RED.nodes.getNode(id) as Node | null | undefined;
  if (!isTlsNode(node)) {
    throw invalidInput(
      'The TLS configuration is not there, or it is disabled. Deploy it first.',
      'tlsMissing',
    );
  }
  return node.addTLSOptions({});
}
