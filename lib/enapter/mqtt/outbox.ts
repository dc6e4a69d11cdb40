/** What is published where. */
export interface Publication {
  topic: string;
  body: string;
}

/** Values of one source. */
export interface Values extends Publication {
  /** whether they were written to the present connection */
  written: boolean;
}

interface Entry extends Publication {
  kind: 'log' | 'progress' | 'response';
}

/** Lines that wait while there is no connection. */
const MAX_LOGS = 200;
/** Last answers that wait; beyond it the oldest are dropped, the EMS has given up on them long since. */
const MAX_RESPONSES = 1000;
/** Words of progress that wait: fewer, and counted apart, so that none of them pushes a last answer out. */
const MAX_PROGRESS = 200;

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
  /** all that were ever dropped, for diagnostics */
  droppedLogs = 0;
  droppedResponses = 0;

  /** Logs and answers that the broker has not confirmed. */
  get waiting(): number {
    return this.queue.length;
  }

  /** @param source what publishes, e.g. a node: its newest values replace its older ones */
  setValues(kind: 'telemetry' | 'properties', source: string, topic: string, body: string): Values {
    const newest = { topic, body, written: false };
    const values = this.values[kind];
    // Set anew, so that the order is that of the last change.
    if (values.size > 1) values.delete(source);
    values.set(source, newest);
    return newest;
  }

  /** The newest values of every source that were not written yet, oldest first of each kind. */
  unwritten(): Values[] {
    const all = [...this.values.telemetry.values(), ...this.values.properties.values()];
    return all.filter(({ written }) => !written);
  }

  /** There is another connection: all of the newest values are to be written to it. */
  forgetWritten(): void {
    for (const values of Object.values(this.values)) {
      for (const newest of values.values()) newest.written = false;
    }
  }

  forget(source: string): void {
    this.values.telemetry.delete(source);
    this.values.properties.delete(source);
  }

  addLog(publication: Publication): void {
    this.queue.push({ ...publication, kind: 'log' });
    if (this.drop('log', MAX_LOGS)) {
      this.dropped++;
      this.droppedLogs++;
    }
  }

  /** @param last whether it ends the command, or tells of its progress */
  addResponse(publication: Publication, last: boolean): void {
    const kind = last ? 'response' : 'progress';
    this.queue.push({ ...publication, kind });
    if (this.drop(kind, last ? MAX_RESPONSES : MAX_PROGRESS)) this.droppedResponses++;
  }

  /** The next ones to publish; they stay in the queue until `confirm`. */
  take(max: number): readonly Publication[] {
    const batch = this.queue.slice(0, max);
    this.inFlight = new Set(batch);
    return batch;
  }

  /** The broker has read what `take` gave. */
  confirm(): void {
    this.queue = this.queue.filter((entry) => !this.inFlight.has(entry));
    this.inFlight.clear();
  }

  /** The connection broke: what was taken is to be sent again. */
  putBack(): void {
    this.inFlight.clear();
  }

  /** How many logs were dropped since the last call. */
  takeDropped(): number {
    const count = this.dropped;
    this.dropped = 0;
    return count;
  }

  private drop(kind: Entry['kind'], max: number): boolean {
    if (this.queue.filter((entry) => entry.kind === kind).length <= max) return false;
    const oldest = this.queue.find((entry) => entry.kind === kind && !this.inFlight.has(entry));
    if (!oldest) return false;
    this.queue = this.queue.filter((entry) => entry !== oldest);
    return true;
  }
}
