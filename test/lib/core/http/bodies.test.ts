import assert from 'node:assert/strict';
import zlib from 'node:zlib';

import { Budget } from '../../../../lib/core/budget';
import type { HttpCall } from '../../../../lib/core/http/call';
import { failsWith } from '../../../support/expect-error';
import { FakeClock, settle, until } from '../../../support/fake-clock';
import { COMMAND, GET, type RawBench, useRawServer } from '../../../support/raw-bench';
import { okay, type RawRequest } from '../../../support/raw-server';

const MB = 1024 * 1024;

/** Reads a body in pieces. */
async function streamed(bench: RawBench, call: HttpCall = GET): Promise<string> {
  const pieces: Buffer[] = [];
  await bench.client().stream(call, (chunk) => void pieces.push(chunk));
  return Buffer.concat(pieces).toString();
}

describe('coded answers', () => {
  const bench = useRawServer();
  const body = JSON.stringify({ fine: 'ä'.repeat(2000) });
  const codings: [string, string, Buffer][] = [
    ['gzip', 'gzip', zlib.gzipSync(body)],
    ['gzip, by its old name', 'X-GZIP', zlib.gzipSync(body)],
    ['deflate', 'deflate', zlib.deflateSync(body)],
    ['deflate without its header', 'deflate', zlib.deflateRawSync(body)],
    ['br', 'br', zlib.brotliCompressSync(body)],
    ['two, one on the other', 'deflate, gzip', zlib.gzipSync(zlib.deflateSync(body))],
    ['identity', 'identity', Buffer.from(body)],
    ['a character set by mistake', 'UTF-8', Buffer.from(body)],
    ['empty', '', Buffer.from(body)],
  ];
  for (const [name, coding, bytes] of codings) {
    it(`are asked not to be sent, and read when they are: ${name}`, async () => {
      let asked = '';
      bench().response = ({ head, socket }) => {
        asked = head;
        socket.write(okay(bytes, `Content-Encoding: ${coding}\r\n`));
      };
      assert.deepEqual(await bench().client().json(GET), JSON.parse(body));
      assert.match(asked, /^accept-encoding: identity\r$/im);
      assert.deepEqual(await bench().client().json(COMMAND), JSON.parse(body));
      assert.equal(await streamed(bench()), body);
    });
  }

  it('may be empty whatever their head says', async () => {
    bench().response = ({ socket }) =>
      socket.write('HTTP/1.1 204 No Content\r\nContent-Encoding: gzip\r\n\r\n');
    assert.equal(await bench().client().jsonOrNothing(GET), undefined);
  });

  const unreadable: [string, string, Buffer][] = [
    ['unknown', 'zstd', Buffer.from('x')],
    ['not what they say', 'gzip', Buffer.from('{"plain":true}')],
    ['cut off', 'gzip', zlib.gzipSync(body).subarray(0, 20)],
    ['coded too often', 'gzip, gzip, gzip, gzip', Buffer.from('x')],
    ['of a name that is markup', '<b>"$t(x)</b>', Buffer.from('x')],
  ];
  for (const [name, coding, bytes] of unreadable) {
    it(`get words of their own when they cannot be read: ${name}`, async () => {
      bench().response = ({ socket }) => socket.write(okay(bytes, `Content-Encoding: ${coding}\r\n`));
      const error = await failsWith(bench().client().json(COMMAND), 'BAD_RESPONSE');
      assert.equal(error.reason, 'coded');
      assert.equal(error.sent, true);
      assert.match(String(error.params.coding), /^[a-z0-9 ?_-]{1,32}$/);
      await failsWith(
        bench()
          .client()
          .stream(GET, () => undefined),
        'BAD_RESPONSE',
      );
    });
  }

  it('keep to the limit that holds for what they blow up to', async () => {
    const bombs: [string, Buffer][] = [
      ['gzip', zlib.gzipSync(Buffer.alloc(64 * MB))],
      [
        'br',
        zlib.brotliCompressSync(Buffer.alloc(64 * MB), {
          params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 1 },
        }),
      ],
      ['gzip, gzip', zlib.gzipSync(zlib.gzipSync(Buffer.alloc(64 * MB)))],
    ];
    for (const [coding, bytes] of bombs) {
      bench().response = ({ socket }) => socket.write(okay(bytes, `Content-Encoding: ${coding}\r\n`));
      assert.equal((await failsWith(bench().client().json(GET), 'BAD_RESPONSE')).reason, 'tooLong');
      let most = 0;
      const call = { ...GET, maxBytes: 5 * MB };
      const error = await failsWith(
        bench()
          .client()
          .stream(call, (chunk) => void (most += chunk.length)),
        'BAD_RESPONSE',
      );
      assert.equal(error.reason, 'tooLong');
      assert.ok(most <= 5 * MB);
      const budget = new Budget({ bytes: 3 * MB });
      assert.equal(
        (
          await failsWith(
            bench()
              .client()
              .stream({ ...GET, budget }, () => undefined),
            'BAD_RESPONSE',
          )
        ).reason,
        'tooMuch',
      );
    }
  });

  it('wait for their reader', async () => {
    bench().response = ({ socket }) =>
      socket.write(okay(zlib.gzipSync(Buffer.alloc(2 * MB, 'x')), 'Content-Encoding: gzip\r\n'));
    let busy = 0;
    let length = 0;
    await bench()
      .client()
      .stream(GET, async (chunk) => {
        assert.equal(++busy, 1);
        await settle();
        length += chunk.length;
        busy--;
      });
    assert.equal(length, 2 * MB);
  });

  it('bring the words of a refusal', async () => {
    const words = zlib.gzipSync('{"message":"no entry"}');
    bench().response = ({ socket }) =>
      socket.write(
        Buffer.concat([
          Buffer.from(`HTTP/1.1 403 No\r\nContent-Encoding: gzip\r\nContent-Length: ${words.length}\r\n\r\n`),
          words,
        ]),
      );
    const vendorMessage = (said: unknown): string => (said as { message: string }).message;
    const error = await failsWith(bench().client({ vendorMessage }).json(GET), 'FORBIDDEN');
    assert.equal(error.params.message, 'no entry');
  });
});

