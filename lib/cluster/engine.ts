/** What one member tells of itself with each renewal. */
export interface OwnState {
  /** shown to people */
  name: string;
  /** of the units in its flow file */
  digest: string;
  /** whether its flows have run for long enough to own something */
  ready: boolean;
}

export interface Member extends OwnState {
  /** the process: no two of them are the same, and none comes back */
  holder: string;
  /** ms after which it is none any more, where it tells that */
  lease?: number;
}

/** What a renewal tells. */
export interface Renewal {
  /** of the engine's data: another one means that what was written before is gone */
  epoch: string;
  /** the digest in force: members with another one stand by */
  digest: string;
  members: readonly Member[];
  /** who owns which partition */
  owners: ReadonlyMap<number, string>;
  /** partitions that were held and are another's, or nobody's */
  lost: readonly number[];
  /** ms until something may be claimed that could not be yet, if nothing comes meanwhile */
  rest: number;
}

/** A command as all members know it. */
export interface CommandRecord {
  key: string;
  /** of the message, so that copies of it are told from others */
  print: string;
  /** when its message came, ms by the engine's clock */
  at: number;
  /** only one instance got its message, so there are no copies of it */
  single: boolean;
  /** holder that carries it out */
  by: string;
  state: 'begun' | 'done' | 'failed' | 'unknown';
  /** what it leads to, such as `on`; empty: it has no goal, and may not be begun again */
  goal: string;
  /** what came of it, as JSON; empty: nothing that was worth keeping */
  outcome: string;
}

/** A command that is to begin. */
export interface Beginning {
  partition: number;
  /** of the node: its commands come in an order */
  device: string;
  record: CommandRecord;
}

export type Begun =
  /** with the goal of whoever began it first */
  | { kind: 'begun'; goal: string }
  /** it is not ours to begin */
  | { kind: 'notOwner' }
  /** one whose message came later has begun already */
  | { kind: 'older' }
  | { kind: 'known'; record: CommandRecord };

/** What members send one another. */
export interface Letter {
  /** when it was written, ms by the engine's clock */
  at: number;
  text: string;
}

/**
 * An engine that all members reach: leases with compare-and-set, records, letters and what nodes keep. Each call fails within
 * seconds, and one that fails may have taken effect, now or later: but never after a later one of the same member.
 */
export interface Engine {
  /** Begins to look for the engine; `heard` gets what others send. */
  start(heard: (letter: Letter) => void): void;
  readonly connected: boolean;
  /** ms by the engine's clock, as far as it is known */
  time(): number;
  renew(own: OwnState, held: readonly number[]): Promise<Renewal>;
  /** @returns those that are ours now */
  claim(partitions: readonly number[]): Promise<number[]>;
  /** @param leaving the member ends */
  release(partitions: readonly number[], leaving: boolean): Promise<void>;
  begin(beginning: Beginning): Promise<Begun>;
  /** Writes down what came of a command, whether it was begun or not. */
  finish(device: string, record: CommandRecord): Promise<void>;
  /** Writes down what became of a command of this member, unless something else is known of it meanwhile. */
  remember(device: string, record: CommandRecord): Promise<void>;
  /** The last commands of a device, in the order in which their messages came. */
  recent(device: string): Promise<CommandRecord[]>;
  /** @param to a member, or a name of which nobody takes what is sent away: the newest of that stay for an hour */
  send(to: string, text: string): Promise<void>;
  /** What has been sent to such a name, oldest first. */
  sent(to: string): Promise<Letter[]>;
  /**
   * Keeps a text for whoever owns the partition.
   *
   * @returns whether it was ours to keep
   */
  keep(partition: number, name: string, text: string): Promise<boolean>;
  kept(name: string): Promise<string | undefined>;
  close(): Promise<void>;
}

/** Characters of a letter at the most, and of what one node keeps. */
export const LONGEST_LETTER = 512 * 1024;
export const LONGEST_KEPT = 8 * 1024 * 1024;
/** Members at the most. */
export const MOST_MEMBERS = 64;
