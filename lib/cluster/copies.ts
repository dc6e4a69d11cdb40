import type { CommandRecord } from './engine';

/** ms by which the clocks and ways of two instances differ at the most: later is another message */
export const SKEW = 1500;

/** A message as it is told from others. */
export interface Copy {
  /** ms by the engine's clock */
  arrived: number;
  print: string;
}

/**
 * Finds out which of the messages that came here as well the owner before has taken care of. Copies come with clocks of their
 * own and perhaps with a time in them, so they are matched in their order: each record takes one, first one that reads the
 * same, else the nearest in time.
 */
export class Matching {
  private readonly left: CommandRecord[];

  /** @param records of one node, of other holders */
  constructor(records: readonly CommandRecord[]) {
    this.left = [...records].sort((a, b) => a.at - b.at);
  }

  /** The record of this copy; each is given once. */
  take({ arrived, print }: Copy): CommandRecord | undefined {
    const near = this.left.filter(({ at }) => Math.abs(at - arrived) <= SKEW);
    const found = near.find((record) => record.print === print) ?? near[0];
    if (found) this.left.splice(this.left.indexOf(found), 1);
    return found;
  }
}
