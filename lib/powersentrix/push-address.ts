import { isUtf8 } from 'node:buffer';
import { parse as parseQueryString, type ParsedUrlQuery } from 'node:querystring';

import { plainPath } from '../core/http/target';
import type { SecretCheck } from '../core/secret';

export type PushKind = 'registered' | 'data' | 'log';

const ENDPOINTS: ReadonlyMap<string, PushKind> = new Map([
  ['setNewUps', 'registered'],
  ['setUpsData', 'data'],
  ['setUpsLog', 'log'],
]);

/** The vendor writes the path in three ways, and does not say which one the firmware uses. */
const SPELLINGS = ['api/', 'api/v1/', 'api/v1/api/'];
const LONGEST_FIRST = [...SPELLINGS].reverse();

/** A secret that can stand in an address as it is. */
export function isPathSecret(text: string): boolean {
  return /^[A-Za-z0-9._~-]{1,128}$/.test(text) && !/^\.+$/.test(text);
}

/** Percent-encoded bytes as text. A firmware may encode in its own character set, or not at all. */
function decodeBytes(text: string): string {
  const plain = text.replace(/%[0-9a-f]{2}/gi, (code) => String.fromCharCode(parseInt(code.slice(1), 16)));
  const bytes = Buffer.from(plain, 'latin1');
  return bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1');
}

/** The parameters behind the question mark, which may stand in a value again as it is. */
export function parsePushQuery(query: string): ParsedUrlQuery {
  // What Node.js hands on is one character for each byte of the request line.
  return /[%\x80-\xff]/.test(query)
    ? parseQueryString(query, '&', '=', { decodeURIComponent: decodeBytes })
    : parseQueryString(query);
}

/** Whether a path ends as one of a push, whatever stands before it. */
export const endsAsPush = (path: string): boolean => ENDPOINTS.has(path.slice(path.lastIndexOf('/') + 1));

/**
 * What a path asks for. Doubled slashes and one at the end make no difference.
 *
 * @param path of the request, below the server's root
 * @param base the receiver's path, see `parseNodePath`
 * @param isSecret knows the segment that has to follow it; missing: none
 */
export function endpointOf(path: string, base: string, isSecret?: SecretCheck): PushKind | undefined {
  const plain = plainPath(path);
  if (!plain.startsWith(`${base}/`)) return undefined;
  let rest = plain.slice(base.length + 1);
  if (isSecret) {
    const slash = rest.indexOf('/');
    if (!isSecret(rest.slice(0, Math.max(slash, 0)))) return undefined;
    rest = rest.slice(slash + 1);
  }
  const spelling = LONGEST_FIRST.find((one) => rest.startsWith(one));
  return spelling === undefined ? undefined : ENDPOINTS.get(rest.slice(spelling.length));
}
