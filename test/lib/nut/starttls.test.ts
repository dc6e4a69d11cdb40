import assert from 'node:assert/strict';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';

import { NutHub, type NutUps } from '../../../lib/nut/hub';
import { NutServer } from '../../../lib/nut/server';
import { until } from '../../support/fake-clock';
import { testTls } from '../../support/fixture';
import { LineClient } from '../../support/nut';

const UPS: NutUps = {
  description: 'Rack 3',
  variables: () => new Map([['ups.status', 'OL']]),
  commands: () => [],
};
const { ca, otherCa, serverCert, serverKey } = testTls();
const TRUST = { ca, servername: 'broker.invalid' };
const SHOWN = 'VAR ups ups.status "OL"\n';

describe('a connection that goes on over TLS', () => {
  const clients: LineClient[] = [];
  let server: NutServer;
  let hub: NutHub;
  let port: number;
  let context: SecureContext | undefined;

  beforeEach(async () => {
    context = createSecureContext({ cert: serverCert, key: serverKey });
    hub = new NutHub(() => undefined);
    hub.configure({
      upses: new Map([['ups', UPS]]),
      users: [{ name: 'monuser', password: 'secret', role: 'secondary', commands: false }],
    });
    port = await new Promise<number>((resolve, reject) => {
      server = new NutServer({
        hub,
        version: 'test',
        tls: () => context,
        onState: (state) => (state.state === 'listening' ? resolve(state.port) : reject(state.error)),
      });
      server.listen({ host: '127.0.0.1', port: 0 });
    });
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
    server.close();
  });

  const connect = async (): Promise<LineClient> => {
    const client = await LineClient.connect(port);
    clients.push(client);
    return client;
  };
  const connectSecure = async (): Promise<LineClient> => {
    const client = await connect();
    assert.equal(await client.ask('STARTTLS'), 'OK STARTTLS\n');
    await client.secure(TRUST);
    return client;
  };

  it('is the same one: it logs in, reads and logs out, and closes once', async () => {
    const client = await connectSecure();
    assert.ok(client.socket instanceof TLSSocket && client.socket.authorized);
    for (const line of ['USERNAME monuser', 'PASSWORD secret', 'LOGIN ups']) {
      assert.equal(await client.ask(line), 'OK\n');
    }
    assert.equal(await client.ask('GET VAR ups ups.status'), SHOWN);
    assert.match(await client.ask('LIST VAR ups'), /^BEGIN LIST VAR ups\n[^]*END LIST VAR ups\n$/);
    assert.equal(await client.ask('GET NUMLOGINS ups'), 'NUMLOGINS ups 1\n');
    assert.equal(server.connectionCount, 1);
    assert.equal(await client.ask('LOGOUT'), 'OK Goodbye\n');
    await client.closed();
    await until(() => server.connectionCount === 0);
  });

  it('answers a thousand requests that come at once, in their order', async () => {
    const client = await connectSecure();
    client.socket.write('GET VAR ups ups.status\n'.repeat(999), 'latin1');
    let replies = await client.ask('GET NUMLOGINS ups');
    while (!replies.includes('NUMLOGINS')) replies += await client.ask('');
    assert.equal(replies, `${SHOWN.repeat(999)}NUMLOGINS ups 0\n`);
  });

  it('is told that there is no certificate, and goes on in the clear', async () => {
    context = undefined;
    const client = await connect();
    assert.equal(await client.ask('STARTTLS'), 'ERR FEATURE-NOT-CONFIGURED\n');
    assert.equal(await client.ask('GET VAR ups ups.status'), SHOWN);
  });

  it('begins with TLS once', async () => {
    const client = await connectSecure();
    assert.equal(await client.ask('STARTTLS'), 'ERR ALREADY-SSL-MODE\n');
    assert.equal(await client.ask('STARTTLS now'), 'ERR INVALID-ARGUMENT\n');
  });

  it('ends where something was said behind the request in the clear: anybody may have put it there', async () => {
    const client = await connect();
    const heard = await client.ask('STARTTLS\nUSERNAME monuser\nPASSWORD secret\nLOGIN ups');
    assert.doesNotMatch(heard, /^OK$/m);
    await client.closed();
    await until(() => server.connectionCount === 0);
    assert.equal(hub.clientsOf(UPS).length, 0);
  });

  for (const [what, follow] of [
    ['talks on in the clear', (client: LineClient) => client.ask('GET VAR ups ups.status')],
    ['does not trust the certificate', (client: LineClient) => client.secure({ ...TRUST, ca: otherCa })],
    ['wants another name', (client: LineClient) => client.secure({ ...TRUST, servername: 'other.invalid' })],
    [
      'leaves',
      (client: LineClient) => {
        client.close();
        return client.closed();
      },
    ],
  ] as const) {
    it(`ends with a client that ${what}, and no other`, async () => {
      const other = await connectSecure();
      const client = await connect();
      assert.equal(await client.ask('STARTTLS'), 'OK STARTTLS\n');
      await Promise.resolve<unknown>(follow(client)).catch(() => undefined);
      client.close();
      await until(() => server.connectionCount === 1);
      assert.equal(await other.ask('GET VAR ups ups.status'), SHOWN);
    });
  }

  it('closes with the server', async () => {
    const client = await connectSecure();
    server.close();
    await client.closed();
    assert.equal(server.connectionCount, 0);
  });
});
