import { uptime } from 'node:os';

import { type Clock, systemClock } from '../core/clock';

/** ms by which another clock has to be ahead before it counts: less is the coarseness of one of them */
const DRIFT = 100;
/** epoch ms; a wall clock before this was never set, and its first setting is no sleep */
const NEVER_SET = Date.UTC(2020, 0, 1);

export interface LeaseClock {
  /** ms; only differences mean something */
  now(): number;
  after(ms: number, fn: () => void): () => void;
  random(): number;
}

/**
 * The time by which leases run out: of each step of the monotonic clock, of the host's uptime and of the wall clock the
 * largest counts. The monotonic one stands still while many hosts sleep, and a lease that seems to last is the one mistake
 * that makes two owners. A clock that is put forward ends a lease early, which costs a hand-over.
 */
export function leaseClock(clock: Clock = systemClock, up: () => number = () => uptime() * 1000): LeaseClock {
  let ahead = 0;
  const read = (): number => clock.monotonic() + ahead;
  let wall = clock.now() - read();
  let upAhead = up() - read();
  return {
    now() {
      const own = read();
      const wallNow = clock.now();
      const byWall = own + wall >= NEVER_SET ? wallNow - own - wall : 0;
      const gained = Math.max(byWall, up() - own - upAhead);
      if (gained > DRIFT) ahead += gained;
      const then = read();
      // What is behind was set back, and counts from there.
      if (gained > DRIFT || wallNow - own < wall - DRIFT) {
        wall = wallNow - then;
        upAhead = up() - then;
      }
      // The first setting of a clock.
      else if (own + wall < NEVER_SET) wall = wallNow - then;
      return then;
    },
    after: (ms, fn) => clock.after(ms, fn),
    random: () => clock.random(),
  };
}
