import { cleanText } from '../core/redact';
import type { Service } from '../core/mdns/services';

/** What a poweropti says of itself by multicast DNS. Anybody in the network can say the same. */
export interface AnnouncedMeter {
  /** its name, as it came */
  name: string;
  port: number;
  addresses: readonly string[];
  /** the TXT record's `id`: a secret, for it is the API key until that is changed; `undefined`: none that could be one */
  id: string | undefined;
}

/** What a search has found. */
export interface FoundMeters {
  meters: AnnouncedMeter[];
  /** responses of anybody in the network; 0: multicast does not reach this machine */
  responses: number;
  /** more was announced than is looked at */
  full: boolean;
}

/** Where to look for announcements of poweroptis. */
export const ANNOUNCED = {
  type: '_http._tcp',
  wanted: (instance: string): boolean => /^powerfox/i.test(instance),
} as const;

/** An id or key in printable signs without blanks; the real ones have 12. */
const ID = /^[\x21-\x7e]{1,64}$/;
const MAX_NAME = 63;
/** signs of the id that tell two devices apart without telling the id */
const SHOWN = 3;
/** signs of the id that a name may repeat by chance */
const BY_CHANCE = 4;

/** The meter that a service is. */
export function meterOf({ instance, source, port, addresses, txt }: Service): AnnouncedMeter {
  // Whoever adds an address to what another one says, with a forged source, does not stand in front of it.
  const ordered = [...addresses].sort((a, b) => Number(b === source) - Number(a === source));
  return { name: instance, port, addresses: ordered, id: idIn(txt) };
}

/** The value of the key `id`; the first one counts, and its case does not, see RFC 6763, 6.4. */
function idIn(txt: readonly Uint8Array[] | undefined): string | undefined {
  const entry = txt?.map((text) => Buffer.from(text).toString('latin1')).find((text) => /^id=/i.test(text));
  const id = entry?.slice(3) ?? '';
  return ID.test(id) ? id : undefined;
}

/** Whether two ids, or an id and a key, are one: a device's id is a hexadecimal number, which has no case. */
export function sameId(a: string, b: string): boolean {
  return a !== '' && a.toLowerCase() === b.toLowerCase();
}

/** What may be shown of an id: its last signs, if it has enough of others. */
export function shownId(id: string | undefined): string {
  return id === undefined || id.length < 3 * SHOWN ? '' : `…${id.slice(-SHOWN)}`;
}

/** A meter's name on one line, without the parts of its id that stand in it. */
export function shownName({ name, id = '' }: AnnouncedMeter): string {
  const clean = cleanText(name, undefined, MAX_NAME);
  const seen = clean.toLowerCase();
  const secret = id.toLowerCase();
  let shown = '';
  for (let at = 0; at < clean.length;) {
    let length = 0;
    while (at + length < seen.length && secret.includes(seen.slice(at, at + length + 1))) length++;
    // The longest part that stands in the id too.
    if (length > BY_CHANCE) {
      shown += '…';
      at += length;
    } else {
      shown += clean.charAt(at);
      at++;
    }
  }
  return shown;
}

/** Where a meter of a known id is. */
export interface Sighting {
  /** its address, IPv4 first; `undefined`: not announced, or by several that are not one device */
  at: { host: string; port: number } | undefined;
  /** nobody was heard at all */
  isSilent: boolean;
  /** addresses that are announced with another id */
  others: ReadonlySet<string>;
}

/**
 * Where the meter of this id is, going by announcements.
 *
 * @param port of its present address: a meter that gets another address keeps its port
 */
export function sight(
  { meters, responses }: Pick<FoundMeters, 'meters' | 'responses'>,
  id: string,
  port: number,
): Sighting {
  const own = meters.filter((one) => one.id !== undefined && sameId(one.id, id));
  const others = new Set(
    meters.flatMap((one) => (one.id === undefined || sameId(one.id, id) ? [] : one.addresses)),
  );
  const placed = own.filter((one) => one.port === port && one.addresses.length > 0);
  const common = [agreed(placed, false), agreed(placed, true)];
  const host = common.flatMap((addresses) => addresses ?? []).find((address) => !others.has(address));
  // All that say that they are it have to agree, or one of them is not.
  const isKnown = host !== undefined && !common.some((addresses) => addresses?.length === 0);
  return { at: isKnown ? { host, port } : undefined, isSilent: responses === 0, others };
}

/** The addresses of a family in which all agree that have some; `undefined`: nobody has. */
function agreed(meters: readonly AnnouncedMeter[], is6: boolean): string[] | undefined {
  const all = meters
    .map(({ addresses }) => addresses.filter((address) => address.includes(':') === is6))
    .filter(({ length }) => length > 0);
  const [first, ...more] = all;
  return first?.filter((address) => more.every((addresses) => addresses.includes(address)));
}