describe('refusals', () => {
  const bench = useRawServer();
  const head = 'HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\n';
  const pages: [string, (request: RawRequest) => void][] = [
    [
      'a page without end',
      ({ socket }) => {
        socket.write(`${head}\r\n`);
        const more = (): void => {
          while (!socket.destroyed && socket.write(Buffer.alloc(16_384, 'x')));
          socket.once('drain', more);
        };
        more();
      },
    ],
    ['a page that breaks off', ({ socket }) => socket.end(`${head}Content-Length: 100\r\n\r\n<html>`)],
    ['a page that stops', ({ socket }) => socket.write(`${head}Content-Length: 100\r\n\r\n<html>`)],
    [
      'a page in an unknown coding',
      ({ socket }) => socket.write(`${head}Content-Encoding: zstd\r\nContent-Length: 1\r\n\r\nx`),
    ],
    [
      'a page that is no gzip',
      ({ socket }) => socket.write(`${head}Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx`),
    ],
  ];
  for (const [name, page] of pages) {
    it(`keep their status with ${name}`, async () => {
      bench().response = page;
      for (const call of [GET, COMMAND]) {
        const error = await failsWith(
          bench().client({ timeout: 1000, maxBytes: 10_000_000 }).json(call),
          'FORBIDDEN',
        );
        assert.equal(error.status, 403);
        assert.equal(error.sent, true);
      }
      await until(() => bench().server.open() === 0);
    });
  }
});

