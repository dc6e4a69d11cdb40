import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** Networks that are nobody's on the internet. */
export const PRIVATE = new BlockList();
PRIVATE.addSubnet('10.0.0.0', 8, 'ipv4');
PRIVATE.addSubnet('172.16.0.0', 12, 'ipv4');
PRIVATE.addSubnet('192.168.0.0', 16, 'ipv4');
PRIVATE.addSubnet('fc00::', 7, 'ipv6');

/** Names that only a network of one's own gives. */
const LOCAL_NAME = /^(?:[a-z0-9_-]{1,63}\.){1,10}(?:local|lan|home|internal|home\.arpa)$/;

/**
 * Where a browser finds a device of one's own network: protocol, host and port of its address, and nothing that may be
 * a secret.
 *
 * @returns `undefined` for what is no address of http or https, has a login, or may be anywhere else: an address of the
 *   internet says more of its owner than a link is worth, and this machine's own is another one in the browser
 */
export function lanPage(address: unknown): string | undefined {
  if (typeof address !== 'string' || !URL.canParse(address)) return undefined;
  const { protocol, hostname, origin, username, password } = new URL(address);
  if (protocol !== 'http:' && protocol !== 'https:') return undefined;
  return username === '' && password === '' && isLanHost(hostname) ? origin : undefined;
}

/** @param host as URLs have it, an IPv6 in brackets */
function isLanHost(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '');
  if (isIPv4(bare)) return PRIVATE.check(bare, 'ipv4');
  if (isIPv6(bare)) return PRIVATE.check(bare, 'ipv6');
  return LOCAL_NAME.test(host) || (!host.includes('.') && host !== 'localhost');
}
