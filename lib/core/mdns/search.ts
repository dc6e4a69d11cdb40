import { networkInterfaces } from 'node:os';

import type * as DnsPacket from 'dns-packet';

import { type Clock, systemClock } from '../clock';
import { cancelled, toDeviceError } from '../errors';
import { Link } from './link';
import { type MdnsRecord, type Service, type ServiceFilter, Services } from './services';
import { MDNS_PORT, SocketWire, type Wire } from './wire';

/** What has been heard so far. */
export interface Findings {
  services: Service[];
  /** responses of anybody, whatever they are about; 0: multicast does not reach this machine, or it is alone */
  responses: number;
  /** some of what was announced was left out, because it was too much */
  full: boolean;
}

interface SearchOptions {
  /** ms at the most */
  ms: number;
  signal: AbortSignal;
  /** what was heard will do: it ends `SETTLE` later, so that others can contradict */
  enough?: (services: Service[]) => boolean;
}

export interface SearchTools {
  /** default: this machine's networks as they are when a search begins */
  link?: () => Link;
  wire?: (link: Link) => Wire;
  clock?: Clock;
}

/** ms after the beginning at which everybody is asked (again), see RFC 6762, 5.2 */
const ASK_AT = [1000, 3000];
/** ms between two questions of the same search */
const ASK_GAP = 1000;
const SETTLE = 950;
/** ms between two looks at whether what was heard will do */
const JUDGE_EVERY = 50;
/** bytes of a packet, see RFC 6762, 17 */
const MAX_PACKET = 9000;
const MIN_PACKET = 12;
const MAX_RECORDS = 256;
/** bytes of the shortest entry of a packet */
const MIN_ENTRY = 5;
/** What is looked at in one search; more comes from somebody who wants to keep this machine busy. */
const MOST_PACKETS = 2000;
const MOST_RECORDS = 20_000;
/** names that are asked for by themselves */
const MAX_QUESTIONS = 16;
const IS_RESPONSE = 0x80;

interface Seeker {
  enough: SearchOptions['enough'];
  settle: () => void;
  end: (error?: Error) => void;
}

/**
 * Searches for services by multicast DNS. Nothing is loaded or bound while nobody searches; searches at the same time are
 * one. What is heard can be forged by anybody in the network.
 */
export class ServiceSearch {
  private running: Session | undefined;

  constructor(
    private readonly filter: ServiceFilter,
    private readonly tools: SearchTools = {},
  ) {}

  /** @throws DeviceError UNREACHABLE `mdnsUnavailable`, CANCELLED */
  async search(options: SearchOptions): Promise<Findings> {
    if (options.signal.aborted) throw cancelled(false);
    const session = (this.running ??= new Session(this.filter, this.tools));
    try {
      return await session.join(options);
    } finally {
      if (session.isIdle) {
        if (this.running === session) this.running = undefined;
        await session.close();
      }
    }
  }
}

class Session {
  private readonly clock: Clock;
  private readonly link: Link;
  private readonly wire: Wire;
  private readonly services: Services;
  private readonly seekers = new Set<Seeker>();
  private readonly timers = new Set<() => void>();
  private readonly opened: Promise<void>;
  private codec: typeof DnsPacket | undefined;
  private responses = 0;
  private packets = 0;
  private records = 0;
  private lastAsked = -Infinity;
  private judging: (() => void) | undefined;

  constructor(
    private readonly filter: ServiceFilter,
    { link, wire, clock }: SearchTools,
  ) {
    this.clock = clock ?? systemClock;
    this.link = link?.() ?? new Link(networkInterfaces());
    this.wire = wire?.(this.link) ?? new SocketWire(this.link);
    this.services = new Services(filter, this.link);
    this.opened = this.open();
    // Whoever joins hears of it.
    this.opened.catch(() => undefined);
  }

  get isIdle(): boolean {
    return this.seekers.size === 0;
  }

  async join({ ms, signal, enough }: SearchOptions): Promise<Findings> {
    let stop = (): void => undefined;
    const ended = new Promise<void>((resolve, reject) => {
      const onAbort = (): void => reject(cancelled(false));
      signal.addEventListener('abort', onAbort, { once: true });
      const cancelEnd = this.clock.after(ms, resolve);
      let cancelSettled: (() => void) | undefined;
      const seeker: Seeker = {
        enough,
        settle: () => (cancelSettled ??= this.clock.after(SETTLE, resolve)),
        end: (error) => (error === undefined ? resolve() : reject(error)),
      };
      this.seekers.add(seeker);
      stop = () => {
        signal.removeEventListener('abort', onAbort);
        cancelEnd();
        cancelSettled?.();
        this.seekers.delete(seeker);
      };
    });
    try {
      await Promise.race([ended, this.opened.then(() => this.askAgain(ended))]);
      return this.findings();
    } finally {
      stop();
    }
  }

