import assert from 'node:assert/strict';
import http from 'node:http';
import { Socket } from 'node:net';
import zlib from 'node:zlib';

import type { HttpClientOptions } from '../../../../lib/core/http/call';
import { HttpClient } from '../../../../lib/core/http/client';
import { sendBare } from '../../../../lib/core/http/send-bare';
import { loadGot } from '../../../../lib/core/http/send-got';
import type { Send } from '../../../../lib/core/http/sending';
import { Transport } from '../../../../lib/core/http/transport';
import { endWhenUnasked } from '../../../../lib/core/http/unasked';
import { settle, until } from '../../../support/fake-clock';
import { COMMAND, GET } from '../../../support/raw-bench';
import { okay, type RawRequest, type RawServer, startRaw } from '../../../support/raw-server';

/** What comes behind a body that has ended: nobody reads it, and no connection is left open for it. */

const BODY = JSON.stringify({ value: 'x'.repeat(1000) });
const OK = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = 'Transfer-Encoding: chunked\r\n\r\n';

const chunk = (bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
const whole = (bytes: Buffer): Buffer => bytes;

interface Kind {
  head: string;
  /** the body, and how what follows it is framed */
  body: Buffer;
  framed: (bytes: Buffer) => Buffer;
}

const coded = (coding: string, body: Buffer, more: Buffer = Buffer.alloc(3)): Kind => ({
  head: `${OK}Content-Encoding: ${coding}\r\n${CHUNKED}`,
  body: Buffer.concat([body, more]),
  framed: chunk,
});

const KINDS: Record<string, Kind> = {
  'gzip and three bytes': coded('gzip', zlib.gzipSync(BODY)),
  'gzip, and pieces of it': coded('gzip', zlib.gzipSync(BODY), Buffer.alloc(0)),
  deflate: coded('deflate', zlib.deflateSync(BODY)),
  'deflate without its header': coded('deflate', zlib.deflateRawSync(BODY)),
  br: coded('br', zlib.brotliCompressSync(BODY)),
  'deflate in gzip': coded(
    'deflate, gzip',
    zlib.gzipSync(Buffer.concat([zlib.deflateSync(BODY), Buffer.alloc(3)])),
  ),
  'gzip whose connection would end it': {
    head: `${OK}Content-Encoding: gzip\r\n\r\n`,
    body: Buffer.concat([zlib.gzipSync(BODY), Buffer.alloc(3)]),
    framed: whole,
  },
  'gzip within a length': {
    head: `${OK}Content-Encoding: gzip\r\nContent-Length: 1000000000\r\n\r\n`,
    body: Buffer.concat([zlib.gzipSync(BODY), Buffer.alloc(3)]),
    framed: whole,
  },
};

const MORE: Record<string, Buffer> = {
  'a zero': Buffer.alloc(1),
  words: Buffer.from('and more'),
  'another response': okay('{"value":2}'),
};

const HOW: Record<string, (socket: Socket, first: Buffer, more: Buffer) => void> = {
  'in one segment': (socket, first, more) => void socket.write(Buffer.concat([first, more])),
  'in the segment of its last byte': (socket, first, more) => {
    socket.write(first.subarray(0, -1), () =>
      setImmediate(() => socket.write(Buffer.concat([first.subarray(-1), more]))),
    );
  },
  'in a segment of its own': (socket, first, more) => {
    socket.write(first, () => setImmediate(() => socket.write(more)));
  },
};

const SENDERS: Record<string, () => Promise<Send>> = {
  'Node’s own client': () => Promise.resolve(sendBare),
  got: loadGot,
};

for (const [name, load] of Object.entries(SENDERS)) {
  describe(`what follows a body, over ${name}`, () => {
    let transport: Transport;
    let server: RawServer;
    let respond: (request: RawRequest) => void;
    let kind: Kind;
    /** the bytes that come behind a body, and a turn later again */
    let drip = Buffer.alloc(0);

    const goOn = (socket: Socket): void => {
      if (!socket.destroyed) socket.write(kind.framed(drip), () => setImmediate(goOn, socket));
    };
    beforeEach(async () => {
      drip = Buffer.alloc(1000);
      transport = new Transport(undefined, await load());
      respond = ({ socket }) => {
        socket.write(Buffer.concat([Buffer.from(kind.head), kind.framed(kind.body)]));
        goOn(socket);
      };
      server = await startRaw((request) => respond(request));
    });
    afterEach(async () => {
      transport.close();
      await server.close();
    });
    const client = (options: Partial<HttpClientOptions> = {}): HttpClient =>
      new HttpClient(transport, { baseUrl: server.url, ...options });

    for (const [what, one] of Object.entries(KINDS)) {
      it(`is not waited for: ${what}`, async () => {
        kind = one;
        for (const call of [GET, COMMAND]) {
          assert.deepEqual(await client().json(call), JSON.parse(BODY));
          await until(() => server.open() === 0);
        }
      });

      it(`is not waited for while somebody reads: ${what}`, async () => {
        kind = one;
        for (const slow of [false, true]) {
          const pieces: Buffer[] = [];
          await client().stream(GET, async (piece) => {
            pieces.push(piece);
            // What still comes has time to be taken for a part of it.
            if (slow) for (let turn = 0; turn < 100; turn++) await settle();
          });
          assert.equal(Buffer.concat(pieces).toString(), BODY);
          await until(() => server.open() === 0);
        }
      });
    }

    it('ends its connection when the length was said', async () => {
      kind = { head: `${OK}Content-Length: ${BODY.length}\r\n\r\n`, body: Buffer.from(BODY), framed: whole };
      drip = Buffer.from('HTTP/1.1 200 OK\r\n\r\n');
      await client().json(COMMAND);
      await until(() => server.open() === 0);
    });

    for (const [what, more] of Object.entries(MORE)) {
      for (const lenient of [false, true]) {
        const name = lenient ? `${what}, read leniently` : what;
        for (const [how, write] of Object.entries(HOW)) {
          it(`leaves a reading as it is: ${name}, ${how}`, async () => {
            const connections: number[] = [];
            respond = ({ socket, connection }) => {
              connections.push(connection);
              write(socket, okay(BODY), more);
            };
            const device = client({ insecureHTTPParser: lenient });
            for (const call of [GET, COMMAND, GET, GET]) {
              assert.deepEqual(await device.json(call), JSON.parse(BODY));
              await until(() => server.open() === 0);
            }
            assert.deepEqual(connections, [1, 2, 3, 4], 'none is used again');
          });
        }

        it(`ends a connection that nobody uses: ${name}`, async () => {
          const sockets: Socket[] = [];
          respond = ({ socket }) => {
            sockets.push(socket);
            socket.write(okay(BODY));
          };
          const device = client({ insecureHTTPParser: lenient });
          for (let reading = 0; reading < 2; reading++) {
            assert.deepEqual(await device.json(GET), JSON.parse(BODY));
            await settle();
            sockets.at(-1)?.write(more);
            await until(() => server.open() === 0);
          }
          assert.equal(server.connections(), 2);
        });
      }
    }

    it('may be empty lines, of which HTTP makes nothing', async () => {
      let last: Socket | undefined;
      respond = ({ socket }) => {
        last = socket;
        socket.write(Buffer.concat([okay(BODY), Buffer.from('\r\n')]));
      };
      const device = client();
      for (let reading = 0; reading < 3; reading++) {
        assert.deepEqual(await device.json(GET), JSON.parse(BODY));
        await settle();
        await new Promise<void>((resolve) => last?.write('\r\n', () => resolve()));
        await settle();
      }
    });
  });
}

describe('a connection that nobody uses', () => {
  it('ends with what nobody asked for, and not with an empty line or once it is used', () => {
    const agent = endWhenUnasked(new http.Agent({ keepAlive: true }));
    const request = http.request({ createConnection: () => new Socket() }).on('error', () => undefined);
    const socket = new Socket();
    agent.keepSocketAlive(socket);
    socket.emit('data', Buffer.from('\r\n\n'));
    assert.equal(socket.destroyed, false);
    agent.reuseSocket(socket, request);
    socket.emit('data', Buffer.from('HTTP/1.1'));
    assert.equal(socket.destroyed, false);
    agent.keepSocketAlive(socket);
    socket.emit('data', Buffer.from('\r\nHTTP/1.1'));
    assert.equal(socket.destroyed, true);
    request.destroy();
    agent.destroy();
  });
});
