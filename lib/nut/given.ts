import { BlockList, isIP } from 'node:net';

import { invalidInput } from '../core/errors';
import { isUpsName } from './hub';

/** What people enter for a server. All throw DeviceError INVALID_INPUT. */

const MOST_NAMES = 8;
const MOST_HOSTS = 64;

const partsOf = (text: string): string[] => text.split(/[\s,;]+/).filter((part) => part !== '');

/** The names of a UPS, in any order, e.g. `ups, qnapups`. */
export function upsNames(text: string): string[] {
  const names = [...new Set(partsOf(text.slice(0, 1000)).map((name) => name.toLowerCase()))];
  const wrong = names.find((name) => !isUpsName(name));
  if (names.length === 0 || names.length > MOST_NAMES || wrong !== undefined) {
    throw invalidInput(
      'A UPS needs one to eight names of letters, digits, dots, dashes and underscores.',
      'nutNames',
    );
  }
  return names;
}

/** An address to listen at. */
export function bindAddress(text: string): string {
  const address = text.replace(/^\[(.*)\]$/, '$1');
  if (isIP(address) === 0) {
    throw invalidInput(
      'The address to listen at must be an IP address of this machine, such as 127.0.0.1 or 0.0.0.0.',
      'nutBindAddress',
    );
  }
  return address;
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

/**
 * Which hosts may connect: IP addresses and networks, e.g. `192.168.1.20, 192.168.2.0/24`.
 *
 * @returns for each address whether it may; an empty text lets all in
 */
export function allowedHosts(text: string): (address: string) => boolean {
  const parts = partsOf(text.slice(0, 10_000));
  const wrong = (): Error =>
    invalidInput(
      'Allowed hosts are IP addresses and networks, such as 192.168.1.20 or 192.168.1.0/24.',
      'nutHosts',
    );
  if (parts.length === 0) return () => true;
  if (parts.length > MOST_HOSTS) throw wrong();
  const list = new BlockList();
  for (const part of parts) {
    const [address = '', bits, more] = part.split('/');
    const version = isIP(address);
    const longest = version === 6 ? 128 : 32;
    if (version === 0 || more !== undefined) throw wrong();
    if (bits === undefined) list.addAddress(address, familyOf(address));
    else if (/^\d{1,3}$/.test(bits) && Number(bits) <= longest) {
      list.addSubnet(address, Number(bits), familyOf(address));
    } else throw wrong();
  }
  return (address) => isIP(address) !== 0 && list.check(address, familyOf(address));
}

/** Users and passwords that appliances bring along: everybody knows them. */
const WELL_KNOWN: readonly (readonly [user: string, password: string])[] = [
  ['monuser', 'secret'],
  ['admin', '123456'],
  ['upsmon', 'upsmon'],
  ['nut', 'nut'],
];

/** Whether a password says nothing about who knows it. */
export function isWellKnown(user: string, password: string): boolean {
  return user === password || WELL_KNOWN.some(([name, word]) => name === user && word === password);
}
