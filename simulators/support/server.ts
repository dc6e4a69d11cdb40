import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Faults } from './faults';
import type { SimHandler, SimRequest } from './http';
import { makeResponse, send, type Response } from './response';

export { Faults } from './faults';
export type { SimHandler, SimReply, SimRequest } from './http';

export interface SimServerOptions {
  /** Default: any free port. */
  port?: number;
  host?: '127.0.0.1';
  /** Default: a new list; given when a control route has to reach it. */
  faults?: Faults;
  /**
   * Answers paths below `/_sim/`, by which a demo or a person steers the simulator. These requests never
   * fail and are neither logged nor counted, since the real device does not have them.
   */
  control?: SimHandler;
}

/** Figures on what reached the server. Requests to the control routes do not count. */
export interface SimCounters {
  readonly requests: number;
  /** TCP connections accepted since the start, and those that are open now. */
  readonly connections: number;
  readonly openConnections: number;
  /** Requests that are being answered now, and the most that ever were at once. */
  readonly inFlight: number;
  readonly maxInFlight: number;
}

export interface SimServer {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly port: number;
  readonly server: http.Server;
  readonly faults: Faults;
  readonly counters: SimCounters;
  /** The last 1000 requests, oldest first. */
  readonly log: readonly SimRequest[];
  /** Resolves with the next request (that satisfies `match`) as it arrives, before it is answered. */
  nextRequest(match?: (request: SimRequest) => boolean): Promise<SimRequest>;
  /** Stops at once: open connections are destroyed and delayed answers dropped. May be called again. */
  close(): Promise<void>;
}

const LOG_SIZE = 1000;
const CONTROL_PREFIX = '/_sim/';

interface Waiter {
  match: (request: SimRequest) => boolean;
  resolve: (request: SimRequest) => void;
}

async function readRequest(message: http.IncomingMessage): Promise<SimRequest> {
  const time = Date.now();
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  const target = message.url ?? '/';
  const mark = target.indexOf('?');
  return {
    method: message.method ?? 'GET',
    path: mark < 0 ? target : target.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1)),
    headers: message.headers,
    body: Buffer.concat(chunks).toString('utf8'),
    time,
  };
}

/**
 * Starts an HTTP server on loopback for a simulated device. It keeps a request log, counts connections and
 * requests, and fails on demand through `faults`.
 */
export async function startHttp(handler: SimHandler, options: SimServerOptions = {}): Promise<SimServer> {
  const faults = options.faults ?? new Faults();
  const counters = { requests: 0, connections: 0, openConnections: 0, inFlight: 0, maxInFlight: 0 };
  const log: SimRequest[] = [];
  const sockets = new Set<Socket>();
  const timers = new Set<NodeJS.Timeout>();
  let waiters: Waiter[] = [];

  const reply: Response = makeResponse((ms) => {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        timers.delete(timer);
        resolve();
      }, ms);
      timers.add(timer);
    });
  });

  function count(response: http.ServerResponse): void {
    counters.requests += 1;
    counters.inFlight += 1;
    counters.maxInFlight = Math.max(counters.maxInFlight, counters.inFlight);
    response.once('close', () => (counters.inFlight -= 1));
  }

  function record(request: SimRequest): void {
    log.push(request);
    if (log.length > LOG_SIZE) log.shift();
    const reached = waiters.filter((waiter) => waiter.match(request));
    waiters = waiters.filter((waiter) => !reached.includes(waiter));
    for (const waiter of reached) waiter.resolve(request);
  }

  async function serve(message: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const { control } = options;
    if (control && message.url?.startsWith(CONTROL_PREFIX)) {
      send(response, await control(await readRequest(message)));
      return;
    }
    count(response);
    const request = await readRequest(message);
    record(request);
    await reply(faults.take(request), request, handler, response);
  }

  const server = http.createServer((message, response) => {
    serve(message, response).catch((error: unknown) => {
      // A client that left in the middle of its request ends up here too; there is nobody to answer then.
      if (response.headersSent || response.destroyed) response.destroy();
      else send(response, { status: 500, body: String(error), headers: { 'Content-Type': 'text/plain' } });
    });
  });
  server.on('connection', (socket) => {
    counters.connections += 1;
    counters.openConnections += 1;
    sockets.add(socket);
    socket.once('close', () => {
      counters.openConnections -= 1;
      sockets.delete(socket);
    });
  });

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
  const { port } = server.address() as AddressInfo;

  let closing: Promise<void> | undefined;
  function close(): Promise<void> {
    closing ??= new Promise((resolve) => {
      server.close(() => resolve());
      for (const timer of timers) clearTimeout(timer);
      for (const socket of sockets) socket.destroy();
    });
    return closing;
  }

  return {
    url: `http://127.0.0.1:${port}`,
    port,
    server,
    faults,
    counters,
    log,
    nextRequest: (match = () => true) => new Promise((resolve) => waiters.push({ match, resolve })),
    close,
  };
}
