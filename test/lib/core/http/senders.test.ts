import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';

import { DeviceError } from '../../../../lib/core/errors';
import type { HttpCall, HttpClientOptions } from '../../../../lib/core/http/call';
import { HttpClient } from '../../../../lib/core/http/client';
import { sendBare } from '../../../../lib/core/http/send-bare';
import { loadGot } from '../../../../lib/core/http/send-got';
import type { Send } from '../../../../lib/core/http/sending';
import { Transport } from '../../../../lib/core/http/transport';
import { settle, until } from '../../../support/fake-clock';
import { COMMAND, GET } from '../../../support/raw-bench';
import { okay, type RawRequest, type RawServer, startRaw } from '../../../support/raw-server';

/** Whatever sends a request, a client behaves in the same way: each case runs over both, and has one outcome. */

const GOOD = '{"value":1}';

type Outcome = { value: unknown } | { code: string; reason: string; sent: boolean };

const broke: Outcome = { code: 'UNREACHABLE', reason: 'connectionBroke', sent: true };
const notHttp: Outcome = { code: 'BAD_RESPONSE', reason: 'notHttp', sent: true };
const late: Outcome = { code: 'TIMEOUT', reason: 'TIMEOUT', sent: true };
const good: Outcome = { value: { value: 1 } };
const bad = (code: string, reason = code): Outcome => ({ code, reason, sent: true });

interface Case {
  respond?: (request: RawRequest) => void;
  call?: Partial<HttpCall>;
  options?: Partial<HttpClientOptions>;
  outcome: Outcome;
}

const writes =
  (...parts: (string | Buffer)[]) =>
  ({ socket }: RawRequest): void => {
    for (const part of parts) socket.write(part);
  };
const ends =
  (...parts: (string | Buffer)[]) =>
  ({ socket }: RawRequest): void => {
    for (const part of parts) socket.write(part);
    socket.end();
  };
const OK = 'HTTP/1.1 200 OK\r\n';
const LINE_FEEDS = `HTTP/1.1 200 OK\nContent-Length: ${GOOD.length}\n\n${GOOD}`;
const zipped = gzipSync(GOOD);
const coded = `${OK}Content-Encoding: gzip\r\n`;

