import { between, type Moment, recalled } from '../core/moment';
import type { HostBook, HostsOfPort } from './hosts';
import type { Progress } from './outage';
import { isPort, type UpsView } from './reading';
import type { WaitEnd } from './record';
import type { PlanSettings, PlanStep } from './settings';

const SECOND = 1000;
/** ms that a port has to draw little */
const IDLE_FOR = 10_000;
/** s; how long a host that was told is waited for with the mains back, where its step says nothing */
const TOLD_WAIT = 600;

/** What steps wait for: hosts that go down, ports that draw little, answers and time. */
export class Waits {
  /** by port: since when it draws little, and when that was seen last */
  private readonly idle = new Map<number, { since: Moment; seen: Moment }>();
  /** by port: when its hosts were told to go down */
  private readonly told = new Map<number, Moment>();

  constructor(
    private readonly settings: PlanSettings,
    private readonly hosts: HostBook,
  ) {}

  isTold(port: number): boolean {
    return this.told.has(port);
  }

  tell(port: number, now: Moment): void {
    this.told.set(port, now);
  }

  /** All hosts that are known to be logged in, or to have been, see that the battery is low or a shutdown forced. */
  tellAll(now: Moment): void {
    for (const port of this.settings.hosts.keys()) {
      if (!this.told.has(port) && this.hosts.of(port).known) this.told.set(port, now);
    }
  }

  /** An outage begins. @param kept ports whose hosts are on their way down already */
  begin(kept: ReadonlySet<number>): void {
    for (const port of this.told.keys()) if (!kept.has(port)) this.told.delete(port);
  }

  followPower({ power }: UpsView, now: Moment): void {
    const { offBelow } = this.settings;
    if (offBelow === null) return;
    power.forEach((watts, port) => {
      if (watts === null || watts >= offBelow) this.idle.delete(port);
      else this.idle.set(port, { since: this.idle.get(port)?.since ?? now, seen: now });
    });
  }

  /**
   * @param onMains the mains are back, so a host that still runs is left alone
   * @returns why a step waits no longer; `leave`: its port stays on; `null` while it waits
   */
  endOf(step: PlanStep, progress: Progress, onMains: boolean, now: Moment): WaitEnd | 'leave' | null {
    const { wait, seconds, port, action } = step;
    const waited = between(progress.begun ?? now, now);
    const hosts = port === null ? undefined : this.hosts.of(port);
    const timeIsOver = waited >= seconds * SECOND;
    if (hosts?.allGone && port !== null) {
      // Who has logged out has only begun to go down.
      const idle = action === 'message' || this.isIdle(port, hosts.lastGone);
      const since = hosts.lastGone ? between(hosts.lastGone, now) : 0;
      if (!idle && since < this.settings.finish * SECOND) return null;
      if (wait === 'time' && !timeIsOver) return null;
      return idle && action === 'off' ? 'idle' : 'hostsGone';
    }
    if (onMains && action === 'off' && port !== null && hosts) {
      return this.endOnMains(step, port, hosts, waited, progress.replied, now);
    }
    if (wait === 'none') return 'none';
    if (wait === 'reply' && progress.replied) return 'replied';
    if (!timeIsOver) return null;
    return wait === 'time' ? 'time' : 'timeUp';
  }

  state(): unknown {
    return [...this.told].map(([port, at]) => [port, at.wall]);
  }

  restore(stored: unknown, now: Moment): void {
    for (const one of Array.isArray(stored) ? (stored as unknown[]) : []) {
      if (!Array.isArray(one)) continue;
      const [port, at] = one as unknown[];
      if (isPort(port)) this.told.set(port, recalled(at, now));
    }
  }

  private endOnMains(
    { wait, seconds }: PlanStep,
    port: number,
    hosts: HostsOfPort,
    waited: number,
    replied: boolean,
    now: Moment,
  ): WaitEnd | 'leave' | null {
    if (hosts.some) {
      const longest = wait === 'hosts' || wait === 'reply' ? seconds : Math.max(seconds, TOLD_WAIT);
      if (waited < longest * SECOND) return null;
      return hosts.running ? 'leave' : 'timeUp';
    }
    // Nobody sees such a host, so it gets all the time there is.
    const told = this.told.get(port);
    if (told && between(told, now) < this.settings.finish * SECOND) return null;
    if (wait === 'none') return 'none';
    if (wait === 'reply' && replied) return 'replied';
    if (waited < seconds * SECOND) return null;
    return wait === 'time' ? 'time' : 'timeUp';
  }

  /** @param gone when its last host logged out: what it drew before says nothing */
  private isIdle(port: number, gone: Moment | null): boolean {
    const idle = this.idle.get(port);
    if (!idle || !gone) return false;
    return Math.min(between(idle.since, idle.seen), between(gone, idle.seen)) >= IDLE_FOR;
  }
}
