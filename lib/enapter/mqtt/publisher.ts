import type { Clock } from '../../core/clock';
import type { Link } from './link';
import { Outbox, type Publication, type Values, type ValuesKind } from './outbox';
import { Punishments } from './punishments';

export interface PublisherOptions {
  clock: Clock;
  /** logs that were dropped because more waited than fit; called when there is room again */
  onDropped: (count: number) => void;
  /** the broker does not take a publication; told once for its topic */
  onGivenUp: (publication: { topic: string; bytes: number }) => void;
}

const BATCH = 50;
/** Values written to a socket that does not take them; beyond it only the newest are kept. */
const MAX_WRITES = 100;

/**
 * Brings what a device has to say to the broker, over one connection after the other.
 *
 * Values are written and not confirmed: the next ones are better than these. Logs and answers go out in order and leave
 * the queue when the broker has certainly read them. What was in flight when a connection was lost is sent again with
 * care, in small batches that are confirmed and at last alone: a publication that three connections were lost with is
 * what the broker punishes, and is given up, so that everything else arrives.
 */
export class Publisher {
  private readonly outbox = new Outbox();
  private readonly punishments: Punishments;
  private link: Link | undefined;
  private idle = true;
  private pumping: Promise<void> = Promise.resolve();
  /** values are waiting for the socket to take those that were written */
  private behind = false;
  /** what is sent with care at the moment */
  private careful: readonly Publication[] | undefined;
  /** topics of which it was said that something was longer than the broker takes */
  private readonly tooLong = new Set<string>();
  published = 0;
  givenUp = 0;

  constructor(private readonly options: PublisherOptions) {
    this.punishments = new Punishments(options.clock);
  }

  get counts(): Record<string, number> {
    const { waiting, droppedLogs, droppedResponses } = this.outbox;
    return { published: this.published, waiting, droppedLogs, droppedResponses, givenUp: this.givenUp };
  }

  /** Resolves when what can be said now is said. */
  get done(): Promise<void> {
    return this.pumping;
  }

  /** @throws DeviceError when the broker does not take it */
  admit(topic: string, body: string): number {
    return this.punishments.admit(topic, body);
  }

  /** @param source its newest values replace its older ones. @throws DeviceError when the broker does not take them */
  values(kind: ValuesKind, source: string, topic: string, body: string): void {
    const losses = this.punishments.admit(topic, body);
    const values = this.outbox.setValues(kind, source, topic, body, losses);
    if (values.losses === 0) this.send(values);
    else this.pump();
  }

  /** @throws DeviceError when the broker does not take it */
  log(topic: string, body: string): void {
    this.outbox.addLog({ topic, body }, this.punishments.admit(topic, body));
    this.pump();
  }

  /** As `values` and `log`, for what no flow waits for: what the broker does not take is given up at once. */
  offer(kind: ValuesKind, source: string, topic: string, body: string): void {
    this.unlessRefused(() => this.values(kind, source, topic, body));
  }

  offerLog(topic: string, body: string): void {
    this.unlessRefused(() => this.log(topic, body));
  }

  /** A response to a command; one that the broker does not take is given up at once. */
  response(topic: string, body: string, last: boolean): void {
    this.unlessRefused(() => {
      this.outbox.addResponse({ topic, body }, last, this.punishments.admit(topic, body));
      this.pump();
    });
  }

  forget(source: string): void {
    this.outbox.forget(source);
  }

  /** @param longest bytes of a packet, where the broker says what it takes */
  up(link: Link, longest: number | undefined): void {
    this.link = link;
    this.punishments.setLongest(longest);
    // What was sent just before the connection broke may not have arrived. Its own time goes with it, so that a
    // second copy changes nothing.
    this.outbox.forgetWritten();
    for (const publication of this.outbox.longerThan(({ topic, body }) => this.punishments.fits(topic, body)))
      this.giveUp(publication, false);
    if (this.outbox.suspects(1).length === 0) this.sendUnwritten();
    this.pump();
  }

