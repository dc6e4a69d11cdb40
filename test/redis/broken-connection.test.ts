import assert from 'node:assert/strict';
import net, { type AddressInfo, type Socket } from 'node:net';

import { toDeviceError } from '../../lib/core/errors';
import { closeEngines, type Connected, connected, until } from '../support/cluster/engines';
import { RedisServer } from '../support/redis';

/** A way to a server on which a connection breaks when a call of one kind has passed, before its answer does. */
class BreakingWay {
  private readonly server = net.createServer((socket) => this.take(socket));
  private readonly sockets = new Set<Socket>();
  private word: string | undefined;
  private isOpen = true;

  constructor(private readonly port: number) {}

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `redis://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** From the next such call on nobody gets through. */
  breakAfter(word: string): void {
    this.word = word;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private take(socket: Socket): void {
    if (!this.isOpen) {
      socket.destroy();
      return;
    }
    const upstream = net.connect(this.port, '127.0.0.1');
    for (const one of [socket, upstream]) {
      this.sockets.add(one);
      one.on('error', () => undefined).on('close', () => this.sockets.delete(one));
    }
    socket.on('close', () => upstream.end());
    upstream.on('close', () => socket.destroy());
    upstream.on('data', (data: Buffer) => {
      if (this.isOpen) socket.write(data);
      else socket.destroy();
    });
    socket.on('data', (data: Buffer) => {
      if (this.word !== undefined && data.includes(this.word)) this.isOpen = false;
      upstream.write(data);
    });
  }
}

describe('a connection that breaks under calls to the engine', function () {
  this.timeout(60_000);
  let server: RedisServer;
  let way: BreakingWay;
  let one: Connected;

  beforeEach(async () => {
    server = await RedisServer.start();
    way = new BreakingWay(server.port);
    one = await connected(server, 'a', { url: await way.open() });
  });
  afterEach(async () => {
    await closeEngines();
    await way.close();
    await server.stop();
  });

  const failure = (call: Promise<unknown>): Promise<[string, boolean] | 'it did not fail'> =>
    call.then(
      () => 'it did not fail' as const,
      (thrown: unknown) => [toDeviceError(thrown).code, toDeviceError(thrown).sent],
    );

  it('leaves open whether those that had been written have been done', async () => {
    way.breakAfter('XADD');
    const calls = [one.engine.kept('node:x'), one.engine.send('push:x', 'a letter')];
    assert.deepEqual(await Promise.all(calls.map(failure)), [
      ['UNREACHABLE', true],
      ['UNREACHABLE', true],
    ]);
    const { engine } = await connected(server, 'b');
    await until(async () => (await engine.sent('push:x')).length === 1);
    assert.deepEqual(await failure(one.engine.send('push:x', 'another')), ['UNREACHABLE', false]);
  });

  it('leaves it open for all that wait when one of them has waited for too long', async () => {
    await server.ask('CLIENT', 'PAUSE', '3000', 'ALL');
    const calls = [one.engine.send('b', 'first'), one.engine.kept('node:x'), one.engine.send('b', 'second')];
    const failures = await Promise.all(calls.map(failure));
    assert.ok(
      failures.every(([code, sent]) => sent === true && (code === 'TIMEOUT' || code === 'UNREACHABLE')),
      JSON.stringify(failures),
    );
    assert.deepEqual(await failure(one.engine.send('b', 'third')), ['UNREACHABLE', false]);
  });
});
