import { invalidInput } from './errors';

/**
 * Turns what a person types as an address into a base URL: a host name, an IP (v4, `[v6]`), host:port, or a full
 * URL with a path. Nothing but http and https; no user name, query or fragment, because those would be shown.
 *
 * @param text what was typed
 * @param defaultProtocol for addresses without one
 * @returns URL text without a trailing slash
 * @throws DeviceError INVALID_INPUT
 */
export function parseBaseUrl(text: unknown, defaultProtocol: 'http' | 'https'): string {
  const typed = typeof text === 'string' ? text.trim() : '';
  if (typed === '') throw invalidInput('The address is empty.', 'addressEmpty');
  const refused = (): Error =>
    invalidInput(
      'The address is neither a host name, an IP, host:port nor an http(s) URL.',
      'addressInvalid',
    );
  const withProtocol = /^[a-z][a-z0-9+.-]*:\/\//i.test(typed) ? typed : `${defaultProtocol}://${typed}`;
  if (/[\s\\]/.test(withProtocol)) throw refused();
  let url: URL;
  try {
    url = new URL(withProtocol);
  } catch {
    throw refused();
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw refused();
  if (url.username || url.password || url.search || url.hash || !url.hostname) throw refused();
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

/** Values of a query string; `undefined` entries are left out. */
export type Query = Readonly<Record<string, string | number | undefined>>;

/** Appends a path and a query to a base URL; the path can only go below the base. */
export function joinUrl(baseUrl: string, path: string, query?: Query): string {
  const joined = `${baseUrl}/${path.replace(/^\/+/, '')}`.replace(/\/+$/, '');
  if (!query) return joined;
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined) search.append(key, String(value));
  }
  const text = search.toString();
  return text ? `${joined}?${text}` : joined;
}
