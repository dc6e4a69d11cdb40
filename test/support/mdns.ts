import { type Answer, encode } from 'dns-packet';

import { Link } from '../../lib/core/mdns/link';
import { MDNS_PORT, type Wire } from '../../lib/core/mdns/wire';

/** A machine with a loopback, one network of IPv4 and IPv6, and a tunnel without a subnet. */
export const HOME_LINK = (): Link =>
  new Link({
    lo: [
      {
        ...{ address: '127.0.0.1', netmask: '255.0.0.0', mac: '', internal: true, cidr: '127.0.0.1/8' },
        family: 'IPv4',
      },
    ],
    eth0: [
      {
        ...{
          address: '192.168.1.2',
          netmask: '255.255.255.0',
          mac: '',
          internal: false,
          cidr: '192.168.1.2/24',
        },
        family: 'IPv4',
      },
      {
        ...{ address: 'fe80::2', netmask: '', mac: '', internal: false, cidr: 'fe80::2/64', scopeid: 2 },
        family: 'IPv6',
      },
      {
        ...{
          address: '2001:db8:1::2',
          netmask: '',
          mac: '',
          internal: false,
          cidr: '2001:db8:1::2/64',
          scopeid: 0,
        },
        family: 'IPv6',
      },
    ],
    tun0: [
      {
        ...{ address: '100.64.0.1', netmask: '', mac: '', internal: false, cidr: '100.64.0.1/0' },
        family: 'IPv4',
      },
    ],
  });

/** What a device says of itself, as records; each part may be replaced. */
export interface Said {
  instance?: string;
  type?: string;
  host?: string;
  port?: number;
  /** strings of the TXT record; `null`: none is sent */
  txt?: (string | Buffer)[] | null;
  addresses?: string[];
  ttl?: number;
}

export function announcement({
  instance = 'powerfox-1',
  type = '_http._tcp.local',
  host = `${instance}.local`,
  port = 80,
  txt = ['id=1097bd725557'],
  addresses = ['192.168.1.50'],
  ttl = 120,
}: Said = {}): Answer[] {
  const name = `${instance}.${type}`;
  return [
    { type: 'PTR', name: type, ttl, data: name },
    { type: 'SRV', name, ttl, data: { target: host, port } },
    ...(txt === null ? [] : [{ type: 'TXT' as const, name, ttl, data: txt }]),
    ...addresses.map((data) => ({
      type: data.includes(':') ? ('AAAA' as const) : ('A' as const),
      name: host,
      ttl,
      data,
    })),
  ];
}

export function packet(answers: Answer[]): Uint8Array {
  return encode({ type: 'response', flags: 1 << 10, answers });
}

/** A wire of the test's own: what is said on it is what a search hears. */
export class FakeWire implements Wire {
  readonly sent: Uint8Array[] = [];
  opened = 0;
  closed = 0;
  failure: Error | undefined;
  private listener: Parameters<Wire['open']>[0] | undefined;

  open(onPacket: Parameters<Wire['open']>[0]): Promise<void> {
    this.opened++;
    if (this.failure) return Promise.reject(this.failure);
    this.listener = onPacket;
    return Promise.resolve();
  }

  send(bytes: Uint8Array): Promise<void> {
    this.sent.push(bytes);
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.closed++;
    this.listener = undefined;
    return Promise.resolve();
  }

  /** Whether a search listens. */
  get listens(): boolean {
    return this.listener !== undefined;
  }

  say(bytes: Uint8Array, source = '192.168.1.50', port = MDNS_PORT): void {
    this.listener?.(bytes, source, port);
  }

  announce(said: Said = {}, source = '192.168.1.50'): void {
    this.say(packet(announcement(said)), source);
  }
}