  async close(): Promise<void> {
    for (const cancel of this.timers) cancel();
    this.timers.clear();
    this.judging?.();
    await this.opened.catch(() => undefined);
    await this.wire.close();
  }

  private findings(): Findings {
    const full = this.services.full || this.packets > MOST_PACKETS || this.records > MOST_RECORDS;
    return { services: this.services.list(), responses: this.responses, full };
  }

  private async open(): Promise<void> {
    try {
      this.codec = await import('dns-packet');
      await this.wire.open((bytes, source, port) => this.hear(bytes, source, port));
    } catch (thrown) {
      for (const seeker of this.seekers) seeker.end(toDeviceError(thrown));
      throw thrown;
    }
    for (const at of ASK_AT) {
      const cancel = this.clock.after(at, () => {
        this.timers.delete(cancel);
        this.ask();
      });
      this.timers.add(cancel);
    }
  }

  /** Who joins late is not left with what others heard before. */
  private askAgain<T>(ended: T): T {
    if (this.clock.monotonic() - this.lastAsked >= ASK_GAP) this.ask();
    return ended;
  }

  /** Asks everybody; what was heard of in part is asked for by name. */
  private ask(): void {
    if (!this.codec || this.isIdle) return;
    this.lastAsked = this.clock.monotonic();
    const { services, hosts } = this.services.missing();
    const questions = [
      { type: 'PTR' as const, name: `${this.filter.type}.local` },
      ...services.flatMap((name) => [
        { type: 'SRV' as const, name },
        { type: 'TXT' as const, name },
      ]),
      ...hosts.flatMap((name) => [
        { type: 'A' as const, name },
        { type: 'AAAA' as const, name },
      ]),
    ].slice(0, MAX_QUESTIONS);
    let bytes: Uint8Array;
    try {
      bytes = this.codec.encode({ type: 'query', questions });
    } catch {
      // A name of others that cannot be written: the question that matters can.
      bytes = this.codec.encode({ type: 'query', questions: questions.slice(0, 1) });
    }
    void this.wire.send(bytes);
  }

  /** Not for each packet: many may wait, and somebody may send a great many. */
  private judge(): void {
    this.judging = undefined;
    const found = this.services.list();
    for (const seeker of this.seekers) if (seeker.enough?.(found)) seeker.settle();
  }

  private hear(bytes: Uint8Array, source: string, port: number): void {
    // RFC 6762, 6 and 11: only from the port of multicast DNS, and from one's own network.
    if (port !== MDNS_PORT || !this.codec || this.isIdle) return;
    if (bytes.length < MIN_PACKET || bytes.length > MAX_PACKET) return;
    if ((Number(bytes[2]) & IS_RESPONSE) === 0 || !this.link.isNear(source)) return;
    const count = entriesIn(bytes);
    this.packets++;
    this.records += count;
    if (this.packets > MOST_PACKETS || this.records > MOST_RECORDS) {
      for (const seeker of this.seekers) seeker.end();
      return;
    }
    if (count > MAX_RECORDS || count * MIN_ENTRY > bytes.length) return;
    let packet: DnsPacket.Packet;
    try {
      packet = this.codec.decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    } catch {
      return;
    }
    this.responses++;
    const records = [...(packet.answers ?? []), ...(packet.additionals ?? [])].flatMap(recordOf);
    this.services.take({ records, source });
    this.judging ??= this.clock.after(JUDGE_EVERY, () => this.judge());
  }
}

/** The number of entries that a packet's head announces. */
function entriesIn(bytes: Uint8Array): number {
  let count = 0;
  for (const at of [4, 6, 8, 10]) count += Number(bytes[at]) * 256 + Number(bytes[at + 1]);
  return count;
}

/** The record in a form of our own, if it is one of those that matter and whole. */
function recordOf(answer: DnsPacket.Answer): MdnsRecord[] {
  if (!('ttl' in answer)) return [];
  const { name, type, ttl, data } = answer as { name: string; type: string; ttl?: number; data: unknown };
  const head = { name, ttl: ttl ?? 0 };
  switch (type) {
    case 'PTR':
    case 'A':
    case 'AAAA':
      return typeof data === 'string' ? [{ ...head, type, data }] : [];
    case 'SRV': {
      const { target, port } = data as { target?: unknown; port?: unknown };
      const isWhole = typeof target === 'string' && typeof port === 'number';
      return isWhole ? [{ ...head, type, data: { target, port } }] : [];
    }
    case 'TXT':
      return Array.isArray(data) && data.every((text) => text instanceof Uint8Array)
        ? [{ ...head, type, data }]
        : [];
    default:
      return [];
  }
}
