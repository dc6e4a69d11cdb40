import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';

import { type Clock, delay, systemClock } from '../core/clock';
import { hostOf } from '../core/http/host';
import { ServiceSearch, type SearchTools } from '../core/mdns/search';
import { ANNOUNCED, type FoundMeters, meterOf, type Sighting, sameId, sight } from './announced';

/** ms for which people wait for a list, and a reading for one meter */
const FIND = 5000;
const LOOK = 3000;
/** ms for a name in DNS, so that no reading waits for a server that is away */
const RESOLVE = 2000;

/** Finds the poweroptis that announce themselves in the local network. */
export class MeterFinder {
  private readonly search: ServiceSearch;
  private readonly clock: Clock;

  constructor(tools: SearchTools = {}) {
    this.search = new ServiceSearch(ANNOUNCED, tools);
    this.clock = tools.clock ?? systemClock;
  }

  /**
   * All that are heard of in 5 s.
   *
   * @throws DeviceError UNREACHABLE `mdnsUnavailable`, CANCELLED
   */
  async find(signal: AbortSignal): Promise<FoundMeters> {
    const { services, ...heard } = await this.search.search({ ms: FIND, signal });
    return { ...heard, meters: services.map(meterOf) };
  }

  /**
   * Where the meter of this id is, in 3 s at the most. Only where it is still there that is known sooner: one who announces
   * the same id, and so keeps it from being followed elsewhere, may be heard late.
   *
   * @param here its present host
   * @throws DeviceError as `find`
   */
  async look(id: string, port: number, here: string, signal: AbortSignal): Promise<Sighting> {
    const { services, responses } = await this.search.search({
      ms: LOOK,
      signal,
      enough: (found) =>
        found.map(meterOf).some((one) => one.id && sameId(one.id, id) && one.addresses.includes(here)),
    });
    return sight({ meters: services.map(meterOf), responses }, id, port);
  }

  /** The addresses of a host name, in the spelling of announced ones. */
  async resolve(host: string): Promise<string[]> {
    if (isIP(host.split('%')[0] ?? '') !== 0) return [host];
    const late = new AbortController();
    const nothing = delay(this.clock, RESOLVE, late.signal).then(() => []);
    try {
      const found = await Promise.race([lookup(host, { all: true }), nothing]);
      return found.map(({ address }) => hostOf(address) ?? address);
    } finally {
      late.abort();
    }
  }
}
