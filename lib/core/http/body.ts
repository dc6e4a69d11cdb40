import type { IncomingMessage } from 'node:http';

import { Collected } from './collected';

/** Why a body was not read. */
export type BodyFault =
  /** the client left in the middle of it */
  | 400
  /** it took too long */
  | 408
  /** longer than allowed */
  | 413
  /** more bodies at once than allowed, and this one had been on its way for the longest */
  | 503;

const WORDS: Record<BodyFault, string> = {
  400: 'incomplete',
  408: 'too slow',
  413: 'too long',
  503: 'too many',
};

export class BodyError extends Error {
  constructor(readonly status: BodyFault) {
    super(WORDS[status]);
  }
}

export interface BodyLimits {
  /** of one body */
  bytes: number;
  /** ms from the head of the request to the end of its body */
  ms: number;
  /** bodies that are being read at a time; one more ends the one that has been on its way for the longest */
  atOnce: number;
}

/**
 * Reads bodies of incoming requests, so that no client can hold more of the memory than its share, or for longer than its
 * time. A body that arrives as usual takes milliseconds: of too many at once the oldest are those that are sent slowly
 * on purpose, and a new one is never kept out.
 */
export class BodyReader {
  /** oldest first */
  private readonly reading = new Set<(error: BodyError) => void>();

  constructor(private readonly limits: BodyLimits) {}

  /** @throws BodyError */
  read(request: IncomingMessage): Promise<Buffer> {
    const { bytes, ms, atOnce } = this.limits;
    return new Promise((resolve, reject) => {
      if (Number(request.headers['content-length'] ?? 0) > bytes) {
        reject(new BodyError(413));
        return;
      }
      if (request.destroyed) {
        reject(new BodyError(400));
        return;
      }
      // Mostly all of it is here by now, and there is nothing to wait for.
      if (request.complete && request.readableLength <= bytes && !request.readableFlowing) {
        resolve((request.read() as Buffer | null) ?? Buffer.alloc(0));
        return;
      }
      const body = new Collected(bytes);
      const stop = (): void => {
        clearTimeout(timer);
        this.reading.delete(fail);
        request.off('data', onData).off('end', onEnd).off('error', onGone).off('close', onGone);
      };
      const fail = (error: BodyError): void => {
        stop();
        reject(error);
      };
      const onData = (chunk: Buffer): void => {
        if (!body.add(chunk)) fail(new BodyError(413));
      };
      const onEnd = (): void => {
        stop();
        resolve(body.bytes);
      };
      const onGone = (): void => fail(new BodyError(400));
      const timer = setTimeout(() => fail(new BodyError(408)), ms);
      if (this.reading.size >= atOnce) {
        const [oldest] = this.reading;
        oldest?.(new BodyError(503));
      }
      this.reading.add(fail);
      request.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone);
    });
  }

  /**
   * Reads and drops a body that is not needed, so that its connection can be used again. A slow or long body ends the
   * connection.
   */
  discard(request: IncomingMessage): void {
    if (request.complete) request.resume();
    else this.read(request).catch(() => request.destroy());
  }
}
