import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import zlib from 'node:zlib';

import type { HttpCall } from '../../../../lib/core/http/call';
import { HttpClient } from '../../../../lib/core/http/client';
import { sendBare } from '../../../../lib/core/http/send-bare';
import { loadGot } from '../../../../lib/core/http/send-got';
import type { Send } from '../../../../lib/core/http/sending';
import { Transport } from '../../../../lib/core/http/transport';
import { settle, until } from '../../../support/fake-clock';
import { type RawServer, startRaw } from '../../../support/raw-server';

/** What comes behind a body that has ended: nobody reads it, and no connection is left open for it. */

const GET: HttpCall = { method: 'GET', path: 'value', safe: true };
const COMMAND: HttpCall = { method: 'POST', path: 'command', safe: false, json: { on: true } };
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

const SENDERS: Record<string, () => Promise<Send>> = {
  'Node’s own client': () => Promise.resolve(sendBare),
  got: loadGot,
};

for (const [name, load] of Object.entries(SENDERS)) {
  describe(`what follows a body, over ${name}`, () => {
    let transport: Transport;
    let server: RawServer;
    let kind: Kind;
    /** the bytes that come behind a body, and a turn later again */
    let drip = Buffer.alloc(0);

    const goOn = (socket: Socket): void => {
      if (!socket.destroyed) socket.write(kind.framed(drip), () => setImmediate(goOn, socket));
    };
    beforeEach(async () => {
      drip = Buffer.alloc(1000);
      transport = new Transport(undefined, await load());
      server = await startRaw(({ socket }) => {
        socket.write(Buffer.concat([Buffer.from(kind.head), kind.framed(kind.body)]));
        goOn(socket);
      });
    });
    afterEach(async () => {
      transport.close();
      await server.close();
    });
    const client = (): HttpClient => new HttpClient(transport, { baseUrl: server.url });

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
  });
}
