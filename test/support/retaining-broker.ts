import type { Publication } from '../../lib/home-assistant/publisher';

/** What a broker keeps and tells, without sockets: for tests of what is published when. */
export class RetainingBroker {
  readonly retained = new Map<string, string>();
  /** all publications since the last `take` */
  private sent: Publication[] = [];
  connected = true;

  publish(publication: Publication): void {
    this.sent.push(publication);
    const { topic, payload, retain } = publication;
    if (!retain) return;
    if (payload === '') this.retained.delete(topic);
    else this.retained.set(topic, payload);
  }

  /** The publications since the last call. */
  take(): Publication[] {
    return this.sent.splice(0);
  }

  json(topic: string): Record<string, unknown> {
    return JSON.parse(this.retained.get(topic) ?? 'null') as Record<string, unknown>;
  }
}
