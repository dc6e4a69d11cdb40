import type { HttpCall, HttpClientOptions } from '../../lib/core/http/call';
import { HttpClient } from '../../lib/core/http/client';
import { Transport } from '../../lib/core/http/transport';
import type { FakeClock } from './fake-clock';
import { type RawRequest, type RawServer, startRaw } from './raw-server';

/** A reading, which may be repeated. */
export const GET: HttpCall = { method: 'GET', path: 'value', safe: true };
/** A command, which may not. */
export const COMMAND: HttpCall = { method: 'POST', path: 'command', safe: false, json: { on: true } };

/** Clients, and the server whose bytes they get. */
export class RawBench {
  transport = new Transport();
  /** What the server does with each request. */
  response: (request: RawRequest) => void = () => undefined;

  constructor(
    private readonly defaults: Partial<HttpClientOptions>,
    readonly server: RawServer,
  ) {}

  client(options: Partial<HttpClientOptions> = {}, clock?: FakeClock): HttpClient {
    return new HttpClient(this.transport, { baseUrl: this.server.url, ...this.defaults, ...options }, clock);
  }

  async close(): Promise<void> {
    this.transport.close();
    await this.server.close();
  }
}

/**
 * Gives each test of a suite a server and a transport of its own.
 *
 * @returns those of the test that runs
 */
export function useRawServer(defaults: Partial<HttpClientOptions> = {}): () => RawBench {
  let bench: RawBench;
  beforeEach(async () => {
    const server = await startRaw((request) => bench.response(request));
    bench = new RawBench(defaults, server);
  });
  afterEach(() => bench.close());
  return () => bench;
}
