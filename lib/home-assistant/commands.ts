import type { Clock } from '../core/clock';
import type { Entity } from './entity';

/** Commands of Home Assistant, read strictly: what is not exactly one is none. */

/** ms within which the same command on the same topic is one, and behind which the newest of several waits. */
const TOGETHER = 1000;
const LONGEST = 40;
/** Keys of which something is remembered. */
const MAX_KEYS = 5000;
const NUMBER = /^-?\d{1,15}(?:\.\d{1,9})?$/;

export type CommandValue = boolean | number | null;

/** What a payload asks of an entity; `undefined`: it is no command. */
export function commandValue(entity: Entity, payload: string): { value: CommandValue } | undefined {
  if (payload.length > LONGEST) return undefined;
  switch (entity.platform) {
    case 'switch':
      return payload === 'ON' || payload === 'OFF' ? { value: payload === 'ON' } : undefined;
    case 'button':
      return payload === 'PRESS' ? { value: null } : undefined;
    case 'number': {
      const value = NUMBER.test(payload) ? Number(payload) : NaN;
      const { range } = entity;
      return range && value >= range.min && value <= range.max ? { value } : undefined;
    }
    default:
      return undefined;
  }
}

interface Recent {
  payload: string;
  until: number;
  waiting: { payload: string; give: () => void } | undefined;
}

/** Gives one command a second for each key, and of those that come meanwhile the newest. */
export class CommandGate {
  private readonly recent = new Map<string, Recent>();
  private readonly timers = new Set<() => void>();

  constructor(private readonly clock: Clock) {}

  /** @param give called at once, later, or never */
  pass(topic: string, payload: string, give: () => void): void {
    const now = this.clock.monotonic();
    const recent = this.recent.get(topic);
    if (recent && now < recent.until) {
      // Two subscriptions of one connection deliver twice, and a slider tells each of its places.
      recent.waiting = payload === recent.payload ? undefined : { payload, give };
      return;
    }
    this.give(topic, payload, give);
  }

  close(): void {
    for (const cancel of this.timers) cancel();
    this.timers.clear();
    this.recent.clear();
  }

  private give(topic: string, payload: string, give: () => void): void {
    if (this.recent.size >= MAX_KEYS) this.recent.clear();
    const recent: Recent = { payload, until: this.clock.monotonic() + TOGETHER, waiting: undefined };
    this.recent.set(topic, recent);
    const cancel = this.clock.after(TOGETHER, () => {
      this.timers.delete(cancel);
      if (this.recent.get(topic) !== recent) return;
      this.recent.delete(topic);
      const { waiting } = recent;
      if (waiting) this.give(topic, waiting.payload, waiting.give);
    });
    this.timers.add(cancel);
    give();
  }
}
