import type { Clock } from './clock';

/** Wrong passwords of one host within a window, after which none of it is looked at. */
const MOST = 30;
/** ms */
const WINDOW = 60_000;
/** Hosts that are counted; of more the oldest is forgotten. */
const HOSTS = 256;

/**
 * Wrong passwords by host. Without a limit a short password is found within minutes. A host that has known a password once
 * is not limited: it has nothing left to find, and must not be kept out by another program of its own.
 */
export class Tries {
  private readonly hosts = new Map<string, { wrong: number; since: number }>();
  private readonly trusted = new Set<string>();

  constructor(private readonly clock: Clock) {}

  /** Whether a password of this host is looked at. */
  admits(host: string): boolean {
    const known = this.hosts.get(host);
    if (!known || this.trusted.has(host)) return true;
    if (this.clock.monotonic() - known.since >= WINDOW) this.hosts.delete(host);
    else return known.wrong < MOST;
    return true;
  }

  wrong(host: string): void {
    const known = this.hosts.get(host) ?? { wrong: 0, since: this.clock.monotonic() };
    known.wrong++;
    this.hosts.set(host, known);
    forgetOldest(this.hosts);
  }

  right(host: string): void {
    this.trusted.add(host);
    forgetOldest(this.trusted);
  }
}

function forgetOldest(hosts: Map<string, unknown> | Set<string>): void {
  if (hosts.size <= HOSTS) return;
  for (const oldest of hosts.keys()) {
    hosts.delete(oldest);
    return;
  }
}
