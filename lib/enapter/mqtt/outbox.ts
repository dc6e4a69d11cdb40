/** What is published where. */
export interface Publication {
  topic: string;
  body: string;
  /** how often a connection was lost since this was sent, before the broker had read it */
  losses: number;
}

export type ValuesKind = 'telemetry' | 'properties';

/** Values of one source. */
export interface Values extends Publication {
  kind: ValuesKind;
  source: string;
  /** whether they were written to the present connection */
  written: boolean;
  /** whether the broker has certainly read them, or they were given up: there is nothing left to send again */
  done: boolean;
}

interface Entry extends Publication {
  kind: 'log' | 'progress' | 'response';
}

/** Lines that wait while there is no connection. */
const MAX_LOGS = 200;
/** Last answers that wait; beyond it the oldest are dropped, the EMS has given up on them long since. */
const MAX_RESPONSES = 1000;
/** Progress messages that wait: fewer, and counted separately, so that they never displace a final response. */
const MAX_PROGRESS = 200;
/** Characters of all that waits of a kind: one of them may have 256 Ki. */
const MAX_LENGTH = 4 * 1024 * 1024;

const MAX: Readonly<Record<Entry['kind'], number>> = {
  log: MAX_LOGS,
  progress: MAX_PROGRESS,
  response: MAX_RESPONSES,
};

/** Sent before this many losses, a publication goes out with others; after them it goes out alone. */
const ALONE_FROM = 2;
/** From this many losses on, the last of them alone, the publication is what the broker punishes. */
const GIVEN_UP_AT = 3;

/**
 * What a device still has to say. Of values only the newest counts, one set for each source. Logs and answers are
 * kept in order until the broker has certainly read them; when more logs wait than fit, the oldest are dropped and
 * counted.
 */
export class Outbox {
  private readonly values = { telemetry: new Map<string, Values>(), properties: new Map<string, Values>() };
  private queue: Entry[] = [];
  private inFlight = new Set<Entry>();
  private dropped = 0;
  private readonly count = { log: 0, progress: 0, response: 0 };
  private readonly length = { log: 0, progress: 0, response: 0 };
  /** all that were ever dropped, for diagnostics */
  droppedLogs = 0;
  droppedResponses = 0;

  /** Logs and answers that the broker has not confirmed. */
  get waiting(): number {
    return this.queue.length;
  }

  /**
   * @param source what publishes, e.g. a node: its newest values replace its older ones
   * @param losses how much these are suspected from the start
   */
  setValues(kind: ValuesKind, source: string, topic: string, body: string, losses = 0): Values {
    const values = this.values[kind];
    const before = values.get(source);
    // Newer values of a source are about as long as those before them, and go to the same topic.
    const suspected = before && !before.done ? Math.max(losses, before.losses) : losses;
    const newest = { topic, body, kind, source, written: false, done: false, losses: suspected };
    // Set anew, so that the order is that of the last change.
    if (values.size > 1) values.delete(source);
    values.set(source, newest);
    return newest;
  }

  /** The newest values of every source that were not written yet, oldest first of each kind. */
  unwritten(): Values[] {
    return this.newest().filter(({ written, done }) => !written && !done);
  }

  /** The newest values that were written and may not have been read. */
  unread(): Values[] {
    return this.newest().filter(({ written, done }) => written && !done);
  }

  /** There is another connection: all of the newest values are to be written to it. */
  forgetWritten(): void {
    for (const newest of this.newest()) {
      newest.written = false;
      // Those that the broker read are written again: it may have lost them with its own end.
      if (newest.losses < GIVEN_UP_AT) newest.done = false;
    }
  }

  forget(source: string): void {
    this.values.telemetry.delete(source);
    this.values.properties.delete(source);
  }

  addLog(publication: { topic: string; body: string }, losses = 0): void {
    const dropped = this.add({ ...publication, losses, kind: 'log' });
    this.dropped += dropped;
    this.droppedLogs += dropped;
  }

  /** @param last whether it ends the command, or tells of its progress */
  addResponse(publication: { topic: string; body: string }, last: boolean, losses = 0): void {
    this.droppedResponses += this.add({ ...publication, losses, kind: last ? 'response' : 'progress' });
  }

