import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

import { BodyError, type BodyLimits, BodyReader } from '../../../../lib/core/http/body';

interface Outcome {
  path: string;
  status: number;
  size: number;
}

describe('the body of a request', () => {
  let server: http.Server | undefined;
  const sockets: Socket[] = [];
  const outcomes: Outcome[] = [];
  let waiting: (() => void)[] = [];
  let reader: BodyReader;

  const serve = async (limits: Partial<BodyLimits>): Promise<void> => {
    reader = new BodyReader({ bytes: 1000, ms: 60_000, atOnce: 100, ...limits });
    server = http.createServer((request, response) => {
      const note = (status: number, size: number): void => {
        outcomes.push({ path: request.url ?? '', status, size });
        for (const resolve of waiting) resolve();
        response.writeHead(status, { connection: 'close' }).end();
      };
      reader.read(request).then(
        (body) => note(200, body.length),
        (error: unknown) => note(error instanceof BodyError ? error.status : 500, 0),
      );
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  };
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    outcomes.splice(0);
    waiting = [];
    await new Promise((resolve) => listening().close(resolve));
  });
  const listening = (): http.Server => {
    if (!server) throw new Error('no server');
    return server;
  };
  const open = async (head: string): Promise<Socket> => {
    const socket = connect((listening().address() as AddressInfo).port, '127.0.0.1');
    socket.on('error', () => undefined);
    sockets.push(socket);
    const request = once(listening(), 'request');
    socket.write(head);
    await request;
    return socket;
  };
  const post = (path: string, headers: string): Promise<Socket> =>
    open(`POST ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n\r\n`);
  const outcomeOf = async (path: string): Promise<Outcome> => {
    for (;;) {
      const found = outcomes.find((outcome) => outcome.path === path);
      if (found) return found;
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  };

  it('is put together from pieces of a byte', async () => {
    await serve({});
    const socket = await post('/a', 'Transfer-Encoding: chunked');
    for (let n = 0; n < 1000; n++) socket.write('1\r\nx\r\n');
    socket.write('0\r\nTrailer: x\r\n\r\n');
    assert.deepEqual(await outcomeOf('/a'), { path: '/a', status: 200, size: 1000 });
  });

  it('is refused when it is longer than allowed, said or not', async () => {
    await serve({});
    await post('/said', 'Content-Length: 1001');
    assert.equal((await outcomeOf('/said')).status, 413);
    const socket = await post('/chunked', 'Transfer-Encoding: chunked');
    socket.write(`3e9\r\n${'x'.repeat(1001)}\r\n`);
    assert.equal((await outcomeOf('/chunked')).status, 413);
  });

  it('ends in its time when it comes byte by byte', async () => {
    await serve({ ms: 200 });
    const socket = await post('/slow', 'Content-Length: 1000');
    const timer = setInterval(() => socket.write('x'), 20);
    assert.equal((await outcomeOf('/slow')).status, 408);
    clearInterval(timer);
  });

  it('ends when its client goes', async () => {
    await serve({});
    (await post('/gone', 'Content-Length: 1000')).destroy();
    assert.equal((await outcomeOf('/gone')).status, 400);
  });

  it('gives way to a newer one when there are too many', async () => {
    await serve({ atOnce: 3 });
    for (const path of ['/1', '/2', '/3']) await post(path, 'Content-Length: 10');
    (await post('/4', 'Content-Length: 2')).write('xx');
    assert.deepEqual(await outcomeOf('/4'), { path: '/4', status: 200, size: 2 });
    assert.deepEqual(
      outcomes.map(({ path, status }) => [path, status]),
      [
        ['/1', 503],
        ['/4', 200],
      ],
    );
  });
});
