import type { Node, NodeAPI } from 'node-red';

import { invalidInput } from '../../lib/core/errors';
import { type Proxy, type ProxyChoice, proxyFor, type ProxyOptions } from '../../lib/core/http/proxy';
import type { Transport } from '../../lib/core/http/transport';
import { onClose } from './on-close';

/** Node-RED's own config node for a proxy. */
interface ProxyConfigNode extends Node<{ username?: string; password?: string }> {
  url?: string;
  noproxy?: string[];
}

/**
 * Which proxy leads to an address, as for Node-RED's `http request`: that of an `http proxy` config node, else that of
 * the environment (`HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`), under the setting `proxyOptions`.
 *
 * @param id a node's `proxy` property; empty: none chosen
 * @throws DeviceError INVALID_INPUT when that node is not there, disabled, or not deployed yet
 */
export function proxyChoice(RED: NodeAPI, id: unknown): ProxyChoice {
  const settings: unknown = Reflect.get(RED.settings, 'proxyOptions');
  const mode = process.env.NR_PROXY_MODE ?? process.env.nr_proxy_mode;
  const options: ProxyOptions = {
    ...(typeof settings === 'object' ? settings : {}),
    ...(mode === 'legacy' || mode === 'strict' ? { mode } : {}),
  };
  if (typeof id !== 'string' || id === '' || id === '_ADD_') {
    return (baseUrl) => proxyFor(baseUrl, process.env, options);
  }
  const node = RED.nodes.getNode(id) as ProxyConfigNode | null | undefined;
  if (node?.type !== 'http proxy') {
    throw invalidInput('The proxy settings are missing, disabled, or not deployed yet.', 'proxyMissing');
  }
  const { url, noproxy } = node;
  const variables = { http_proxy: url, https_proxy: url, no_proxy: noproxy?.join(',') };
  return (baseUrl) => proxyFor(baseUrl, variables, { ...options, lowerCaseOnly: true }, node.credentials);
}

/** The same for the life of a config node, with which the connections through the proxy end. */
export function useProxy(RED: NodeAPI, node: Node, transport: Transport, id: unknown): ProxyChoice {
  const choose = proxyChoice(RED, id);
  const chosen = new Set<Proxy>();
  onClose(node, () => {
    for (const proxy of chosen) transport.release(proxy);
    return Promise.resolve();
  });
  return (baseUrl) => {
    const proxy = choose(baseUrl);
    if (proxy) chosen.add(proxy);
    return proxy;
  };
}
