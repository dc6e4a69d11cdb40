import { invalidInput } from '../errors';
import { givenText } from '../given';
import { hostOf, portOf, splitHost } from './host';

const PROTOCOL = /^([a-z][a-z0-9+.-]{0,20}):\/\//i;

function refused(): Error {
  return invalidInput(
    'The address is neither a host name, an IP, host:port nor an http(s) URL.',
    'addressInvalid',
  );
}

/**
 * Turns what a person types as an address into a base URL: a host name, an IP (v4, v6 with or without brackets and
 * zone), host:port, or a full URL with a path. Nothing but http and https; no user name, query or fragment, because
 * those would be shown.
 *
 * An IPv4 has four decimal groups, which may begin with zeros; see `hostOf`.
 *
 * @param text what was typed
 * @param defaultProtocol for addresses without one
 * @returns URL text without a trailing slash, the same for each way to write one address. The zone of an IPv6 stays in
 *   it, as `%25eth0`; `withoutZone` makes a URL of it that Node reads
 * @throws DeviceError INVALID_INPUT
 */
export function parseBaseUrl(text: unknown, defaultProtocol: 'http' | 'https'): string {
  const typed = givenText(text);
  if (typed === '') throw invalidInput('The address is empty.', 'addressEmpty');
  if (/[\s\\]/.test(typed)) throw refused();
  if (/\$[{(]/.test(typed)) {
    throw invalidInput(
      'Node-RED fills in an environment variable only where it is the whole address.',
      'variablePart',
    );
  }
  const [head = '', given] = PROTOCOL.exec(typed) ?? [];
  const protocol = (given ?? defaultProtocol).toLowerCase();
  if (protocol !== 'http' && protocol !== 'https') throw refused();
  const rest = typed.slice(head.length);
  const end = rest.search(/[/?#]/);
  const authority = end < 0 ? rest : rest.slice(0, end);
  if (authority.includes('@')) throw refused();

  const parts = splitHost(authority);
  // A protocol that has lost a slash is no host.
  if (given === undefined && parts?.port === '' && end >= 0) throw refused();
  const host = parts && hostOf(parts.host);
  // As in every URL, a colon alone names no port.
  const port = parts?.port ? portOf(parts.port) : '';
  if (host === undefined || port === undefined) throw refused();
  const [address = '', zone] = host.split('%');
  const bare = address.includes(':') ? `[${address}]` : address;
  let url: URL;
  try {
    url = new URL(`${protocol}://${bare}${port === '' ? '' : `:${port}`}${end < 0 ? '' : rest.slice(end)}`);
  } catch {
    throw refused();
  }
  if (url.search || url.hash) throw refused();
  const origin = zone === undefined ? url.origin : url.origin.replace(']', `%25${zone}]`);
  return withoutSlashes(origin + url.pathname);
}

/** A text without the slashes at its end. */
function withoutSlashes(text: string): string {
  let end = text.length;
  while (end > 0 && text.charAt(end - 1) === '/') end--;
  return text.slice(0, end);
}

/** A base URL as Node reads it, and the address to connect to where the URL cannot say it. */
export interface Reachable {
  url: string;
  /** an IPv6 with its zone; missing: what the URL says */
  host?: string;
}

/** Takes the zone out of a base URL: WHATWG's URLs have no place for it, and it means nothing to the other side. */
export function withoutZone(baseUrl: string): Reachable {
  const [, protocol, address, zone, rest] =
    /^(https?:\/\/)\[([0-9a-f:.]{2,45})%25([\w.~-]{1,64})\](.*)$/s.exec(baseUrl) ?? [];
  if (protocol === undefined || address === undefined || zone === undefined) return { url: baseUrl };
  return { url: `${protocol}[${address}]${rest ?? ''}`, host: `${address}%${zone}` };
}

/** Values of a query string; `undefined` entries are left out. */
export type Query = Readonly<Record<string, string | number | undefined>>;

/** Appends a path and a query to a base URL; the path can only go below the base. */
export function joinUrl(baseUrl: string, path: string, query?: Query): string {
  const joined = withoutSlashes(`${baseUrl}/${path.replace(/^\/+/, '')}`);
  if (!query) return joined;
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined) search.append(key, String(value));
  }
  const text = search.toString();
  return text ? `${joined}?${text}` : joined;
}
