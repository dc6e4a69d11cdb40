import { isRecord, toNumber } from '../core/values';

/** A command of Home Assistant, as instances that share the work know it. */
export interface HeardCommand {
  topic: string;
  payload: string;
  /** when it came, epoch ms */
  at: number;
}

/** ms between the times at which two instances hear the same command, at the most */
const TOGETHER = 1500;
/** Commands that are remembered, and for how long those that have begun are. */
const MOST = 100;
const BEGUN_FOR = 60_000;
/** What is longer is no command: everybody who reaches the broker can publish there. */
const LONGEST_TOPIC = 1000;
export const LONGEST_PAYLOAD = 100;

/** What has come on the topics of commands lately: whoever owns the devices next carries out what nobody has begun. */
export class HeardCommands {
  private list: HeardCommand[] = [];

  /** @param keptFor ms */
  constructor(private readonly keptFor: () => number) {}

  add(command: HeardCommand): void {
    if (command.topic.length > LONGEST_TOPIC || command.payload.length > LONGEST_PAYLOAD) return;
    this.list = [...this.list, command].slice(-MOST);
  }

  /** Forgets what came before a time, epoch ms. */
  forget(before: number): void {
    this.list = this.list.filter(({ at }) => at > before);
  }

  get isEmpty(): boolean {
    return this.list.length === 0;
  }

  /**
   * @param begun what owners have begun, as they have written it down
   * @returns of each topic the newest, as in one process a newer one takes the place of those before
   */
  left(begun: readonly HeardCommand[], now: number): HeardCommand[] {
    const newest = new Map(this.list.map((one) => [one.topic, one]));
    return [...newest.values()].filter(
      ({ topic, payload, at }) =>
        now - at < this.keptFor() &&
        // The clock has been put back since: how old it is nobody knows.
        at - now <= TOGETHER &&
        !begun.some(
          (one) =>
            one.topic === topic &&
            (one.at - at > TOGETHER || (one.payload === payload && at - one.at <= TOGETHER)),
        ),
    );
  }
}

/** The commands that have begun, with one more. @param before as it was kept, whatever stands in it */
export function begunWith(before: unknown, command: HeardCommand): HeardCommand[] {
  const known = readBegun(before).filter(({ at }) => command.at - at < BEGUN_FOR);
  return [...known, command].slice(-MOST);
}

/** @param value anything: what is no command is left out */
export function readBegun(value: unknown): HeardCommand[] {
  if (!Array.isArray(value)) return [];
  return (value as unknown[]).slice(-MOST).flatMap((one) => {
    if (!isRecord(one)) return [];
    const { topic, payload } = one;
    const at = toNumber(one.at);
    return typeof topic === 'string' && typeof payload === 'string' && at !== null
      ? [{ topic, payload, at }]
      : [];
  });
}
