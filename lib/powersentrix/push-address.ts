import { isUtf8 } from 'node:buffer';
import { parse as parseQueryString, type ParsedUrlQuery } from 'node:querystring';

import type { SecretCheck } from '../core/secret';

export type PushKind = 'registered' | 'data' | 'log';

const ENDPOINTS: ReadonlyMap<string, PushKind> = new Map([
  ['setNewUps', 'registered'],
  ['setUpsData', 'data'],
  ['setUpsLog', 'log'],
]);

/** The vendor writes the path in three ways, and nobody knows which one the firmware takes. */
const SPELLINGS = ['api/', 'api/v1/', 'api/v1/api/'];
const LONGEST_FIRST = [...SPELLINGS].reverse();

/** Joins what is between slashes, so that doubled ones and one at the end make no other path. */
const withPlainSlashes = (path: string): string =>
  path
    .split('/')
    .filter((segment) => segment !== '')
    .join('/');

/**
 * Reads the receiver's path as typed.
 *
 * @returns with one leading and no trailing slash; `undefined` when it cannot be part of an address
 */
export function parseReceiverPath(text: string): string | undefined {
  const path = `/${withPlainSlashes(text.trim())}`;
  return /^(?:\/[A-Za-z0-9._~-]+)+$/.test(path) && !path.includes('/..') ? path : undefined;
}

/** Where the HTTP nodes are mounted, as a beginning of paths: no slash at its end, the root itself is empty. */
export function mountPath(path: unknown): string {
  const plain = typeof path === 'string' ? withPlainSlashes(path) : '';
  return plain === '' ? '' : `/${plain}`;
}

/** A secret that can stand in an address as it is. */
export function isPathSecret(text: string): boolean {
  return /^[A-Za-z0-9._~-]{1,128}$/.test(text) && !/^\.+$/.test(text);
}

/** What a request line asks for. */
export interface Target {
  /** scheme and host, mostly empty */
  origin: string;
  /** of one spelling: no doubled slashes, none at the end, nothing encoded; empty when it is no path */
  path: string;
  /** what follows the question mark, as it came */
  query: string;
}

/** Scheme and host, which a request line may begin with: `POST http://host/path HTTP/1.1`. */
const ORIGIN = /^[a-z][a-z0-9+.-]{0,15}:\/\/[^/?#]*/i;

/** Whether a path is spelled in another way than the one that `readTarget` gives. */
const isOdd = (path: string): boolean =>
  path.includes('//') || path.includes('%') || (path.length > 1 && path.endsWith('/'));

function plainPath(path: string): string {
  if (!isOdd(path)) return path;
  try {
    const segments = path.split('/').map(decodeURIComponent);
    // A slash that was encoded is part of a name, and no name here has one.
    return segments.some((segment) => segment.includes('/'))
      ? ''
      : `/${withPlainSlashes(segments.join('/'))}`;
  } catch {
    return '';
  }
}

/** @param url of the request line, with or without scheme and host */
export function readTarget(url: string): Target {
  const origin = url.startsWith('/') ? '' : (ORIGIN.exec(url)?.[0] ?? '');
  const mark = url.indexOf('?', origin.length);
  const path = plainPath(url.slice(origin.length, mark < 0 ? undefined : mark));
  return { origin, path, query: mark < 0 ? '' : url.slice(mark + 1) };
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

/** Whether a path lies below the receiver's. */
export const isBelow = (path: string, base: string): boolean => path === base || path.startsWith(`${base}/`);

/** Whether a path ends as one of a push, whatever stands before it. */
export const endsAsPush = (path: string): boolean => ENDPOINTS.has(path.slice(path.lastIndexOf('/') + 1));

/**
 * What a path asks for. Doubled slashes and one at the end make no difference.
 *
 * @param path of the request, below the server's root
 * @param base the receiver's path, see `parseReceiverPath`
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
