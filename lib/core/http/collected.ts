/** Pieces put together as they come: kept one by one, pieces of a byte would take a hundred times their size. */
export class Collected {
  private buffer: Buffer | undefined;
  private size = 0;

  constructor(private readonly limit: number) {}

  get bytes(): Buffer {
    return this.buffer?.subarray(0, this.size) ?? Buffer.alloc(0);
  }

  /** @returns false when it is too much */
  add(chunk: Buffer): boolean {
    const size = this.size + chunk.length;
    if (size > this.limit) return false;
    if (!this.buffer) this.buffer = chunk;
    else {
      if (size > this.buffer.length) {
        const larger = Buffer.allocUnsafeSlow(Math.min(this.limit, Math.max(2 * size, 4096)));
        this.buffer.copy(larger, 0, 0, this.size);
        this.buffer = larger;
      }
      chunk.copy(this.buffer, this.size);
    }
    this.size = size;
    return true;
  }
}
