import type { IncomingMessage } from 'node:http';

/** A body that was longer than allowed, or a client that left in the middle of it. */
export class BodyError extends Error {
  constructor(readonly status: 400 | 413) {
    super(status === 413 ? 'too long' : 'incomplete');
  }
}

/**
 * Reads the body of an incoming request.
 *
 * @param limit bytes
 * @throws BodyError
 */
export function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (Number(request.headers['content-length'] ?? 0) > limit) {
      reject(new BodyError(413));
      return;
    }
    const chunks: Buffer[] = [];
    let size = 0;
    const stop = (): void => {
      request.off('data', onData).off('end', onEnd).off('error', onGone).off('close', onGone);
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size <= limit) {
        chunks.push(chunk);
        return;
      }
      stop();
      reject(new BodyError(413));
    };
    const onEnd = (): void => {
      const [first] = chunks;
      // Every request closes at last, and means nothing by it after its end.
      request.off('close', onGone);
      resolve(first && chunks.length === 1 ? first : Buffer.concat(chunks));
    };
    const onGone = (): void => {
      stop();
      reject(new BodyError(400));
    };
    request.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone);
  });
}
