import { type AnnouncedMeter, sameId, shownId, shownName } from '../../lib/poweropti/announced';
import { addressOf } from '../../lib/poweropti/follow';
import type { Tickets } from './announced-id';

/** A device as the dialog lists it, without its id. */
interface FoundDevice {
  ticket: string;
  name: string;
  address: string;
  /** what its id is: the key, or the one to be taken where there is no key yet; `none`: it tells no id */
  idIs: 'key' | 'another' | 'new' | 'none';
}

const address4 = ({ addresses }: AnnouncedMeter): string | undefined =>
  addresses.find((one) => !one.includes(':'));

/**
 * The devices that were found, for the dialog: each once, IPv4 first.
 *
 * @param key the node's, which says whether a device's id is it
 */
export function foundDevices(
  meters: readonly AnnouncedMeter[],
  key: string,
  tickets: Pick<Tickets, 'note'>,
): FoundDevice[] {
  const devices: FoundDevice[] = [];
  const listed: AnnouncedMeter[] = [];
  // One that announces itself by both is listed by the address that people know.
  const ordered = [...meters].sort((a, b) => Number(!address4(a)) - Number(!address4(b)));
  for (const meter of ordered) {
    const { id = '', addresses, port } = meter;
    const host = address4(meter) ?? addresses[0];
    const isListed = listed.some(
      (one) => (one.id ?? '') === id && one.addresses.some((address) => addresses.includes(address)),
    );
    if (host === undefined || isListed) continue;
    listed.push(meter);
    const address = addressOf({ host, port });
    const name = [shownName(meter), shownId(meter.id)].filter((part) => part !== '').join(' ');
    const idIs = id === '' ? 'none' : key === '' ? 'new' : sameId(id, key) ? 'key' : 'another';
    devices.push({ ticket: tickets.note({ id, address }), name, address, idIs });
  }
  return devices;
}
