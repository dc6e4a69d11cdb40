import { isRecord } from '../core/values';
import { between, type Moment, recalled } from '../core/moment';

/** A client that is logged in to a NUT server. */
export interface Login {
  user: string | null;
  /** IP address */
  address: string;
}

/** What is known of one listed host in this outage. */
interface HostState {
  /** `never`: it has not been logged in since the outage began */
  seen: 'never' | 'in' | 'gone';
  /** when it logged out */
  at: Moment | null;
  /** it was logged in before a restart, and nobody has seen it since */
  unsure: boolean;
}

/** How the hosts of a port stand. */
export interface HostsOfPort {
  /** listed at all */
  some: boolean;
  /** all have logged out */
  allGone: boolean;
  /** one is logged in now, seen since the last restart */
  running: boolean;
  /** one was logged in in this outage, or is */
  known: boolean;
  /** when the last one logged out */
  lastGone: Moment | null;
}

/** An IPv4 address in the spelling of IPv6 is the same address. */
const plain = (text: string): string => text.toLowerCase().replace(/^::ffff:/, '');

/**
 * Which of the listed hosts run. Only a host that was logged in and is not any more has gone; one that nobody has seen may
 * be running.
 */
export class HostBook {
  private states = new Map<string, HostState>();
  private logins: readonly Login[] | null = null;

  constructor(private readonly hosts: ReadonlyMap<number, readonly string[]>) {
    for (const host of this.all()) this.states.set(host, { seen: 'never', at: null, unsure: false });
  }

  /**
   * An outage begins: what was before says nothing.
   *
   * @param kept ports whose hosts are on their way down already
   */
  begin(kept: ReadonlySet<number>, now: Moment): void {
    const going = new Set([...kept].flatMap((port) => this.hosts.get(port) ?? []));
    for (const [host, state] of this.states) {
      if (!going.has(host)) Object.assign(state, { seen: 'never', at: null, unsure: false });
    }
    this.look(now);
  }

  /** @param logins `null`: there is no server, so nobody knows */
  take(logins: readonly Login[] | null, now: Moment): void {
    if (logins === null && this.logins !== null) {
      // With a server that ends all its clients seem to go.
      for (const state of this.states.values()) if (state.seen === 'in') state.unsure = true;
    }
    this.logins = logins;
    this.look(now);
  }

  of(port: number): HostsOfPort {
    const states = (this.hosts.get(port) ?? []).flatMap((host) => this.states.get(host) ?? []);
    const gone = states.filter(({ seen }) => seen === 'gone').flatMap(({ at }) => at ?? []);
    return {
      some: states.length > 0,
      allGone: states.length > 0 && gone.length === states.length,
      running: states.some(({ seen, unsure }) => seen === 'in' && !unsure),
      known: states.some(({ seen }) => seen !== 'never'),
      lastGone: gone.reduce<Moment | null>(
        (last, one) => (last === null || between(last, one) > 0 ? one : last),
        null,
      ),
    };
  }

  /** Listed hosts that are not logged in now; none where nobody knows. */
  absent(): string[] {
    const { logins } = this;
    return logins === null ? [] : this.all().filter((host) => !isIn(host, logins));
  }

  get milestone(): string {
    return [...this.states.values()].map(({ seen }) => seen[0]).join('');
  }

  /** Hosts are listed, and there is no server that would know them. */
  get isUnserved(): boolean {
    return this.states.size > 0 && this.logins === null;
  }

  state(): unknown {
    return [...this.states].map(([host, { seen, at }]) => ({ host, seen, at: at?.wall ?? null }));
  }

  /** Goes on from what `state` gave. A host that was logged in has to be seen again. */
  restore(stored: unknown, now: Moment): void {
    for (const one of Array.isArray(stored) ? stored : []) {
      if (!isRecord(one) || typeof one.host !== 'string') continue;
      const state = this.states.get(one.host);
      if (!state) continue;
      const seen = one.seen === 'in' || one.seen === 'gone' ? one.seen : 'never';
      Object.assign(state, {
        ...{ seen, unsure: seen === 'in' },
        at: seen === 'gone' ? recalled(one.at, now) : null,
      });
    }
  }

  private look(now: Moment): void {
    const { logins } = this;
    if (logins === null) return;
    for (const [host, state] of this.states) {
      if (isIn(host, logins)) Object.assign(state, { seen: 'in', at: null, unsure: false });
      else if (state.seen === 'in' && !state.unsure) Object.assign(state, { seen: 'gone', at: now });
    }
  }

  private all(): string[] {
    return [...new Set([...this.hosts.values()].flat())];
  }
}

function isIn(host: string, logins: readonly Login[]): boolean {
  return logins.some(({ user, address }) => user === host || plain(address) === plain(host));
}
