import type { ServerResponse } from 'node:http';
import type { Fault } from './faults';
import type { SimHandler, SimReply, SimRequest } from './http';

/** Answers one request: as the handler says, or as the fault demands. */
export type Response = (
  fault: Fault | undefined,
  request: SimRequest,
  handler: SimHandler,
  response: ServerResponse,
) => Promise<void>;

function bodyOf(reply: SimReply): string {
  return reply.json === undefined ? (reply.body ?? '') : JSON.stringify(reply.json);
}

function writeHead(response: ServerResponse, reply: SimReply, length: number): void {
  const type = reply.json === undefined ? {} : { 'Content-Type': 'application/json; charset=utf-8' };
  response.writeHead(reply.status ?? 200, { ...type, ...reply.headers, 'Content-Length': String(length) });
}

/** Sends a whole reply; does nothing when the client is gone already. */
export function send(response: ServerResponse, reply: SimReply): void {
  if (response.destroyed) return;
  const body = bodyOf(reply);
  writeHead(response, reply, Buffer.byteLength(body));
  response.end(body);
}

function sendTruncated(response: ServerResponse, reply: SimReply): void {
  const body = Buffer.from(bodyOf(reply));
  // At least one byte is missing, even from an empty response, so that the client must notice.
  writeHead(response, reply, body.length + 1);
  response.flushHeaders();
  // Destroyed only when the part has left: the client is to see the beginning of a response.
  response.write(body.subarray(0, Math.ceil(body.length / 2)), () => response.socket?.destroy());
}

function reset(response: ServerResponse): void {
  response.socket?.resetAndDestroy();
}

/** Makes an {@link Response}; `wait` resolves after that many milliseconds. */
export function makeResponse(wait: (ms: number) => Promise<void>): Response {
  return async (fault, request, handler, response) => {
    switch (fault?.kind) {
      case undefined:
        send(response, await handler(request));
        return;
      case 'status': {
        const { status, headers = {}, body = '' } = fault;
        send(response, { status, headers, body });
        return;
      }
      case 'body': {
        const { body, contentType = 'application/json; charset=utf-8' } = fault;
        send(response, { body, headers: { 'Content-Type': contentType } });
        return;
      }
      case 'delay': {
        if (fault.late) {
          await wait(fault.ms);
          send(response, await handler(request));
          return;
        }
        const reply = await handler(request);
        await wait(fault.ms);
        send(response, reply);
        return;
      }
      case 'hang':
        if (fault.processed) await handler(request);
        return;
      case 'reset':
        reset(response);
        return;
      case 'resetAfter':
        await handler(request);
        reset(response);
        return;
      case 'truncate':
        sendTruncated(response, await handler(request));
        return;
    }
  };
}
