import type { Node, NodeAPI } from 'node-red';

import { Aging } from '../../lib/core/poll/age';
import { type Clock, systemClock } from '../../lib/core/clock';
import { toDeviceError } from '../../lib/core/errors';
import { NodeError, nodeError, translate } from './text';
import { isWatched } from './watchers';

/** ms without a failure of a kind, after which the next one is logged again */
const FORGOTTEN_AFTER = 10 * 60_000;
/** ms without a failure of a kind, after which a message that works ends it: a stream may flicker */
const OVER_AFTER = 60_000;
/** ms for which the response to "does anybody listen" holds: a deploy changes it */
const WATCHERS_KNOWN_FOR = 10_000;
/** kinds of failures told apart; further ones count as one */
const MAX_KINDS = 16;

interface Kind {
  count: number;
  /** since the last one that was told */
  untold: number;
  /** ms by age */
  last: number;
}

/**
 * Errors of messages that come as a stream, such as a load each second.
 *
 * A Catch or Complete node hears of each message that failed. Where there is none, Node-RED would log each one, so the
 * same failure is told the first time, the tenth, the hundredth and each thousandth time, and how many there were when it
 * is over; in between a message ends without a word, and status and availability say what is wrong.
 */
export class ErrorStream {
  /** Most nodes never fail, and there are thousands. */
  private failures: { kinds: Map<string, Kind>; aging: Aging } | undefined;
  private watched: { yes: boolean; until: number } | undefined;

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    private readonly clock: Clock = systemClock,
  ) {}

  /**
   * A message has failed.
   *
   * @returns what goes to `done`; `undefined` for one of many that nobody listens to
   */
  failed(thrown: unknown): NodeError | undefined {
    const { RED, node } = this;
    const error = nodeError(RED, node, thrown);
    if (error.code === 'CANCELLED') return error;
    const kind = this.kindOf(`${error.code} ${toDeviceError(thrown).reason}`);
    kind.count++;
    kind.untold++;
    const tell = isRound(kind.count);
    if (!tell) return this.isWatched() ? error : undefined;
    kind.untold = 0;
    if (kind.count === 1 || this.isWatched()) return error;
    return new NodeError(
      error.code,
      translate(RED, 'log.repeatedError', { text: error.message, count: kind.count }),
    );
  }

  /** A message has worked. */
  succeeded(): void {
    if (!this.failures || this.failures.kinds.size === 0) return;
    const { kinds, aging } = this.failures;
    const now = aging.now();
    for (const [name, { untold, last }] of kinds) {
      if (now - last < OVER_AFTER) continue;
      kinds.delete(name);
      if (untold > 0 && !this.isWatched()) {
        this.node.log(translate(this.RED, 'log.errorsOver', { count: untold }));
      }
    }
  }

  private kindOf(reason: string): Kind {
    const { kinds, aging } = this.noted;
    const now = aging.now();
    const name = kinds.has(reason) || kinds.size < MAX_KINDS ? reason : 'others';
    const known = kinds.get(name);
    const kind =
      known && now - known.last < FORGOTTEN_AFTER
        ? known
        : { count: 0, untold: known?.untold ?? 0, last: now };
    kind.last = now;
    kinds.set(name, kind);
    return kind;
  }

  private get noted(): { kinds: Map<string, Kind>; aging: Aging } {
    this.failures ??= { kinds: new Map(), aging: Aging.of(this.clock) };
    return this.failures;
  }

  private isWatched(): boolean {
    const now = this.noted.aging.now();
    if (!this.watched || now >= this.watched.until) {
      this.watched = { yes: isWatched(this.RED, this.node), until: now + WATCHERS_KNOWN_FOR };
    }
    return this.watched.yes;
  }
}

function isRound(count: number): boolean {
  return count === 1 || count === 10 || count === 100 || count % 1000 === 0;
}
