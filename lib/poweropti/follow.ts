import { type Clock, systemClock } from '../core/clock';
import { DeviceError, toDeviceError } from '../core/errors';
import { withoutZone } from '../core/http/url';
import { Aging } from '../core/poll/age';
import type { Sighting } from './announced';

/** What reads a meter at one address. */
interface Reads<T> {
  read(signal?: AbortSignal): Promise<T>;
}

export interface FollowedOptions<T, R extends Reads<T>> {
  /** where the meter is as it is set up */
  place: MeterPlace;
  /** what reads it there; made anew for another address */
  readerAt: (place: MeterPlace) => R;
  /** looks for the meter, which was at this host last; it takes a few seconds */
  look: (host: string, signal: AbortSignal) => Promise<Sighting>;
  /** the addresses of a host name; an address is its own */
  resolve: (host: string) => Promise<readonly string[]>;
  /** the meter is read at another address from now on */
  onMoved?: (place: MeterPlace) => void;
  clock?: Clock;
}

/** ms after the last good reading from which on the address may be another one's */
const FRESH = 120_000;
/** ms for which a look counts: no device is away and back as another one in less */
const LOOK_EVERY = 5000;
/** ms until it is looked again where nobody answers at all; twice as long each time */
const SILENT = 30_000;
const LONGEST_SILENT = 300_000;

/** A place where a meter can be followed from: plain HTTP, and no path of somebody who stands for several. */
export interface MeterPlace {
  /** a name or an IP, an IPv6 with its zone and without brackets */
  host: string;
  port: number;
}

/** @param baseUrl see `parseBaseUrl` @returns `undefined` where the key must not go over plain HTTP, or to another path */
export function placeOf(baseUrl: string): MeterPlace | undefined {
  const { url, host } = withoutZone(baseUrl);
  const { protocol, hostname, port, pathname } = new URL(url);
  if (protocol !== 'http:' || pathname !== '/') return undefined;
  return { host: host ?? hostname.replace(/^\[|\]$/g, ''), port: Number(port) || 80 };
}

/** A place as an address that people enter. */
export function addressOf({ host, port }: MeterPlace): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return port === 80 ? name : `${name}:${port}`;
}

/** What an address that does not answer, or whose device refuses the key, may mean: another device has it now. */
const LOST: ReadonlySet<string> = new Set([
  'UNREACHABLE',
  'TIMEOUT',
  'NOT_FOUND',
  'AUTH_FAILED',
  'FORBIDDEN',
  'BAD_RESPONSE',
]);

/**
 * Reads a meter whose address may change, going by what the network announces. The key goes to no address that is announced
 * with another id: before the first reading, after each failure and after a pause it is looked where the meter is.
 */
export class FollowedMeter<T, R extends Reads<T>> {
  private reader: R;
  private host: string;
  private readonly aging: Aging;
  private lastGood = -Infinity;
  private lastLook = -Infinity;
  private wait = 0;
  private blocked = false;

  constructor(private readonly options: FollowedOptions<T, R>) {
    this.host = options.place.host;
    this.reader = options.readerAt(options.place);
    this.aging = Aging.of(options.clock ?? systemClock);
  }

  /** Where the meter is read now. */
  get at(): string {
    return this.host;
  }

  /** @throws DeviceError what the reader throws; CONFLICT `poweroptiElsewhere` when the key was not sent */
  async read(signal: AbortSignal): Promise<T> {
    if (this.aging.now() - this.lastGood > FRESH) await this.look(signal);
    try {
      return await this.readHere(signal);
    } catch (thrown) {
      this.lastGood = -Infinity;
      const mayBeLost = LOST.has(toDeviceError(thrown).code) && !signal.aborted;
      if (!mayBeLost || !(await this.look(signal))) throw thrown;
      return this.readHere(signal);
    }
  }

  private async readHere(signal: AbortSignal): Promise<T> {
    if (this.blocked) {
      throw new DeviceError(
        'CONFLICT',
        'Another poweropti is announced at this address, so the key is not sent there. Look for the meter in the dialog.',
        { reason: 'poweroptiElsewhere', sent: false },
      );
    }
    const read = await this.reader.read(signal);
    this.lastGood = this.aging.now();
    return read;
  }

  /**
   * Looks where the meter is, unless that was done a moment ago. Where nothing can be heard, all stays as it is.
   *
   * @returns whether it is read at another address now
   */
  private async look(signal: AbortSignal): Promise<boolean> {
    if (this.aging.now() - this.lastLook < this.wait) return false;
    let seen: Sighting;
    try {
      seen = await this.options.look(this.host, signal);
    } catch {
      seen = { at: undefined, isSilent: true, others: new Set() };
    }
    if (signal.aborted) return false;
    this.lastLook = this.aging.now();
    const longer = Math.min(Math.max(this.wait * 2, SILENT), LONGEST_SILENT);
    this.wait = seen.isSilent ? longer : LOOK_EVERY;
    if (seen.isSilent) return false;
    const here = await this.addressesOf(this.host);
    const isTaken = here.some((one) => seen.others.has(one));
    this.blocked = isTaken && !seen.at;
    // A name may be of the very address that is announced.
    if (!seen.at || (!isTaken && here.includes(seen.at.host))) return false;
    this.host = seen.at.host;
    this.reader = this.options.readerAt(seen.at);
    this.options.onMoved?.(seen.at);
    return true;
  }

  private async addressesOf(host: string): Promise<readonly string[]> {
    try {
      return await this.options.resolve(host);
    } catch {
      return [];
    }
  }
}
