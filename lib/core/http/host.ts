import { isIPv4, isIPv6 } from 'node:net';

import { invalidInput } from '../errors';

/** Longest host: that of a name in DNS. */
const LONGEST_HOST = 255;

const DECIMAL_GROUPS = /^\d{1,3}(\.\d{1,3}){3}$/;
/** A last label that makes URL parsers, and libc, take the whole for a number: `0x7f`, `010`, `1`. */
const NUMBER_LABEL = /^(?:\p{Nd}+|0x[0-9a-f]*)$/iu;
const ZONE = /^[\w.~-]{1,64}$/;
const NAME = /^[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63}){0,127}$/;

function otherNumber(): Error {
  return invalidInput(
    'An IP is written as four decimal numbers from 0 to 255, such as 192.168.1.50.',
    'addressNumber',
  );
}

/**
 * Parts of `host`, `host:port`, an IPv6 with or without brackets, and `[IPv6]:port`. An IPv6 without brackets has no
 * port: nobody could tell it from the last group.
 *
 * @returns `undefined` for anything else; the parts are not checked
 */
export function splitHost(text: string): { host: string; port?: string } | undefined {
  if (text.length > 2 * LONGEST_HOST) return undefined;
  if (text.startsWith('[')) {
    const end = text.indexOf(']');
    const host = text.slice(1, end);
    if (end < 0 || !host.includes(':')) return undefined;
    const behind = text.slice(end + 1);
    if (behind === '') return { host };
    return behind.startsWith(':') ? { host, port: behind.slice(1) } : undefined;
  }
  const colon = text.indexOf(':');
  if (colon < 0) return { host: text };
  if (text.includes(':', colon + 1)) return isAddress6(text) ? { host: text } : undefined;
  return { host: text.slice(0, colon), port: text.slice(colon + 1) };
}

function isAddress6(text: string): boolean {
  return isIPv6(text.split('%')[0] ?? '');
}

/** A port from its decimal digits; `undefined` for anything else. */
export function portOf(text: string): string | undefined {
  if (!/^\d{1,5}$/.test(text)) return undefined;
  const port = Number(text);
  return port >= 1 && port <= 65_535 ? String(port) : undefined;
}

/**
 * A host as it is connected to, the same for each way to write it: a name in lower case, without the dot that may end
 * it; an IPv4 without leading zeros, which displays show and URL parsers read as octal; an IPv6 without brackets, in its
 * shortest form, with its zone as `%eth0`.
 *
 * @returns `undefined` for what is no host
 * @throws DeviceError INVALID_INPUT `addressNumber` for other ways to write an IPv4: hexadecimal, short, one number, or
 *   in signs that only a URL parser takes for digits. They would reach another device than the one that was meant.
 */
export function hostOf(text: string): string | undefined {
  if (text === '' || text.length > LONGEST_HOST) return undefined;
  if (text.includes(':')) return address6(text);
  // Percent-encoding and the like: a host is written as it is.
  if (/[%/?#@[\]\\\s]/.test(text)) return undefined;
  const typed = text.endsWith('.') ? text.slice(0, -1) : text;
  if (DECIMAL_GROUPS.test(typed)) {
    const groups = typed.split('.').map(Number);
    if (groups.some((group) => group > 255)) throw otherNumber();
    return groups.join('.');
  }
  if (NUMBER_LABEL.test(typed.slice(typed.lastIndexOf('.') + 1))) throw otherNumber();
  let read: string;
  try {
    read = new URL(`http://${typed}`).hostname;
  } catch {
    return undefined;
  }
  if (isIPv4(read)) throw otherNumber();
  return NAME.test(read) ? read : undefined;
}

function address6(text: string): string | undefined {
  const [address = '', ...more] = text.split('%');
  if (!isIPv6(address) || more.length > 1) return undefined;
  // In a URL the sign itself is written as %25.
  const zone = more[0]?.replace(/^25(?=.)/, '');
  if (zone !== undefined && !ZONE.test(zone)) return undefined;
  const shortest = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(shortest) ?? [];
  // Another way to write an IPv4, and the same device.
  if (high !== undefined && low !== undefined) {
    return [high, low]
      .flatMap((part) => [Number.parseInt(part, 16) >> 8, Number.parseInt(part, 16) & 255])
      .join('.');
  }
  return zone === undefined ? shortest : `${shortest}%${zone}`;
}