  /** The connection is gone. @param lost whether the broker may have ended it for what was in flight */
  down(lost: boolean): void {
    if (!this.link) return;
    this.link = undefined;
    this.behind = false;
    const taken = this.outbox.putBack();
    if (!lost) return;
    const culprit = this.outbox.blame(this.careful ?? [...this.outbox.unread(), ...taken]);
    if (culprit) this.giveUp(culprit, true);
  }

  written(link: Link, taken: boolean): void {
    if (link !== this.link) return;
    if (taken) this.published++;
    if (this.behind && link.writing === 0) this.sendUnwritten();
  }

  private unlessRefused(say: () => void): void {
    try {
      say();
    } catch {
      this.givenUp++;
    }
  }

  private giveUp(publication: Publication, isPunished: boolean): void {
    const { topic, body } = publication;
    this.outbox.giveUp(publication);
    this.givenUp++;
    const isNews = isPunished ? this.punishments.add(topic, body) : !this.tooLong.has(topic);
    if (!isPunished) this.tooLong.add(topic);
    if (isNews) this.options.onGivenUp({ topic, bytes: Buffer.byteLength(body) });
  }

  /** @returns whether there was room for them */
  private send(values: Values): boolean {
    const { link } = this;
    if (!link || this.careful) return false;
    if (link.writing >= MAX_WRITES) {
      this.behind = true;
      return false;
    }
    values.written = true;
    link.write(values.topic, values.body);
    return true;
  }

  private sendUnwritten(): void {
    this.behind = false;
    for (const values of this.outbox.unwritten()) if (!this.send(values)) return;
  }

  private pump(): void {
    const { link } = this;
    if (!link || !this.idle) return;
    this.idle = false;
    this.pumping = this.drain(link).then((isDone) => {
      this.idle = true;
      // Something may have come while the last step ended.
      if (this.link !== link || (isDone && this.hasMore)) this.pump();
    });
  }

  private get hasMore(): boolean {
    return this.outbox.waiting > 0 || this.outbox.suspects(1).length > 0;
  }

  /** @returns whether everything went out; if not the link is lost, and what is left goes out over the next one */
  private async drain(link: Link): Promise<boolean> {
    try {
      while (this.link === link && this.hasMore) {
        await this.sendSuspects(link);
        await this.sendQueue(link);
      }
      return true;
    } catch {
      return false;
    } finally {
      this.careful = undefined;
    }
  }

  private async sendSuspects(link: Link): Promise<void> {
    if (this.outbox.suspects(1).length === 0) return;
    // No other publication may be in flight. A connection that ends by itself is not the fault of a publication.
    this.careful = [];
    await link.confirm();
    for (;;) {
      const batch = this.outbox.suspects(BATCH);
      if (batch.length === 0 || this.link !== link) break;
      this.careful = batch;
      await Promise.all(batch.map(({ topic, body }) => link.publish(topic, body)));
      await link.confirm();
      this.outbox.settle(batch);
      for (const { topic, body } of batch) this.punishments.forgive(topic, body);
      this.published += batch.length;
    }
    this.careful = undefined;
    this.sendUnwritten();
  }

  /** Logs and answers, in order; each batch leaves the queue when the broker has certainly read it. */
  private async sendQueue(link: Link): Promise<void> {
    while (this.link === link && this.outbox.waiting > 0 && this.outbox.suspects(1).length === 0) {
      const values = this.outbox.unread();
      const batch = this.outbox.take(BATCH);
      await Promise.all(batch.map(({ topic, body }) => link.publish(topic, body)));
      await link.confirm();
      this.outbox.confirm();
      this.outbox.settle(values);
      this.published += batch.length;
      if (this.outbox.waiting === 0) this.reportDropped();
    }
  }

  /** Said when there is room again: a report that pushes out another line would never end. */
  private reportDropped(): void {
    const dropped = this.outbox.takeDropped();
    if (dropped > 0) this.options.onDropped(dropped);
  }
}
