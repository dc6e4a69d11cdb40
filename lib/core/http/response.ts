import type { IncomingHttpHeaders } from 'node:http';

export interface HttpHead {
  status: number;
  headers: IncomingHttpHeaders;
}

export interface HttpResponse extends HttpHead {
  body: Buffer;
}

/** Takes a piece of a body. While its promise is pending, no further piece is read from the connection. */
export type ChunkHandler = (chunk: Buffer, head: HttpHead) => Promise<void> | void;

export function isSuccess({ status }: HttpHead): boolean {
  return status >= 200 && status < 300;
}

/**
 * Whether it shows when the body of a response breaks off. A body that only ends with its connection may end anywhere;
 * a coded one has an end of its own.
 */
export function showsItsEnd(headers: IncomingHttpHeaders): boolean {
  const {
    'content-length': length,
    'transfer-encoding': transfer = '',
    'content-encoding': coding = '',
  } = headers;
  const isCoded = !['', 'identity'].includes(coding.trim().toLowerCase());
  return length !== undefined || /\bchunked\b/i.test(transfer) || isCoded;
}
