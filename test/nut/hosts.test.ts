import assert from 'node:assert/strict';

import { testTls } from '../support/fixture';
import { LineClient } from '../support/nut';
import { hasCertutil, runClient, Upsmon } from '../support/nut-clients';
import { type Bench, SERVER, startBench } from './bench';

/** Debian's clients as hosts behind a UPS that a real Node-RED reads. */
describe('hosts behind the UPS', function () {
  this.timeout(120_000);
  let bench: Bench;
  const hosts: Upsmon[] = [];
  const clients: LineClient[] = [];

  beforeEach(async () => {
    bench = await startBench();
    await bench.shows('OL');
  });
  afterEach(async () => {
    for (const host of hosts.splice(0)) await host.close();
    for (const client of clients.splice(0)) client.close();
    await bench.close();
  });

  const host = async (role: 'primary' | 'secondary', tls?: { ca: string; name: string }): Promise<Upsmon> => {
    const user =
      role === 'primary' ? { user: 'admin', password: '123456' } : { user: 'monuser', password: 'secret' };
    const from = bench.runtime.debug.length;
    const made = new Upsmon({ port: bench.port, role, ...user, ...(tls ? { tls } : {}) });
    hosts.push(made);
    const login = await bench.waitForEvent('login', from);
    assert.deepEqual(
      [login.user, login.role, login.address, login.device],
      [user.user, role, '127.0.0.1', 'device'],
    );
    return made;
  };
  const emptyBattery = (): void => {
    bench.ups.model.charge = 0.05;
  };

  it('go down within 3 s when the battery is low, and not before', async () => {
    const primary = await host('primary');
    const secondary = await host('secondary');
    bench.ups.model.setMains(false);
    await bench.shows('OB');
    await primary.says(/on battery/);
    await secondary.says(/on battery/);
    assert.deepEqual([primary.hasShutDown, secondary.hasShutDown], [false, false]);
    emptyBattery();
    const before = Date.now();
    await bench.shows('OB LB');
    await Promise.all([primary.shutDown(), secondary.shutDown()]);
    const took = Date.now() - before;
    console.log(`      both had run their command ${took} ms after the battery was low`);
    assert.ok(took < 3000, `${took} ms`);
  });

  it('stay up when the mains come back', async () => {
    const primary = await host('primary');
    const secondary = await host('secondary');
    bench.ups.model.setMains(false);
    await bench.shows('OB');
    await Promise.all([primary.says(/on battery/), secondary.says(/on battery/)]);
    bench.ups.model.setMains(true);
    await bench.shows('OL');
    await Promise.all([primary.says(/on line power/), secondary.says(/on line power/)]);
    assert.deepEqual([primary.hasShutDown, secondary.hasShutDown], [false, false]);
  });

  it('stay up through twenty deploys on battery, with the same connections', async () => {
    const primary = await host('primary');
    const secondary = await host('secondary');
    const own = await LineClient.connect(bench.port);
    clients.push(own);
    bench.ups.model.setMains(false);
    await bench.shows('OB');
    await Promise.all([primary.says(/on battery/), secondary.says(/on battery/)]);
    for (let round = 0; round < 20; round++) {
      await bench.deploy(
        round % 2 === 0 ? 'full' : 'nodes',
        round % 4 === 3 ? { names: 'ups, qnapups, rack' } : {},
      );
      assert.equal(await own.ask('GET VAR ups ups.status'), 'VAR ups ups.status "OB"\n');
    }
    assert.equal(await own.ask('GET NUMLOGINS ups'), 'NUMLOGINS ups 2\n');
    for (const one of [primary, secondary]) {
      assert.doesNotMatch(one.log, /Communications with UPS \S+ lost|DATA-STALE|Server disconnected/i);
      assert.equal(one.hasShutDown, false);
    }
    // Whoever looks after the server now hears of the clients from before.
    const from = bench.runtime.debug.length;
    await secondary.close();
    assert.equal((await bench.waitForEvent('logout', from)).user, 'monuser');
  });

  it('learn that the state is unknown only after the UPS is lost', async () => {
    const own = await LineClient.connect(bench.port);
    clients.push(own);
    bench.ups.model.setMains(false);
    await bench.shows('OB');
    bench.ups.faults.add({ kind: 'reset' });
    const lost = bench.runtime.waitForStatus('status', ({ fill }) => fill === 'yellow');
    let isLost = false;
    void lost.then(() => (isLost = true));
    for (;;) {
      const reply = await own.ask('GET VAR ups ups.status');
      if (reply === 'ERR DATA-STALE\n') break;
      assert.equal(reply, 'VAR ups ups.status "OB"\n');
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(isLost, true);
  });

  it('go down by a message, secondaries as well', async () => {
    const secondary = await host('secondary');
    const from = bench.runtime.debug.length;
    await bench.order({ fsd: true });
    assert.deepEqual((await bench.waitForEvent('fsd', from)).user, null);
    await secondary.shutDown();
    await bench.order({ fsd: false });
    await bench.waitForEvent('fsdEnd', from);
    await bench.shows('OL');
  });

  it('go down without a primary a few seconds after the battery is low', async () => {
    const secondary = await host('secondary');
    bench.ups.model.setMains(false);
    await bench.shows('OB');
    emptyBattery();
    await bench.shows('OB LB');
    await secondary.shutDown();
    assert.equal((await runClient('upsc', [`ups@127.0.0.1:${bench.port}`, 'ups.status'])).out, 'FSD OB LB\n');
  });

  describe('that insist on TLS', () => {
    const { ca, otherCa } = testTls();
    const name = 'broker.invalid';
    const stranger = (tls: { ca: string; name: string }): Upsmon => {
      const made = new Upsmon({
        port: bench.port,
        user: 'monuser',
        password: 'secret',
        role: 'secondary',
        tls,
      });
      hosts.push(made);
      return made;
    };

    before(function () {
      if (!hasCertutil()) this.skip();
    });

    it('go down all the same, and stay connected through a deploy', async () => {
      await bench.deploy('full', { tls: 'tls' });
      const secondary = await host('secondary', { ca, name });
      await secondary.says(/\[SSL\]/);
      bench.ups.model.setMains(false);
      await bench.shows('OB');
      await secondary.says(/on battery/);
      await bench.deploy('full', { tls: 'tls' });
      emptyBattery();
      await bench.shows('OB LB');
      await secondary.shutDown();
      assert.doesNotMatch(secondary.log, /Communications with UPS \S+ lost|Server disconnected/i);
    });

    const nobody = async (): Promise<void> => {
      const own = await LineClient.connect(bench.port);
      clients.push(own);
      assert.equal(await own.ask('GET NUMLOGINS ups'), 'NUMLOGINS ups 0\n');
    };

    for (const [what, tls] of [
      ['another authority has signed the certificate', { ca: otherCa, name }],
      ['the certificate has another name', { ca, name: 'other.invalid' }],
    ] as const) {
      it(`do not log in where ${what}`, async () => {
        await bench.deploy('full', { tls: 'tls' });
        const secondary = stranger(tls);
        await secondary.says(/Certificate validation failed/);
        await secondary.says(/connect failed: SSL is not available/);
        await nobody();
      });
    }

    it('do not log in where there is no certificate', async () => {
      const secondary = stranger({ ca, name });
      await secondary.says(/connect failed: SSL is not available/);
      assert.doesNotMatch(secondary.log, /Certificate validation/);
      await nobody();
    });
  });

  it('speak TLS as soon as it is offered, without settings of their own', async () => {
    await bench.deploy('full', { tls: 'tls' });
    const secondary = await host('secondary');
    await secondary.says(/\[SSL\]/);
    const { out, err } = await runClient('upsc', [`ups@127.0.0.1:${bench.port}`, 'ups.status']);
    assert.equal(out, 'OL\n');
    assert.match(err, /in SSL/);
  });

  it('are refused with a wrong password, and read all the same', async () => {
    const wrong = new Upsmon({ port: bench.port, user: 'monuser', password: 'wrong', role: 'secondary' });
    hosts.push(wrong);
    await wrong.says(/Login on UPS .* failed|access denied/i);
    assert.equal((await runClient('upsc', [`ups@127.0.0.1:${bench.port}`, 'ups.status'])).out, 'OL\n');
    assert.doesNotMatch(bench.runtime.log.join('\n'), /wrong|123456|\bsecret\b/);
    const { text } = await bench.runtime.get(`energy-devices/ups-nut-server/${SERVER}/diagnostics`);
    assert.doesNotMatch(text, /123456|\bsecret\b/);
  });
});
