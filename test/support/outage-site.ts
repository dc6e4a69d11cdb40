import { PORTS, type PlanSettings } from '../../lib/outage/settings';
import type { Seeded } from './seeded';

export interface Host {
  user: string;
  port: number;
  state: 'on' | 'going' | 'down';
  login: boolean;
  hangs: boolean;
  /** s; of the next change */
  at: number;
  /** s; when it logged out */
  loggedOut: number;
}

/** s that a host needs to start */
const BOOT = 20;

/** A UPS with a battery and the hosts at its ports: what goes on whether a plan runs or not. Times in s. */
export class OutageSite {
  mains = true;
  readonly on = new Array<boolean>(PORTS).fill(true);
  readonly hosts: Host[] = [];
  private time = 0;
  private charge = 1;
  private readonly bootable = new Set<Host>();

  constructor(
    settings: PlanSettings,
    private readonly random: Seeded,
    private readonly onLogins: () => void,
  ) {
    for (const [port, users] of settings.hosts) {
      for (const user of users) {
        const hangs = random.chance(0.15);
        this.hosts.push({ user, port, state: 'on', login: !random.chance(0.1), hangs, at: 0, loggedOut: -1 });
      }
    }
  }

  get volts(): number {
    return 47 + this.charge * 5 + (this.mains ? 1.5 : 0);
  }

  get isLow(): boolean {
    return this.volts < 48.5;
  }

  /** The time has come so far; the hosts have done what they do. */
  goOn(time: number): void {
    this.discharge(time);
    for (const host of this.hosts) this.live(host);
  }

  /** The time has come so far, of which the hosts know nothing yet. */
  discharge(time: number): void {
    const seconds = time - this.time;
    this.time = time;
    const load = this.on.filter(Boolean).length / PORTS;
    this.charge += this.mains ? seconds / 2000 : (-seconds * load) / 900;
    this.charge = Math.min(Math.max(this.charge, 0), 1);
  }

  /** W by port, whose hosts draw nothing once they are down */
  get power(): number[] {
    return this.on.map((on, port) => {
      const own = this.hosts.filter((host) => host.port === port);
      return on && (own.length === 0 || own.some(({ state }) => state !== 'down')) ? 30 : 1;
    });
  }

  /** @returns whether the port was not so before */
  turn(port: number, on: boolean): boolean {
    if (this.on[port] === on) return false;
    this.on[port] = on;
    for (const host of on ? this.hosts : []) {
      if (host.port !== port) continue;
      this.bootable.add(host);
      host.at = this.time + BOOT;
    }
    return true;
  }

  goDown(host: Host): void {
    host.state = 'going';
    host.at = this.time + this.random.below(40);
  }

  private live(host: Host): void {
    if (!this.on[host.port]) {
      host.state = 'down';
      this.setLogin(host, false);
      host.at = this.time + BOOT;
      return;
    }
    // With its power back it boots; switched on again by hand only.
    if (host.state === 'down' && this.time >= host.at && this.bootable.has(host)) {
      host.state = 'on';
      this.bootable.delete(host);
      this.setLogin(host, true);
    }
    if (host.state === 'on' && !host.hangs && !this.mains && this.isLow && host.login) this.goDown(host);
    if (host.state === 'going' && this.time >= host.at) {
      if (host.login) {
        this.setLogin(host, false);
        host.at = this.time + this.random.below(60);
      } else host.state = 'down';
    }
  }

  private setLogin(host: Host, login: boolean): void {
    if (host.login === login) return;
    host.login = login;
    if (!login) host.loggedOut = this.time;
    this.onLogins();
  }
}