const CASES: Record<string, Case> = {
  'a response': { respond: writes(okay(GOOD)), outcome: good },
  'a response in pieces': {
    respond: ({ socket }) => {
      const bytes = okay(GOOD);
      let at = 0;
      const next = (): void => {
        socket.write(bytes.subarray(at, ++at));
        if (at < bytes.length) setImmediate(next);
      };
      next();
    },
    outcome: good,
  },
  'a chunked response': {
    respond: writes(`${OK}Transfer-Encoding: chunked\r\n\r\n`, `b\r\n${GOOD}\r\n0\r\n\r\n`),
    outcome: good,
  },
  'a response that its connection ends': { respond: ends(`HTTP/1.0 200 OK\r\n\r\n${GOOD}`), outcome: good },
  'hints before the response': {
    respond: writes(
      'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n',
      'HTTP/1.1 100 Continue\r\n\r\n',
      okay(GOOD),
    ),
    outcome: good,
  },
  'a coded body': {
    respond: writes(`${coded}Content-Length: ${zipped.length}\r\n\r\n`, zipped),
    outcome: good,
  },
  'a coded body that its connection ends': { respond: ends(`${coded}\r\n`, zipped), outcome: good },
  'half a coded body': {
    respond: ends(`${coded}Content-Length: ${zipped.length}\r\n\r\n`, zipped.subarray(0, 12)),
    outcome: broke,
  },
  nothing: { respond: () => undefined, options: { timeout: 200 }, outcome: late },
  'an end in place of a response': { respond: ends(), outcome: broke },
  'a reset in place of a response': {
    respond: ({ socket }) => void socket.resetAndDestroy(),
    outcome: broke,
  },
  'an end within the head': { respond: ends(OK), outcome: broke },
  'an end within the body': { respond: ends(`${OK}Content-Length: 11\r\n\r\n{"va`), outcome: broke },
  'a reset within the body': {
    respond: ({ socket }) =>
      socket.write(`${OK}Content-Length: 11\r\n\r\n{"va`, () => socket.resetAndDestroy()),
    outcome: broke,
  },
  'an end within a chunk': {
    respond: ends(`${OK}Transfer-Encoding: chunked\r\n\r\nb\r\n{"va`),
    outcome: broke,
  },
  'a head and nothing else': {
    respond: writes(`${OK}Content-Length: 11\r\n\r\n`),
    options: { timeout: 200 },
    outcome: late,
  },
  'a body longer than allowed': {
    respond: writes(okay(`"${'x'.repeat(2000)}"`)),
    options: { maxBytes: 1000 },
    outcome: bad('BAD_RESPONSE', 'tooLong'),
  },
  'an unknown coding': {
    respond: writes(okay(GOOD, 'Content-Encoding: zstd\r\n')),
    outcome: bad('BAD_RESPONSE', 'coded'),
  },
  'no HTTP': { respond: writes('SSH-2.0-OpenSSH_9.2\r\n'), outcome: notHttp },
  'another protocol': {
    respond: writes('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'),
    outcome: notHttp,
  },
  'a change to no protocol': { respond: writes('HTTP/1.1 101 What\r\n\r\n'), outcome: notHttp },
  'a status below 100': {
    respond: writes('HTTP/1.1 099 What\r\nContent-Length: 0\r\n\r\n'),
    outcome: notHttp,
  },
  'no change of what nobody asked about': {
    respond: writes('HTTP/1.1 304 Not Modified\r\n\r\n'),
    outcome: notHttp,
  },
  'a head longer than 16 KB': {
    respond: writes(`${OK}X: ${'x'.repeat(20_000)}\r\n\r\n`),
    outcome: notHttp,
  },
  'two lengths': {
    respond: writes(`${OK}Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}`),
    outcome: notHttp,
  },
  'line feeds where they could be allowed': {
    respond: writes(LINE_FEEDS),
    options: { insecureHTTPParser: false },
    outcome: bad('BAD_RESPONSE', 'lenientHttp'),
  },
  'line feeds where they are allowed': {
    respond: writes(LINE_FEEDS),
    options: { insecureHTTPParser: true },
    outcome: good,
  },
  'a redirection': {
    respond: writes('HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n'),
    outcome: bad('BAD_RESPONSE', 'redirected'),
  },
  'a refusal': {
    respond: writes('HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno'),
    outcome: bad('AUTH_FAILED'),
  },
  'a refusal that breaks off': {
    respond: ends('HTTP/1.1 403 Forbidden\r\nContent-Length: 200\r\n\r\nno'),
    outcome: bad('FORBIDDEN'),
  },
  'a header that cannot be written': {
    call: { headers: { 'x-key': 'a\nb' } },
    outcome: { code: 'UNREACHABLE', reason: 'UNREACHABLE', sent: false },
  },
  'a name that nobody has': {
    options: { baseUrl: 'http://nobody.invalid' },
    outcome: { code: 'UNREACHABLE', reason: 'noSuchHost', sent: false },
  },
};

const SENDERS: Record<string, () => Promise<Send>> = {
  'Node’s own client': () => Promise.resolve(sendBare),
  got: loadGot,
};