describe('answers without end', () => {
  const bench = useRawServer();
  it('are no longer than 4 MB as a whole, whatever the client would take', async () => {
    bench().response = ({ socket }) => socket.write(okay(Buffer.alloc(5 * MB, ' ')));
    const error = await failsWith(
      bench()
        .client({ maxBytes: 100 * MB })
        .json(GET),
      'BAD_RESPONSE',
    );
    assert.deepEqual(error.params, { bytes: 4 * MB });
  });

  it('end after ten minutes when they come byte by byte', async () => {
    const clock = new FakeClock();
    let socket: RawRequest['socket'] | undefined;
    bench().response = (request) => {
      ({ socket } = request);
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
    };
    let pieces = 0;
    const outcome = failsWith(
      bench()
        .client({ timeout: 60_000 }, clock)
        .stream(GET, () => {
          pieces++;
        }),
      'TIMEOUT',
    );
    let over = false;
    void outcome.then(() => (over = true));
    let sent = 0;
    while (!over) {
      await until(() => socket !== undefined);
      sent++;
      socket?.write('x');
      await until(() => over || pieces === sent);
      await clock.advance(10_000);
    }
    assert.deepEqual((await outcome).params, { seconds: 600 });
    assert.ok(sent >= 59 && sent <= 61, `${sent}`);
    assert.equal(clock.pending, 0);
  });

  it('do not count the time that their reader takes', async () => {
    const clock = new FakeClock();
    bench().response = ({ socket }) => socket.write(okay('xy'));
    await bench()
      .client({ timeout: 60_000 }, clock)
      .stream(GET, async () => {
        await clock.advance(3_600_000);
      });
  });

  it('keep to the time of the call that they are a part of', async () => {
    const clock = new FakeClock();
    let begun = false;
    bench().response = ({ socket }) => {
      begun = true;
      socket.write('HTTP/1.1 200 OK\r\n\r\nx');
    };
    let pieces = 0;
    const budget = new Budget({ bytes: MB, ms: 5000, clock });
    const outcome = failsWith(
      bench()
        .client({ timeout: 60_000 }, clock)
        .stream({ ...GET, budget }, () => {
          pieces++;
        }),
      'TIMEOUT',
    );
    await until(() => begun && pieces > 0);
    await clock.advance(5000);
    assert.deepEqual((await outcome).params, { seconds: 5 });
  });

  for (const [name, line] of [
    ['100', 'HTTP/1.1 100 Continue\r\n\r\n'],
    ['103', 'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n'],
    ['102', 'HTTP/1.1 102 Processing\r\n\r\n'],
  ] as const) {
    it(`end in time when they are nothing but ${name}`, async () => {
      bench().response = ({ socket }) => {
        const more = (): void => {
          if (socket.destroyed) return;
          socket.write(line.repeat(10), () => setImmediate(more));
        };
        more();
      };
      for (const call of [GET, COMMAND]) {
        const error = await failsWith(bench().client({ timeout: 120 }).json(call), 'TIMEOUT');
        assert.equal(error.sent, true);
      }
      await failsWith(
        bench()
          .client({ timeout: 120 })
          .stream(GET, () => undefined),
        'TIMEOUT',
      );
      await until(() => bench().server.open() === 0);
    });
  }

  for (const [name, text] of [
    ['headers', `HTTP/1.1 200 OK\r\n${`X-${'a'.repeat(1000)}: b\r\n`.repeat(100)}`],
    ['one header', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(100_000)}`],
  ] as const) {
    it(`are refused when they have ${name} without end`, async () => {
      bench().response = ({ socket }) => socket.write(text);
      assert.equal((await failsWith(bench().client().json(GET), 'BAD_RESPONSE')).reason, 'notHttp');
    });
  }
});

describe('sent', () => {
  const bench = useRawServer();
  it('is told of a call that is given up: false before the connection stands, true after', async () => {
    bench().response = () => undefined;
    const before = new AbortController();
    before.abort();
    const none = await failsWith(
      bench()
        .client()
        .json({ ...COMMAND, signal: before.signal }),
      'CANCELLED',
    );
    assert.equal(none.sent, false);
    const after = new AbortController();
    bench().response = () => after.abort();
    const some = await failsWith(
      bench()
        .client()
        .json({ ...COMMAND, signal: after.signal }),
      'CANCELLED',
    );
    assert.equal(some.sent, true);
  });

  it('stays true when a later try fails without having left', async () => {
    const clock = new FakeClock();
    bench().response = ({ socket }) => socket.destroy();
    const outcome = failsWith(
      bench()
        .client({}, clock)
        .json({ ...GET, retries: 1 }),
      'UNREACHABLE',
    );
    await clock.nextTimer();
    await bench().server.close();
    await clock.advance(1000);
    const error = await outcome;
    assert.equal(error.reason, 'refusedConnection');
    assert.equal(error.sent, true);
  });
});
