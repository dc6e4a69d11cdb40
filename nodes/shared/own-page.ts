import type { IncomingHttpHeaders } from 'node:http';

import type { Request, Response } from 'express';
import type { NodeAPI } from 'node-red';

const FOREIGN =
  'The page that asks is not known to be this editor; see editorAddresses in the documentation.';

/** The origin that a text names, or `undefined`; what has no scheme is a host. */
function originOf(text: string): { origin: string | undefined; host: string } | undefined {
  const withScheme = /^https?:\/\//i.test(text);
  try {
    const { origin, host } = new URL(withScheme ? text : `http://${text}`);
    return { origin: withScheme ? origin : undefined, host };
  } catch {
    return undefined;
  }
}

/**
 * Whether a request to an admin route may come from an editor's page, as the browser tells it.
 *
 * Without `adminAuth` Node-RED lets any page of the web post JSON to its routes: its response to a browser's question
 * permits every origin. So a page from elsewhere is recognised by what a browser says of it and no page can change.
 *
 * @param addresses where else the editor is found, such as behind a proxy: origins (`https://nodered.example`) or hosts
 */
export function isOwnPage(headers: IncomingHttpHeaders, addresses: readonly string[] = []): boolean {
  const site = headers['sec-fetch-site'];
  // `none`: a person typed the address, or the browser's own parts ask.
  if (site === 'same-origin' || site === 'none') return true;
  if (site === 'cross-site' || site === 'same-site') return false;
  // Browsers leave it out on plain HTTP but for loopback; what is no browser sends neither.
  const { origin, host } = headers;
  if (origin === undefined) return true;
  const page = /^https?:\/\//i.test(origin) ? originOf(origin) : undefined;
  if (!page) return false;
  // By the page's scheme, since a proxy may have ended TLS: `example` and `example:443` are one for https.
  const scheme = page.origin?.slice(0, page.origin.indexOf('//') + 2) ?? '';
  if (host !== undefined && originOf(`${scheme}${host}`)?.host === page.host) return true;
  return addresses.some((address) => {
    const own = originOf(address.trim());
    if (!own) return false;
    return own.origin === undefined
      ? originOf(`${scheme}${address.trim()}`)?.host === page.host
      : own.origin === page.origin;
  });
}

/** `energyDevices.editorAddresses` of Node-RED's settings file: a list of texts, or one text. */
function editorAddresses(RED: NodeAPI): string[] {
  const { energyDevices: own } = RED.settings as { energyDevices?: unknown };
  const given: unknown =
    typeof own === 'object' && own !== null ? Reflect.get(own, 'editorAddresses') : undefined;
  const list: unknown[] = Array.isArray(given) ? given : [given];
  return list.filter((address) => typeof address === 'string');
}

/**
 * Whether a request may be answered: not one of a page from elsewhere, see `isOwnPage`. If not, it has been answered with
 * 403 and says in `reason` why, for an editor whose address is not known to be one.
 */
export function admits(RED: NodeAPI, req: Request, res: Response): boolean {
  if (isOwnPage(req.headers, editorAddresses(RED))) return true;
  res.status(403).json({ ok: false, code: 'FORBIDDEN', reason: 'foreignPage', params: {}, message: FOREIGN });
  return false;
}
