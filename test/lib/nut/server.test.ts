import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';

import { type NutEvent, NutHub, type NutUps } from '../../../lib/nut/hub';
import {
  type NutAddress,
  NutServer,
  type NutServerOptions,
  type NutServerState,
} from '../../../lib/nut/server';
import { freePort } from '../../../simulators/support/free-port';
import { FakeClock, settle, until } from '../../support/fake-clock';
import { usedHeap } from '../../support/heap';
import { LineClient } from '../../support/nut';
import { newSeed, Seeded } from '../../support/seeded';

class Ups implements NutUps {
  readonly description = 'Rack 3';
  isLost = false;

  constructor(readonly values = new Map([['ups.status', 'OL']])) {}

  variables(): ReadonlyMap<string, string> | null {
    return this.isLost ? null : this.values;
  }

  commands(): readonly string[] {
    return ['outlet.1.load.off'];
  }
}

describe('NutServer', () => {
  const servers: NutServer[] = [];
  const clients: LineClient[] = [];
  let events: NutEvent[];
  let states: NutServerState[];
  let stateArrived: () => void;

  beforeEach(() => {
    events = [];
    states = [];
    stateArrived = () => undefined;
  });

  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
    for (const server of servers.splice(0)) server.close();
  });

  const nextState = async (): Promise<NutServerState> => {
    while (states.length === 0) await new Promise<void>((resolve) => (stateArrived = resolve));
    const [state] = states.splice(0, 1);
    assert.ok(state);
    return state;
  };

  const serve = async (
    ups: NutUps,
    options: Partial<NutServerOptions> = {},
    address: NutAddress = { host: '127.0.0.1', port: 0 },
  ): Promise<{ server: NutServer; port: number; hub: NutHub }> => {
    const hub = new NutHub((event) => events.push(event));
    hub.configure({
      upses: new Map([
        ['ups', ups],
        ['qnapups', ups],
      ]),
      users: [
        { name: 'monuser', password: 'secret', role: 'secondary', commands: false },
        { name: 'admin', password: '123456', role: 'primary', commands: true },
      ],
    });
    const server = new NutServer({
      hub,
      version: 'test',
      onState: (state) => {
        states.push(state);
        stateArrived();
      },
      ...options,
    });
    servers.push(server);
    server.listen(address);
    const state = await nextState();
    return { server, hub, port: state.state === 'listening' ? state.port : 0 };
  };

  const connect = async (port: number): Promise<LineClient> => {
    const client = await LineClient.connect(port);
    clients.push(client);
    return client;
  };

  it('tells who logs in and out, what is commanded and what is shut down', async () => {
    const ups = new Ups();
    const { port, hub } = await serve(ups);
    const client = await connect(port);
    for (const line of ['USERNAME admin', 'PASSWORD 123456', 'LOGIN qnapups']) await client.ask(line);
    assert.equal(await client.ask('INSTCMD ups outlet.1.load.off'), 'OK\n');
    assert.equal(await client.ask('FSD ups'), 'OK FSD-SET\n');
    assert.equal(await client.ask('FSD ups'), 'OK FSD-SET\n');
    assert.equal(await client.ask('GET VAR qnapups ups.status'), 'VAR qnapups ups.status "FSD OL"\n');
    assert.equal(await client.ask('GET NUMLOGINS ups'), 'NUMLOGINS ups 1\n');
    hub.clearFsd(ups);
    assert.equal(await client.ask('GET VAR ups ups.status'), 'VAR ups ups.status "OL"\n');
    assert.equal(await client.ask('LOGOUT'), 'OK Goodbye\n');
    await client.closed();
    await until(() => events.length === 4);
    const by = { address: '127.0.0.1', user: 'admin' };
    const told = events.map((event) => {
      const { of, ...rest } = event;
      assert.equal(of, ups);
      return 'login' in rest ? { ...rest, login: rest.login.role } : rest;
    });
    assert.deepEqual(told, [
      { event: 'login', login: 'primary', ups: 'qnapups', role: 'primary', ...by },
      { event: 'command', ups: 'ups', command: 'outlet.1.load.off', role: 'primary', ...by },
      { event: 'fsd', ups: 'ups', role: 'primary', ...by },
      { event: 'logout', login: 'primary', ups: 'qnapups', role: 'primary', ...by },
    ]);
    assert.ok(!JSON.stringify(told).includes('123456'));
  });

  it('says that the state is stale when the UPS is lost, and nothing else', async () => {
    const ups = new Ups();
    const { port } = await serve(ups);
    const client = await connect(port);
    ups.isLost = true;
    const stale = [
      'GET VAR ups ups.status',
      'GET VAR ups nope',
      'GET TYPE ups ups.status',
      'LIST VAR ups',
      'LIST CMD ups',
    ];
    for (const line of stale) assert.equal(await client.ask(line), 'ERR DATA-STALE\n', line);
    assert.match(await client.ask('LIST UPS'), /^UPS ups "Rack 3"$/m);
    assert.match(await client.ask('LIST CLIENT ups'), /^END LIST CLIENT ups$/m);
    ups.isLost = false;
    assert.equal(await client.ask('GET VAR ups ups.status'), 'VAR ups ups.status "OL"\n');
  });

  it('refuses the newest client above its limits, and drops none that is connected', async () => {
    const { port } = await serve(new Ups(), { limits: { perHost: 3 } });
    const kept = [await connect(port), await connect(port), await connect(port)];
    for (let more = 0; more < 5; more++) await (await connect(port)).closed();
    for (const client of kept) assert.match(await client.ask('GET VAR ups ups.status'), /"OL"/);
    kept[0]?.close();
    await kept[0]?.closed();
    for (;;) {
      const client = await connect(port);
      if ((await client.ask('NETVER')) === '1.3\n') break;
    }
  });

  it('refuses hosts that are not admitted', async () => {
    const { port } = await serve(new Ups(), { admits: (address) => address !== '127.0.0.1' });
    const client = await connect(port);
    assert.equal(await client.ask('NETVER'), '');
  });

  it('drops a client that says nothing for long, but none while a UPS is on battery', async () => {
    const clock = new FakeClock();
    let onBattery = true;
    const { port } = await serve(new Ups(), { clock, holds: () => onBattery });
    const client = await connect(port);
    assert.equal(await client.ask('NETVER'), '1.3\n');
    await clock.advance(600_000);
    await settle();
    assert.equal(await client.ask('NETVER'), '1.3\n');
    onBattery = false;
    await clock.advance(61_000);
    await client.closed();
  });

  it('does not try a password more than three times on a connection', async () => {
    const { port } = await serve(new Ups());
    const client = await connect(port);
    for (const line of ['USERNAME monuser', 'PASSWORD wrong']) await client.ask(line);
    for (let tries = 0; tries < 10; tries++)
      assert.equal(await client.ask('LOGIN ups'), 'ERR ACCESS-DENIED\n');
    assert.match(await client.ask('GET VAR ups ups.status'), /"OL"/, 'reading is never refused for it');
  });

  it('looks at no more passwords of a host that guesses, and lets one that knew its password go on', async () => {
    const clock = new FakeClock();
    const hub = new NutHub(() => undefined, clock);
    const nas = { name: 'nas', password: 'right', role: 'secondary', commands: false } as const;
    hub.configure({ upses: new Map(), users: [nas] });
    assert.ok(hub.user('nas', 'right', '10.0.0.2'));
    for (let round = 0; round < 30; round++) {
      assert.equal(hub.user('nas', `wrong ${round}`, '10.0.0.1'), undefined);
      assert.equal(hub.user('nas', `wrong ${round}`, '10.0.0.2'), undefined);
    }
    assert.equal(hub.user('nas', 'right', '10.0.0.1'), undefined);
    assert.ok(hub.user('nas', 'right', '10.0.0.2'));
    assert.ok(hub.user('nas', 'right', '10.0.0.3'));
    await clock.advance(60_000);
    assert.ok(hub.user('nas', 'right', '10.0.0.1'));
    // However many guess, what is kept stays bounded, and an honest host is looked at.
    for (let host = 0; host < 5000; host++) hub.user('nas', 'wrong', `10.1.${host >> 8}.${host & 255}`);
    assert.ok(hub.user('nas', 'right', '10.0.0.3'));
  });

  it('counts a host out with its farewell, though its connection stays', async () => {
    const ups = new Ups();
    const { port, hub } = await serve(ups);
    const client = await connect(port);
    for (const line of ['USERNAME monuser', 'PASSWORD secret', 'LOGIN ups']) await client.ask(line);
    assert.equal(hub.clientsOf(ups).length, 1);
    client.socket.pause();
    client.socket.write('LOGOUT\n');
    await until(() => hub.clientsOf(ups).length === 0);
  });

  it('keeps its connections and logins when it listens elsewhere', async () => {
    const ups = new Ups();
    const { server, port, hub } = await serve(ups);
    const client = await connect(port);
    for (const line of ['USERNAME monuser', 'PASSWORD secret', 'LOGIN ups']) await client.ask(line);
    const elsewhere = await freePort();
    server.listen({ host: '127.0.0.1', port: elsewhere });
    assert.deepEqual(await nextState(), { state: 'listening', host: '127.0.0.1', port: elsewhere });
    assert.match(await client.ask('GET VAR ups ups.status'), /"OL"/);
    assert.equal(hub.clientsOf(ups).length, 1);
    await assert.rejects(LineClient.connect(port));
  });

  it('says why it cannot listen, and does once it can', async () => {
    const taken: Server = createServer();
    const port = await freePort();
    await new Promise<void>((resolve) => taken.listen(port, '127.0.0.1', resolve));
    const clock = new FakeClock();
    const hub = new NutHub();
    const server = new NutServer({
      hub,
      version: 'test',
      clock,
      onState: (state) => {
        states.push(state);
        stateArrived();
      },
    });
    servers.push(server);
    server.listen({ host: '127.0.0.1', port });
    const failed = await nextState();
    assert.ok(failed.state === 'failed' && failed.error.reason === 'nutPortTaken');
    await new Promise((resolve) => taken.close(resolve));
    await clock.advance(10_000);
    assert.equal((await nextState()).state, 'listening');
  });

  it('survives clients that send anything, and answers the others meanwhile', async function () {
    this.timeout(120_000);
    const random = new Seeded(newSeed());
    const values = new Map(
      Array.from({ length: 90 }, (_, index) => [`outlet.${index}.desc`, 'x'.repeat(150)]),
    );
    const { port } = await serve(new Ups(new Map([...values, ['ups.status', 'OL']])));
    const bits = [
      'GET',
      'VAR',
      'LIST',
      'ups',
      '"',
      '\\',
      ' ',
      '\t',
      '\0',
      '\r',
      'é',
      'USERNAME',
      '__proto__',
      'constructor',
    ];
    const line = (): string => {
      if (random.chance(0.02)) return 'x'.repeat(random.below(3000));
      return Array.from({ length: random.below(12) }, () => random.pick(bits as [string, ...string[]])).join(
        '',
      );
    };
    const honest = await connect(port);
    const before = usedHeap();
    for (let round = 0; round < 100; round++) {
      const hostile = await connect(port);
      // It never reads, and asks for the longest reply again and again.
      hostile.socket.pause();
      hostile.socket.write(Array.from({ length: 100 }, line).join('\n'), 'latin1');
      hostile.socket.write('\nLIST VAR ups'.repeat(200));
      assert.equal(
        await honest.ask('GET VAR ups ups.status'),
        'VAR ups ups.status "OL"\n',
        `seed ${random.seed}`,
      );
      hostile.close();
      await hostile.closed();
    }
    const grown = usedHeap() - before;
    assert.ok(grown < 16, `${grown} MB, seed ${random.seed}`);
  });

  const LINES: readonly [sent: string, reply: RegExp][] = [
    [`${'x'.repeat(600)}\nNETVER`, /^ERR INVALID-ARGUMENT\n1\.3\n$/],
    [`GET VAR ups ${'x'.repeat(100_000)}\nNETVER`, /^ERR INVALID-ARGUMENT\n1\.3\n$/],
    ['\n\r\n\nNETVER\r', /^1\.3\n$/],
    ['GET VAR __proto__ constructor\nNETVER', /^ERR UNKNOWN-UPS\n1\.3\n$/],
    ['GET VAR ups __proto__\nNETVER', /^ERR VAR-NOT-SUPPORTED\n1\.3\n$/],
    ['GET DESC ups constructor\nNETVER', /^DESC ups constructor "Description unavailable"\n1\.3\n$/],
    ['GET DESC ups "a\\"b"\nNETVER', /^ERR INVALID-ARGUMENT\n1\.3\n$/],
    ['PASSWORD "open\nNETVER', /^ERR INVALID-ARGUMENT\n1\.3\n$/],
  ];
  for (const [sent, reply] of LINES) {
    it(`answers ${JSON.stringify(sent.slice(0, 40))}`, async () => {
      const { port } = await serve(new Ups());
      const client = await connect(port);
      let received = '';
      client.socket.on('data', (chunk: string) => (received += chunk));
      client.socket.write(`${sent}\nLOGOUT\n`, 'latin1');
      await client.closed();
      assert.match(received.replace('OK Goodbye\n', ''), reply);
    });
  }
});
