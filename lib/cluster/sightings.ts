/** A member as a renewal shows it. */
export interface Sighting {
  holder: string;
  /** of its last call: the same number again means that it has not come meanwhile */
  call: number;
  /** ms that what it holds may last after that */
  lease: number;
}

/**
 * What this process has seen of the others, and of the engine, and since when by a clock that nobody sets. A clock of the
 * engine's host that is put forward would end a lease while its owner still acts, and one that is set back would let a dead
 * member live on: so who takes over has seen for a whole lease that nothing has come from the owner.
 */
export class Sightings {
  private members = new Map<string, Sighting & { since: number }>();
  private engine = { run: '', since: 0 };
  /** ms, of all that have been seen: data that is lost tells of none */
  private longest: number;

  constructor(
    private readonly holder: string,
    /** ms */
    private readonly lease: number,
    private readonly now: () => number,
  ) {
    this.longest = lease;
  }

  /**
   * The answer to a renewal is here: what it shows is so at least since now.
   *
   * @param run of the engine with its data: after a restart the last of what was written may be gone
   */
  saw(run: string, all: readonly Sighting[]): void {
    const now = this.now();
    if (run !== this.engine.run) this.engine = { run, since: now };
    const before = this.members;
    this.members = new Map();
    for (const { holder, call, lease } of all) {
      if (holder === this.holder) continue;
      if (Number.isFinite(lease)) this.longest = Math.max(this.longest, lease);
      const known = before.get(holder);
      const since = known?.call === call ? known.since : now;
      this.members.set(holder, { holder, call, lease: Math.max(lease, this.lease), since });
    }
  }

  /** Members of which nothing has come for a lease. */
  get gone(): Pick<Sighting, 'holder' | 'call'>[] {
    return [...this.members.values()]
      .filter(({ since, lease }) => this.now() - since >= lease)
      .map(({ holder, call }) => ({ holder, call }));
  }

  /** The run of the engine from before which no lease can hold; empty: one still may. */
  get settled(): string {
    return this.now() - this.engine.since >= this.longest ? this.engine.run : '';
  }

  /** ms until one more of that is so. */
  get rest(): number {
    const now = this.now();
    const ends = [...this.members.values()].map(({ since, lease }) => since + lease);
    return Math.min(
      ...[...ends, this.engine.since + this.longest].filter((end) => end > now).map((end) => end - now),
    );
  }
}
