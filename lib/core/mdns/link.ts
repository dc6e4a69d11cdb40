import { BlockList, isIPv4, isIPv6 } from 'node:net';
import type { NetworkInterfaceInfo } from 'node:os';

import { hostOf } from '../http/host';
import { PRIVATE } from '../http/lan';

/** The networks of this machine, as `os.networkInterfaces` gives them. */
export type Interfaces = NodeJS.Dict<NetworkInterfaceInfo[]>;

/** One interface that multicast goes through. */
export interface LinkInterface {
  /** its name; as the zone of an IPv6 address, Windows takes a number */
  zone: string;
  /** its first IPv4 address */
  address4: string | undefined;
  hasAddress6: boolean;
}

const MAX_INTERFACES = 32;
/** Shorter prefixes are those of tunnels to everywhere, not of a network that somebody is in. */
const SHORTEST_PREFIX = { ipv4: 8, ipv6: 32 } as const;

type Family = keyof typeof SHORTEST_PREFIX;

const familyOf = (address: string): Family | undefined =>
  isIPv4(address) ? 'ipv4' : isIPv6(address) ? 'ipv6' : undefined;

const LOCAL6 = new BlockList();
LOCAL6.addSubnet('fe80::', 10, 'ipv6');

/** Addresses that are no device's, in whatever network. */
const NEVER = new BlockList();
NEVER.addSubnet('0.0.0.0', 8, 'ipv4');
NEVER.addSubnet('127.0.0.0', 8, 'ipv4');
NEVER.addSubnet('224.0.0.0', 3, 'ipv4');
NEVER.addSubnet('ff00::', 8, 'ipv6');
NEVER.addAddress('::1', 'ipv6');

/** What is known of the networks that this machine is in: who may be heard there, and which address can be a device's. */
export class Link {
  readonly interfaces: readonly LinkInterface[];
  private readonly near = new BlockList();
  /** broadcast and network addresses of our own networks */
  private readonly notOne = new BlockList();
  private readonly nets: { zone: string; list: BlockList }[] = [];

  constructor(all: Interfaces) {
    const found: LinkInterface[] = [];
    for (const [name, addresses = []] of Object.entries(all).slice(0, MAX_INTERFACES)) {
      const outer = addresses.filter(({ internal }) => !internal);
      if (outer.length === 0) continue;
      const scope = outer.find((one) => one.family === 'IPv6')?.scopeid;
      const zone = process.platform === 'win32' && scope ? String(scope) : name;
      const list = new BlockList();
      for (const { address, cidr } of outer) this.addNet(list, address, cidr);
      this.nets.push({ zone, list });
      found.push({
        zone,
        address4: outer.find(({ family }) => family === 'IPv4')?.address,
        hasAddress6: outer.some(({ family }) => family === 'IPv6'),
      });
    }
    this.interfaces = found;
  }

  private addNet(list: BlockList, address: string, cidr: string | null): void {
    const family = familyOf(address);
    const prefix = Number(cidr?.split('/')[1]);
    if (family === undefined || !Number.isInteger(prefix) || prefix < SHORTEST_PREFIX[family]) return;
    // The same in every network: which one is meant, the zone says.
    if (family === 'ipv6' && LOCAL6.check(address, 'ipv6')) return;
    this.near.addSubnet(address, prefix, family);
    list.addSubnet(address, prefix, family);
    if (family === 'ipv4' && prefix < 31) {
      const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
      const size = 2 ** (32 - prefix);
      const first = Math.floor((a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d) / size) * size;
      for (const one of [first, first + size - 1]) this.notOne.addAddress(dotted(one), 'ipv4');
    }
  }

  /** Whether a packet's source is in one of our own networks. @param source with its zone, where it has one */
  isNear(source: string): boolean {
    const [address = '', zone] = source.split('%');
    const family = familyOf(address);
    if (family === undefined) return false;
    if (family === 'ipv6' && LOCAL6.check(address, family)) {
      return zone !== undefined && this.interfaces.some((one) => one.zone === zone);
    }
    return this.near.check(address, family);
  }

  /** The interface behind which a source is; `undefined`: not known. */
  zoneOf(source: string): string | undefined {
    const [address = '', zone] = source.split('%');
    const family = familyOf(address);
    if (zone !== undefined || family === undefined) return zone;
    return this.nets.find(({ list }) => list.check(address, family))?.zone;
  }

  /**
   * An announced address as it is connected to, with the zone where it needs one.
   *
   * @param source who announced it
   * @returns `undefined` for an address that is none of a device in our own networks or another private one
   */
  usable(address: string, source: string): string | undefined {
    const family = address.length > 45 || address.includes('%') ? undefined : familyOf(address);
    if (family === undefined || NEVER.check(address, family) || this.notOne.check(address, family)) {
      return undefined;
    }
    const spelled = hostOf(address);
    // An IPv4 in the disguise of an IPv6 is none that anybody has to announce.
    if (family === 'ipv6' && !spelled?.includes(':')) return undefined;
    if (family === 'ipv6' && LOCAL6.check(address, family)) {
      const zone = this.zoneOf(source);
      return zone === undefined ? undefined : hostOf(`${address}%${zone}`);
    }
    // A reflector carries announcements between the private networks of one house.
    return this.near.check(address, family) || PRIVATE.check(address, family) ? spelled : undefined;
  }
}

function dotted(number: number): string {
  return [24, 16, 8, 0].map((bits) => Math.floor(number / 2 ** bits) % 256).join('.');
}
