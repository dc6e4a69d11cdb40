import type { CommandRecord, Engine } from './engine';

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
class Matching {
  private readonly left: CommandRecord[];

  /** @param records of one node, of other holders */
  constructor(records: readonly CommandRecord[]) {
    this.left = [...records].sort((a, b) => a.at - b.at);
  }

  /**
   * The record of this copy; each is given once.
   *
   * @param before that of the same copy when another owner was asked about: it stays that one
   */
  take({ arrived, print }: Copy, before?: CommandRecord): CommandRecord | undefined {
    const near = this.left.filter(({ at }) => Math.abs(at - arrived) <= SKEW);
    const found = before
      ? this.left.find(({ key }) => key === before.key)
      : (near.find((record) => record.print === print) ?? near[0]);
    if (found) this.left.splice(this.left.indexOf(found), 1);
    return found ?? before;
  }
}

/**
 * What the owners before have done about one copy. It may have to be tried several times, and each time it is still the same
 * record: another one would be that of another message, and none would have it carried out anew.
 */
export class Known {
  private asked: Matching | undefined;
  private record: CommandRecord | undefined;

  constructor(private readonly copy: Copy) {}

  /** @param matching of the present ownership: another one may tell of an owner in between */
  of(matching: Matching): CommandRecord | undefined {
    if (matching !== this.asked) this.record = matching.take(this.copy, this.record);
    this.asked = matching;
    return this.record;
  }
}

export interface MatchingsOptions {
  engine: Pick<Engine, 'recent'>;
  holder: string;
  /** ms for which a copy may ask after the beginning of an ownership */
  keeps: () => number;
}

/** What the owners before have done lately, by device: asked for once each time that it comes to be owned. */
export class Matchings {
  private readonly known = new Map<string, { since: number; matching: Promise<Matching> }>();

  constructor(private readonly options: MatchingsOptions) {}

  /**
   * @param since when it came to be owned
   * @throws DeviceError of the engine
   */
  of(device: string, since: number, now: number): Promise<Matching> {
    const { engine, holder, keeps } = this.options;
    const known = this.known.get(device);
    if (known && Math.abs(known.since - since) < 1) return known.matching;
    for (const [other, { since: at }] of this.known) if (now - at > keeps()) this.known.delete(other);
    const matching = engine
      .recent(device)
      .then((records) => new Matching(records.filter(({ by, single }) => by !== holder && !single)));
    this.known.set(device, { since, matching });
    matching.catch(() => {
      // A later one has given some of its records already.
      if (this.known.get(device)?.matching === matching) this.known.delete(device);
    });
    return matching;
  }
}
