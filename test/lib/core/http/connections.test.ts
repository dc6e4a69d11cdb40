import assert from 'node:assert/strict';
import type { Socket } from 'node:net';

import { HttpClient } from '../../../../lib/core/http/client';
import { Transport } from '../../../../lib/core/http/transport';
import { failsWith } from '../../../support/expect-error';
import { until } from '../../../support/fake-clock';
import { COMMAND, GET, useRawServer } from '../../../support/raw-bench';
import { okay, type RawRequest, type RawServer, startRaw } from '../../../support/raw-server';

describe('kept connections', () => {
  const bench = useRawServer({ timeout: 1000 });

  /** Answers the first request of each connection and forgets it then, without closing it. */
  const forgetful = ({ socket, request }: RawRequest): void => {
    if (request === 1) socket.write(okay('{}'));
  };

  it('repeats a reading once when a kept connection stays silent, and keeps none after the second time', async () => {
    bench().response = forgetful;
    const device = bench().client();
    await device.json(GET);
    assert.equal(bench().server.connections(), 1);
    await device.json(GET);
    assert.equal(bench().server.connections(), 2, 'the silent one, and one of its own');
    await device.json(GET);
    assert.equal(bench().server.connections(), 3, 'a new one, to be kept');
    await device.json(GET);
    assert.equal(bench().server.connections(), 4, 'silent again');
    for (let i = 1; i <= 3; i++) {
      await device.json(GET);
      assert.equal(bench().server.connections(), 4 + i, 'a connection a request from now on');
    }
    await until(() => bench().server.open() === 0);
  });

  it('takes no more time for both tries than for one', async () => {
    bench().response = ({ socket, request, connection }) => {
      if (request === 1 && connection === 1) socket.write(okay('{}'));
    };
    const device = bench().client();
    await device.json(GET);
    const error = await failsWith(device.json(GET), 'TIMEOUT');
    assert.deepEqual(error.params, { seconds: 1 });
    assert.equal(error.sent, true);
    assert.equal(bench().server.connections(), 2);
  });

  it('learns nothing from a device that is gone altogether', async () => {
    let off = false;
    bench().response = ({ socket }) => {
      if (!off) socket.write(okay('{}'));
    };
    const device = bench().client();
    for (let i = 0; i < 3; i++) {
      off = false;
      await device.json(GET);
      off = true;
      await failsWith(device.json(GET), 'TIMEOUT');
    }
    off = false;
    await device.json(GET);
    const before = bench().server.connections();
    await device.json(GET);
    assert.equal(bench().server.connections(), before, 'still kept');
  });

  it('does not take a slow device for a silent connection', async () => {
    const timers = new Set<NodeJS.Timeout>();
    bench().response = ({ socket }) => {
      timers.add(setTimeout(() => socket.write(okay('{}')), 1250));
    };
    const device = bench().client({ timeout: 2000 });
    await device.json({ ...GET, timeout: 20_000 });
    for (let i = 0; i < 3; i++) await device.json({ ...GET, timeout: 2400 }).catch(() => undefined);
    assert.equal(bench().server.connections(), 1);
    for (const timer of timers) clearTimeout(timer);
  });

  it('never repeats a command', async () => {
    let commands = 0;
    bench().response = ({ head, socket }) => {
      if (head.startsWith('POST')) commands++;
      else socket.write(okay('{}'));
    };
    const device = bench().client();
    await device.json(GET);
    const error = await failsWith(device.json(COMMAND), 'TIMEOUT');
    assert.equal(error.sent, true);
    assert.equal(commands, 1);
  });
});

/**
 * Devices that serve one connection at a time: `waits` leaves the others in the backlog until the one is over, `refuses`
 * breaks them.
 */
