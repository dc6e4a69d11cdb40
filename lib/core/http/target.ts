/** Paths below which a node of ours answers, and what a request line asks for. */

/** Joins the segments of a path, so that doubled slashes and a slash at the end make no difference. */
const withPlainSlashes = (path: string): string =>
  path
    .split('/')
    .filter((segment) => segment !== '')
    .join('/');

/**
 * Reads a path below Node-RED's HTTP node root as typed.
 *
 * @returns with one leading and no trailing slash; `undefined` when it cannot be part of an address
 */
export function parseNodePath(text: string): string | undefined {
  const path = `/${withPlainSlashes(text.trim())}`;
  return /^(?:\/[A-Za-z0-9._~-]+)+$/.test(path) && !path.includes('/..') ? path : undefined;
}

/** Where the HTTP nodes are mounted, as a beginning of paths: no slash at its end, the root itself is empty. */
export function mountPath(path: unknown): string {
  const plain = typeof path === 'string' ? withPlainSlashes(path) : '';
  return plain === '' ? '' : `/${plain}`;
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

export function plainPath(path: string): string {
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

/** Whether a path lies below another one. */
export const isBelow = (path: string, base: string): boolean => path === base || path.startsWith(`${base}/`);
