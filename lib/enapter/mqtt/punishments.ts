import type { Clock } from '../../core/clock';
import { DeviceError, invalidInput } from '../../core/errors';

/** ms that a topic is spared after the broker ended connections for it; doubled each time, up to the second */
const SPARED = 60_000;
const SPARED_AT_MOST = 3_600_000;
/** How much a publication to a topic that was spared is suspected: it goes out alone, and one more loss suffices. */
const SUSPECTED = 2;

interface Held {
  /** of the shortest body that was punished */
  bytes: number;
  /** by the monotonic clock */
  until: number;
  wait: number;
}

/** Bytes that a publication takes as a packet. */
function packetSize(topic: string, bytes: number): number {
  // Head, length of the topic, and of the properties, which are none.
  return 5 + 2 + Buffer.byteLength(topic) + 1 + bytes;
}

/**
 * What the broker does not take: packets longer than it says, and publications for which it ended connections. MQTT
 * 3.1.1 has no other way to refuse one, and sending it again and again would keep everything else from arriving.
 */
export class Punishments {
  private readonly held = new Map<string, Held>();
  /** bytes of a packet, as an MQTT 5 broker says */
  private longest: number | undefined;

  constructor(private readonly clock: Clock) {}

  /** @param longest as the broker said when it let us in; `undefined`: nothing */
  setLongest(longest: number | undefined): void {
    this.longest = longest;
  }

  fits(topic: string, body: string): boolean {
    return this.longest === undefined || packetSize(topic, Buffer.byteLength(body)) <= this.longest;
  }

  /**
   * Whether a publication may be sent, now or later.
   *
   * @returns how much it is suspected, see `Publication.losses`
   * @throws DeviceError INVALID_INPUT when it is longer than the broker takes; REJECTED while its topic is spared
   */
  admit(topic: string, body: string): number {
    if (this.longest === undefined && this.held.size === 0) return 0;
    if (!this.fits(topic, body)) {
      throw invalidInput(`The broker takes packets of ${this.longest} bytes at most.`, 'enapterPacketLimit', {
        limit: this.longest ?? 0,
      });
    }
    const held = this.held.get(topic);
    const bytes = Buffer.byteLength(body);
    if (!held || bytes < held.bytes) return 0;
    if (this.clock.monotonic() >= held.until) return SUSPECTED;
    throw new DeviceError(
      'REJECTED',
      `The broker ends the connection for messages of ${bytes} bytes to ${topic}. Not sent.`,
      { reason: 'enapterPunished', params: { topic, bytes } },
    );
  }

  /** @returns whether this is the first time for the topic */
  add(topic: string, body: string): boolean {
    const before = this.held.get(topic);
    const wait = Math.min(before ? before.wait * 2 : SPARED, SPARED_AT_MOST);
    const bytes = Math.min(before?.bytes ?? Infinity, Buffer.byteLength(body));
    this.held.set(topic, { bytes, wait, until: this.clock.monotonic() + wait });
    return before === undefined;
  }

  /** The broker took this. */
  forgive(topic: string, body: string): void {
    const held = this.held.get(topic);
    if (held && Buffer.byteLength(body) >= held.bytes) this.held.delete(topic);
  }
}
