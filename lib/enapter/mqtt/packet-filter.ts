import { Transform, type TransformCallback } from 'node:stream';

const PUBLISH = 3;
/** In the first byte: delivered exactly once. Not asked for here, so that no broker may send it. */
const EXACTLY_ONCE = 4;
/** A packet's length is written in at most four bytes after the first. */
const LONGEST_HEAD = 5;

export interface PacketFilterOptions {
  /** bytes of the longest packet that passes, without its head */
  longest: number;
  /** a publication was left out */
  onSkipped: () => void;
  /** a packet that cannot be left out is too long: the connection is of no use any more */
  onBroken: () => void;
}

/**
 * Lets MQTT packets through unless they are too long. The MQTT client collects a packet as a whole before anybody can
 * look at it, and a packet may have 256 MB; here only its length is read. A publication that is too long is left out
 * and the connection stays: a retained one would otherwise end each new connection too. So is one that is to be
 * delivered exactly once: the client would keep it until the broker says that this is done, which it may never say.
 */
export class PacketFilter extends Transform {
  private readonly head: number[] = [];
  /** bytes of the present packet that are still to come */
  private left = 0;
  private skipping = false;

  constructor(private readonly limits: PacketFilterOptions) {
    super();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const passed: Buffer[] = [];
    /** where the bytes begin that were not passed on yet */
    let from = 0;
    let at = 0;
    while (at < chunk.length) {
      if (this.left > 0) {
        const end = Math.min(chunk.length, at + this.left);
        this.left -= end - at;
        at = end;
        if (this.skipping) from = end;
        continue;
      }
      this.skipping = false;
      this.head.push(chunk[at++] ?? 0);
      const length = this.length();
      if (length === undefined) continue;
      const begun = this.head.length;
      const [first = 0] = this.head;
      const isPublication = first >> 4 === PUBLISH;
      if (length > this.limits.longest || (isPublication && (first & EXACTLY_ONCE) !== 0)) {
        if (!isPublication) {
          done();
          this.limits.onBroken();
          return;
        }
        this.skipping = true;
        this.limits.onSkipped();
        if (at - begun > from) passed.push(chunk.subarray(from, at - begun));
        from = at;
      } else if (at < begun) {
        // The head began in the chunk before, where it was held back.
        passed.push(Buffer.from(this.head));
        from = at;
      }
      this.head.length = 0;
      this.left = length;
    }
    const end = at - this.head.length;
    if (end > from) passed.push(chunk.subarray(from, end));
    for (const part of passed) this.push(part);
    done();
  }

  /** The length in the head so far; `undefined` while its last byte is missing. */
  private length(): number | undefined {
    const { head } = this;
    const last = head.at(-1) ?? 0;
    if (head.length < 2 || (last >= 0x80 && head.length < LONGEST_HEAD)) return undefined;
    return head.slice(1).reduce((sum, byte, index) => sum + (byte & 0x7f) * 128 ** index, 0);
  }
}
