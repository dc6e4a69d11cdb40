import type { ExportPort } from './port';
import { Turn } from './turn';

/** ms between two words on the topic: somebody else may go on contradicting. */
const BETWEEN = 1000;

/**
 * Keeps the word of the broker's own presence true. A last will is published when the broker misses its connection, which may be
 * minutes after another connection has said that Node-RED is there: one of the same machine before it lost its power, or of an
 * instance that owned the devices before. The word would stand, and every device be unavailable, until the next connection.
 */
export class Presence {
  private readonly saying: Turn;
  private from = -Infinity;

  constructor(private readonly port: Pick<ExportPort, 'clock' | 'isConnected' | 'publish' | 'presence'>) {
    this.saying = new Turn(port.clock, () => this.say());
  }

  /** Somebody has said a word on the topic. */
  heard(payload: string): void {
    if (payload === this.port.presence()?.offline) this.tell();
  }

  /** The connection stood before anybody listened: what has been said meanwhile is not known. */
  tell(): void {
    this.saying.at(Math.max(this.port.clock.monotonic(), this.from));
  }

  close(): void {
    this.saying.cancel();
  }

  private say(): void {
    const { clock, isConnected, publish } = this.port;
    const presence = this.port.presence();
    // A new connection says it by itself.
    if (!presence || !isConnected()) return;
    this.from = clock.monotonic() + BETWEEN;
    publish({ topic: presence.topic, payload: presence.online, retain: true, qos: 1 });
  }
}