  /** The next ones to publish; they stay in the queue until `confirm`. */
  take(max: number): readonly Publication[] {
    const batch = this.queue.slice(0, max);
    this.inFlight = new Set(batch);
    return batch;
  }

  /** The broker has read what `take` gave. */
  confirm(): void {
    this.remove(this.inFlight);
    this.inFlight = new Set();
  }

  /** The connection broke: what was taken is to be sent again. */
  putBack(): Publication[] {
    const taken = [...this.inFlight];
    this.inFlight = new Set();
    return taken;
  }

  /**
   * Publications that were in flight when a connection was lost, in the order in which they go out: those that were in
   * flight more than once last, each of them alone.
   *
   * @param max the most that are given at a time
   */
  suspects(max: number): Publication[] {
    const all = [...this.newest().filter(({ done }) => !done), ...this.queue];
    const some = all.filter(({ losses }) => losses > 0 && losses < ALONE_FROM).slice(0, max);
    if (some.length > 0) return some;
    return all.filter(({ losses }) => losses >= ALONE_FROM).slice(0, 1);
  }

  /** The broker has read these. */
  settle(read: readonly Publication[]): void {
    const entries = new Set<Publication>(read);
    for (const publication of read) {
      publication.losses = 0;
      if (isValues(publication)) {
        publication.done = true;
        // What the broker takes from a source now it has nothing against.
        const newest = this.values[publication.kind].get(publication.source);
        if (newest) newest.losses = 0;
      }
    }
    this.remove(entries);
  }

  /** A connection was lost with these in flight. @returns the one that is given up */
  blame(sent: readonly Publication[]): Publication | undefined {
    const alone = sent.length === 1;
    for (const publication of sent) {
      const most = alone ? GIVEN_UP_AT : ALONE_FROM;
      publication.losses = Math.min(publication.losses + 1, most);
      if (!isValues(publication)) continue;
      const newest = this.values[publication.kind].get(publication.source);
      if (newest) newest.losses = Math.max(newest.losses, publication.losses);
    }
    const [first] = sent;
    return first && first.losses >= GIVEN_UP_AT ? first : undefined;
  }

  /** Gives a publication up. */
  giveUp(publication: Publication): void {
    publication.losses = GIVEN_UP_AT;
    if (!isValues(publication)) {
      this.remove(new Set([publication]));
      return;
    }
    publication.done = true;
    const newest = this.values[publication.kind].get(publication.source);
    if (!newest || newest === publication) return;
    // Its turn comes, alone, when the broker has had time to forget.
    newest.losses = newest.body.length < publication.body.length ? ALONE_FROM : GIVEN_UP_AT;
    newest.done = newest.losses === GIVEN_UP_AT;
  }

  /** All that is kept and is longer than fits. */
  longerThan(fits: (publication: Publication) => boolean): Publication[] {
    return [...this.newest().filter(({ done }) => !done), ...this.queue].filter((one) => !fits(one));
  }

  /** How many logs were dropped since the last call. */
  takeDropped(): number {
    const count = this.dropped;
    this.dropped = 0;
    return count;
  }

  private newest(): Values[] {
    return [...this.values.telemetry.values(), ...this.values.properties.values()];
  }

  /** @returns how many had to make room */
  private add(entry: Entry): number {
    const { kind } = entry;
    this.queue.push(entry);
    this.count[kind]++;
    this.length[kind] += entry.body.length;
    const room = new Set<Publication>();
    let { [kind]: count } = this.count;
    let { [kind]: length } = this.length;
    for (const oldest of this.queue) {
      if (count <= MAX[kind] && length <= MAX_LENGTH) break;
      if (oldest.kind !== kind || oldest === entry || this.inFlight.has(oldest)) continue;
      room.add(oldest);
      count--;
      length -= oldest.body.length;
    }
    this.remove(room);
    return room.size;
  }

  private remove(entries: ReadonlySet<Publication>): void {
    if (entries.size === 0) return;
    this.queue = this.queue.filter((entry) => {
      if (!entries.has(entry)) return true;
      this.count[entry.kind]--;
      this.length[entry.kind] -= entry.body.length;
      return false;
    });
  }
}

function isValues(publication: Publication): publication is Values {
  return 'source' in publication;
}