for (const manner of ['waits', 'refuses'] as const) {
  describe(`a device that serves one connection at a time and ${manner === 'waits' ? 'lets others wait' : 'breaks others'}`, () => {
    let transport: Transport;
    let server: RawServer;
    let served: Socket | undefined;
    let queue: RawRequest[];
    let log: string[];
    let hold: ((request: RawRequest) => boolean) | undefined;

    const reply = (request: RawRequest): void => {
      log.push(request.head.split(' ', 1)[0] ?? '');
      if (!hold?.(request)) request.socket.write(okay('{}'));
    };
    const serve = (request: RawRequest): void => {
      const { socket } = request;
      if (served && served !== socket) {
        if (manner === 'waits') queue.push(request);
        else socket.resetAndDestroy();
        return;
      }
      if (!served) {
        served = socket;
        socket.once('close', () => {
          served = undefined;
          const next = queue.shift();
          if (next) serve(next);
        });
      }
      reply(request);
    };
    const client = (): HttpClient => new HttpClient(transport, { baseUrl: server.url, timeout: 3000 });

    beforeEach(async () => {
      transport = new Transport();
      served = undefined;
      queue = [];
      log = [];
      hold = undefined;
      server = await startRaw(serve);
    });
    afterEach(async () => {
      transport.close();
      await server.close();
    });

    it('can be switched after a reading whose connection is kept', async () => {
      const device = client();
      for (let i = 0; i < 3; i++) {
        await device.json(GET);
        await device.json(COMMAND);
      }
      assert.deepEqual(log, ['GET', 'POST', 'GET', 'POST', 'GET', 'POST']);
    });

    it('can be switched while it is being read, by another client of the runtime too', async () => {
      let release = (): void => undefined;
      const reading = new Promise<void>((resolve) => {
        hold = ({ socket }) => {
          resolve();
          release = () => socket.write(okay('{}'));
          return true;
        };
      });
      const poll = client().json(GET);
      await reading;
      hold = undefined;
      const command = client().json(COMMAND);
      const later = client().json(GET);
      release();
      await Promise.all([poll, command, later]);
      assert.deepEqual(log, ['GET', 'POST', 'GET']);
    });

    it('can be read by two at once that are one client', async () => {
      const device = client();
      await Promise.all([device.json(GET), device.json(GET), device.json(GET)]);
      assert.equal(server.connections(), 1);
    });

    it('can be switched when a reading takes long', async () => {
      const slow = new Set<NodeJS.Timeout>();
      const reading = new Promise<void>((resolve) => {
        hold = ({ socket }) => {
          resolve();
          slow.add(setTimeout(() => socket.write(okay('{}')), manner === 'waits' ? 1300 : 500));
          return true;
        };
      });
      const device = client();
      const poll = device.json(GET);
      await reading;
      hold = undefined;
      await Promise.all([poll, device.json(GET), device.json(COMMAND)]);
      assert.equal(log.length, 3);
      for (const timer of slow) clearTimeout(timer);
    });

    it('can be tested from a dialog while it is polled', async () => {
      const device = client();
      await device.json(GET);
      const visit = new Transport(transport);
      await new HttpClient(visit, { baseUrl: server.url }).json(GET);
      visit.close();
      await device.json(GET);
    });

    if (manner === 'waits') {
      it('can be read by two clients at once, in the time that each has', async () => {
        const devices = [client(), client()];
        await Promise.all(devices.map((device) => device.json({ ...GET, timeout: 4000 })));
      });
    }

    it('goes on when those who wait give up', async () => {
      let release = (): void => undefined;
      const reading = new Promise<void>((resolve) => {
        hold = ({ socket }) => {
          resolve();
          release = () => socket.write(okay('{}'));
          return true;
        };
      });
      const device = client();
      const poll = device.json(GET);
      await reading;
      hold = undefined;
      const abort = new AbortController();
      const given = failsWith(client().json({ ...COMMAND, signal: abort.signal }), 'CANCELLED');
      const behind = device.json(GET);
      abort.abort();
      assert.equal((await given).sent, false);
      release();
      await poll;
      await behind;
      await client().json(COMMAND);
      assert.equal(log.filter((method) => method === 'POST').length, 1);
    });
  });
}

describe('a device that serves many at once', () => {
  it('is switched although a reading hangs', async () => {
    const transport = new Transport();
    let commands = 0;
    const server = await startRaw(({ head, socket }) => {
      if (head.startsWith('GET')) return;
      commands++;
      socket.write(okay('{}'));
    });
    const device = new HttpClient(transport, { baseUrl: server.url, timeout: 8000 });
    const abort = new AbortController();
    const reading = failsWith(device.json({ ...GET, signal: abort.signal }), 'CANCELLED');
    await device.json(COMMAND);
    assert.equal(commands, 1);
    abort.abort();
    await reading;
    transport.close();
    await server.close();
  });
});

describe('a server that is known to serve many at once', () => {
  it('is sent a command while it is being read', async () => {
    const transport = new Transport();
    const held: Socket[] = [];
    const server = await startRaw(({ head, socket }) => {
      if (head.startsWith('GET')) held.push(socket);
      else socket.write(okay('{}'));
    });
    const cloud = new HttpClient(transport, { baseUrl: server.url, parallel: true });
    const reading = cloud.json(GET);
    await until(() => held.length === 1);
    await cloud.json(COMMAND);
    held[0]?.write(okay('{}'));
    await reading;
    transport.close();
    await server.close();
  });
});