for (const [name, load] of Object.entries(SENDERS)) {
  describe(`requests over ${name}`, () => {
    let send: Send;
    let transport: Transport;
    let server: RawServer;
    let heads: string[];
    let respond: (request: RawRequest) => void;

    before(async () => {
      send = await load();
    });
    beforeEach(async () => {
      heads = [];
      transport = new Transport(undefined, send);
      respond = writes(okay(GOOD));
      server = await startRaw((request) => {
        heads.push(request.head);
        respond(request);
      });
    });
    afterEach(async () => {
      transport.close();
      await server.close();
    });

    const client = (options: Partial<HttpClientOptions> = {}): HttpClient =>
      new HttpClient(transport, { baseUrl: server.url, ...options });

    async function outcomeOf(work: Promise<unknown>): Promise<Outcome> {
      try {
        return { value: await work };
      } catch (error) {
        assert.ok(error instanceof DeviceError, String(error));
        const { code, reason, sent } = error;
        return { code, reason, sent };
      }
    }

    for (const [what, one] of Object.entries(CASES)) {
      for (const call of [GET, COMMAND]) {
        it(`have the outcome that fits: ${call.method}, ${what}`, async () => {
          if (one.respond) respond = one.respond;
          const outcome = await outcomeOf(client(one.options).json({ ...call, ...one.call }));
          assert.deepEqual(outcome, one.outcome);
          assert.ok(heads.length <= 1, 'sent once');
          await settle();
        });
      }
    }

    it('leave with the same head', async () => {
      const device = client();
      await device.json({ ...GET, query: { a: 'ä b', b: 1 }, headers: { authorization: 'Bearer x' } });
      await device.json(COMMAND);
      await device.json({ method: 'DELETE', path: 'one', safe: false });
      await device.json({ method: 'POST', path: 'empty', safe: false });
      for (const method of ['PUT', 'PATCH', 'DELETE'] as const) {
        await device.json({ method, path: 'body', safe: false, json: { on: 'ä' } });
      }
      const host = server.url.slice('http://'.length);
      const shown = heads.map((head) => {
        const [line = '', ...headers] = head.trimEnd().split('\r\n');
        return [
          line,
          ...headers.map((header) => header.replace(/^[\w-]+/, (name) => name.toLowerCase())).sort(),
        ];
      });
      const common = (connection: string): string[] => [
        'accept-encoding: identity',
        'accept: application/json',
        `connection: ${connection}`,
        `host: ${host}`,
        'user-agent: node-red-contrib-energy-devices',
      ];
      const with_ = (line: string, connection: string, ...more: string[]): string[] => [
        line,
        ...[...common(connection), ...more].sort(),
      ];
      assert.deepEqual(shown, [
        with_('GET /value?a=%C3%A4+b&b=1 HTTP/1.1', 'keep-alive', 'authorization: Bearer x'),
        with_('POST /command HTTP/1.1', 'close', 'content-length: 11', 'content-type: application/json'),
        with_('DELETE /one HTTP/1.1', 'close'),
        with_('POST /empty HTTP/1.1', 'close', 'content-length: 0'),
        ...['PUT', 'PATCH', 'DELETE'].map((method) =>
          with_(`${method} /body HTTP/1.1`, 'close', 'content-length: 11', 'content-type: application/json'),
        ),
      ]);
    });

    it('are sent once more when a kept connection has ended, if they are safe', async () => {
      respond = ({ socket, request }) => {
        if (request === 1) socket.write(okay(GOOD));
        else socket.resetAndDestroy();
      };
      const device = client({ parallel: true });
      await device.json(GET);
      assert.deepEqual(await device.json(GET), { value: 1 });
      assert.equal(server.connections(), 2);
    });

    const MOMENTS: Record<string, (abort: () => void) => (request: RawRequest) => void> = {
      'before the response': (abort) => () => abort(),
      'after the head': (abort) => (request) => {
        writes(`${OK}Content-Length: 11\r\n\r\n`)(request);
        setImmediate(abort);
      },
      'within the body': (abort) => (request) => {
        writes(`${OK}Content-Length: 11\r\n\r\n{"va`)(request);
        setImmediate(abort);
      },
    };
    for (const [moment, at] of Object.entries(MOMENTS)) {
      it(`end with their connection when they are given up ${moment}`, async () => {
        const abort = new AbortController();
        respond = at(() => abort.abort());
        const outcome = await outcomeOf(client().json({ ...COMMAND, signal: abort.signal }));
        assert.deepEqual(outcome, { code: 'CANCELLED', reason: 'CANCELLED', sent: true });
        await until(() => server.open() === 0);
      });
    }

    it('do not begin when they are given up before', async () => {
      const outcome = await outcomeOf(client().json({ ...GET, signal: AbortSignal.abort() }));
      assert.deepEqual(outcome, { code: 'CANCELLED', reason: 'CANCELLED', sent: false });
      assert.equal(server.connections(), 0);
    });

    it('pass a body on to its end, whose connection ended while it was being read', async () => {
      const piece = Buffer.alloc(100_000, 'x');
      respond = ends('HTTP/1.0 200 OK\r\n\r\n', piece, piece, piece);
      let size = 0;
      await client().stream(GET, async (chunk) => {
        size += chunk.length;
        for (let i = 0; i < 10; i++) await settle();
      });
      assert.equal(size, 300_000);
    });
  });
}

describe('a login', () => {
  it('goes over got, and nothing else does', async () => {
    let loaded = 0;
    class Counting extends Transport {
      override loginSend(): Promise<Send> {
        loaded++;
        return super.loginSend();
      }
    }
    const transport = new Counting();
    const server = await startRaw(({ head, socket }) => {
      socket.write(okay(JSON.stringify({ line: head.split(' ')[1] })));
    });
    try {
      const client = new HttpClient(transport, { baseUrl: server.url });
      const login = { method: 'POST', path: 'login', json: { user: 'me' }, safe: false } as const;
      const answers = [
        await client.json({ method: 'GET', path: 'reading', safe: true }),
        await client.json({ ...login, isLogin: true }),
        await client.json({ method: 'GET', path: 'reading', safe: true }),
      ];
      assert.deepEqual(
        answers.map((answer) => (answer as { line: string }).line),
        ['/reading', '/login', '/reading'],
      );
      assert.equal(loaded, 1);
    } finally {
      transport.close();
      await server.close();
    }
  });
});
