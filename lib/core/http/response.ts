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
