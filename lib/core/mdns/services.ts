import { ownText } from '../own-text';
import type { Link } from './link';

/** A resource record, as far as it matters here; names without the dot at their end. */
export type MdnsRecord = { name: string; ttl: number } & (
  | { type: 'PTR' | 'A' | 'AAAA'; data: string }
  | { type: 'SRV'; data: { target: string; port: number } }
  | { type: 'TXT'; data: readonly Uint8Array[] }
);

/** One response that was heard. */
export interface Heard {
  records: readonly MdnsRecord[];
  /** who sent it, with the zone of a link-local address */
  source: string;
}

/** A service as one source announces it. */
export interface Service {
  /** the first part of its name */
  instance: string;
  source: string;
  host: string;
  port: number;
  /** as they can be connected to, see `Link.usable` */
  addresses: readonly string[];
  /** its strings; `undefined`: none came, or too long ones */
  txt: readonly Uint8Array[] | undefined;
}

export interface ServiceFilter {
  /** e.g. `_http._tcp` */
  type: string;
  /** whether a service of this instance's name is looked for */
  wanted: (instance: string) => boolean;
}

/** services altogether, and of one source: a reflector announces those of a whole house */
const MAX_SERVICES = 64;
const MAX_OF_SOURCE = 32;
const MAX_ADDRESSES = 8;
/** bytes of a TXT record: what fits into one packet is more than any device of ours says */
const MAX_TXT = 1300;
const MAX_STRINGS = 32;
/** characters of a name, see RFC 1035 */
const MAX_NAME = 255;

interface Entry {
  instance: string;
  source: string;
  server?: { host: string; port: number } | undefined;
  txt?: readonly Uint8Array[] | undefined;
}

/** Names are compared as DNS does, which knows no case. */
const plain = (name: string): string => name.toLowerCase().replace(/\.$/, '');

/**
 * What is announced, put together from single responses. Each source is kept for itself, so that nobody changes what another
 * one says. Everything is bounded; what is too much is left out, and told.
 */
export class Services {
  private readonly entries = new Map<string, Entry>();
  /** by source and host name */
  private readonly addresses = new Map<string, Set<string>>();
  private readonly suffix: string;
  private left = false;

  constructor(
    private readonly filter: ServiceFilter,
    private readonly link: Pick<Link, 'usable'>,
  ) {
    this.suffix = `.${filter.type}.local`;
  }

  /** Whether something was left out. */
  get full(): boolean {
    return this.left;
  }

  take({ records, source }: Heard): void {
    const sized = records.filter(({ name }) => name.length <= MAX_NAME);
    for (const one of sized) {
      if (one.type === 'PTR' && plain(one.name) === this.suffix.slice(1)) this.announced(one, source);
    }
    // A service may be heard in parts, and its address is known only by the host that it names.
    for (const one of sized) {
      if (one.type === 'SRV' || one.type === 'TXT') this.described(one, source);
    }
    for (const one of sized) {
      if (one.type === 'A' || one.type === 'AAAA') this.located(one, source);
    }
  }

  list(): Service[] {
    const found: Service[] = [];
    for (const { instance, source, server, txt } of this.entries.values()) {
      if (!server) continue;
      const addresses = [...(this.addresses.get(`${source} ${server.host}`) ?? [])];
      found.push({ instance, source, ...server, addresses, txt });
    }
    return found;
  }

  /** What has to be asked for still: names of services without server or strings, and of hosts without an address. */
  missing(): { services: string[]; hosts: string[] } {
    const services = new Set<string>();
    const hosts = new Set<string>();
    for (const { instance, source, server, txt } of this.entries.values()) {
      if (!server || !txt) services.add(instance + this.suffix);
      if (server && !this.addresses.has(`${source} ${server.host}`)) hosts.add(server.host);
    }
    return { services: [...services], hosts: [...hosts] };
  }

  private announced({ data, ttl }: { data: string; ttl: number }, source: string): void {
    const instance = this.instanceIn(data);
    if (instance === undefined) return;
    const key = `${source} ${plain(instance)}`;
    if (ttl === 0) {
      this.entries.delete(key);
      return;
    }
    if (this.entries.has(key)) return;
    let ofSource = 0;
    for (const entry of this.entries.values()) if (entry.source === source) ofSource++;
    if (this.entries.size >= MAX_SERVICES || ofSource >= MAX_OF_SOURCE) this.left = true;
    else this.entries.set(key, { instance: ownText(instance), source });
  }

  private described(one: Extract<MdnsRecord, { type: 'SRV' | 'TXT' }>, source: string): void {
    const instance = this.instanceIn(one.name);
    const entry = instance === undefined ? undefined : this.entries.get(`${source} ${plain(instance)}`);
    if (!entry) return;
    if (one.type === 'SRV') {
      const { target, port } = one.data;
      const isOne = one.ttl > 0 && port > 0 && target.length > 0 && target.length <= MAX_NAME;
      entry.server = isOne ? { host: ownText(plain(target)), port } : undefined;
    } else {
      const length = one.data.reduce((sum, text) => sum + text.length + 1, 0);
      const fits = one.ttl > 0 && one.data.length <= MAX_STRINGS && length <= MAX_TXT;
      // A copy: what was received is a part of the packet.
      entry.txt = fits ? one.data.map((text) => Uint8Array.from(text)) : undefined;
    }
  }

  private located({ name, data, ttl }: { name: string; data: string; ttl: number }, source: string): void {
    const host = plain(name);
    const isNamed = [...this.entries.values()].some(
      (entry) => entry.source === source && entry.server?.host === host,
    );
    const address = isNamed ? this.link.usable(data, source) : undefined;
    if (address === undefined) return;
    const key = `${source} ${host}`;
    const known = this.addresses.get(key) ?? new Set<string>();
    if (ttl === 0) known.delete(address);
    else if (known.has(address) || known.size < MAX_ADDRESSES) known.add(address);
    else this.left = true;
    if (known.size > 0) this.addresses.set(key, known);
    else this.addresses.delete(key);
  }

  /** The instance in a service's name, if such services are looked for. */
  private instanceIn(name: string): string | undefined {
    if (!plain(name).endsWith(this.suffix)) return undefined;
    const instance = name.replace(/\.$/, '').slice(0, -this.suffix.length);
    return instance !== '' && this.filter.wanted(instance) ? instance : undefined;
  }
}
