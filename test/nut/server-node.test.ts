import assert from 'node:assert/strict';
import net from 'node:net';

import Nut from 'node-nut';

import { LineClient } from '../support/nut';
import { runClient } from '../support/nut-clients';
import { newSeed, Seeded } from '../support/seeded';
import { type Bench, PASSWORDS, SERVER, startBench } from './bench';

/** The node in a real Node-RED, and whatever connects to it. */
describe('ups-nut-server', function () {
  this.timeout(120_000);
  let bench: Bench;
  const clients: LineClient[] = [];

  beforeEach(async () => {
    bench = await startBench({ commandPorts: '0' });
    await bench.shows('OL');
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await bench.close();
  });

  const connect = async (...lines: string[]): Promise<LineClient> => {
    const client = await LineClient.connect(bench.port);
    clients.push(client);
    for (const line of lines) assert.equal(await client.ask(line), 'OK\n', line.split(' ')[0]);
    return client;
  };
  const ups = (): string => `ups@127.0.0.1:${bench.port}`;

  it('is read by upsc and node-nut alike', async () => {
    bench.ups.model.describe(4, 'Rack #3 "A"');
    bench.ups.model.describe(5, 'Kotolňa C:\\NAS');
    await bench.shows('OL');
    const { out, code } = await runClient('upsc', [ups()]);
    assert.equal(code, 0);
    const read = Object.fromEntries(
      out
        .trimEnd()
        .split('\n')
        .map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]),
    );
    assert.deepEqual(
      ['ups.status', 'outlet.5.desc', 'outlet.6.desc', 'outlet.1.switchable'].map((name) => read[name]),
      ['OL', 'Rack #3 "A"', 'Kotolna C:\\NAS', 'yes'],
    );
    const nut = new Nut(bench.port, '127.0.0.1');
    const ready = new Promise((resolve) => nut.once('ready', resolve));
    nut.start();
    await ready;
    const list = await new Promise<Record<string, string>>((resolve) => nut.GetUPSList(resolve));
    assert.deepEqual({ ...list }, { ups: 'Rack', qnapups: 'Rack' });
    const variables = await new Promise<Record<string, string>>((resolve) => nut.GetUPSVars('ups', resolve));
    for (const name of ['ups.status', 'battery.voltage', 'ups.serial', 'outlet.count']) {
      assert.equal(variables[name], read[name], name);
    }
    const commands = await new Promise<string[]>((resolve) => nut.GetUPSCommands('ups', resolve));
    assert.ok(commands.join().includes('outlet.1.load.off'));
    nut.close();
    assert.equal(
      (await runClient('upsc', ['-L', `127.0.0.1:${bench.port}`])).out,
      'ups: Rack\nqnapups: Rack\n',
    );
  });

  it('switches the ports that are listed, for those who may, and tells what came of it', async () => {
    const listed = await runClient('upscmd', ['-l', ups()]);
    assert.match(listed.out, /outlet\.1\.load\.off - /);
    assert.doesNotMatch(listed.out, /outlet\.2\./);
    const from = bench.runtime.debug.length;
    const done = await runClient('upscmd', ['-u', 'admin', '-p', '123456', ups(), 'outlet.1.load.off']);
    assert.equal(done.code, 0, done.err);
    const outcome = await bench.waitForEvent('outcome', from);
    assert.deepEqual([outcome.ok, outcome.command, outcome.user], [true, 'outlet.1.load.off', 'admin']);
    assert.deepEqual(outcome.outcome, { port: 0, action: 'off', on: false, changed: true, verified: true });
    assert.equal(bench.ups.model.outputs[0], false);
    const refusals: readonly (readonly [user: string, password: string, command: string, said: RegExp])[] = [
      ['admin', '123456', 'outlet.2.load.off', /CMD-NOT-SUPPORTED/],
      ['admin', 'wrong', 'outlet.1.load.on', /ACCESS-DENIED/],
      ['monuser', 'secret', 'outlet.1.load.on', /ACCESS-DENIED/],
    ];
    for (const [user, password, command, said] of refusals) {
      const refused = await runClient('upscmd', ['-u', user, '-p', password, ups(), command]);
      assert.match(refused.err + refused.out, said);
    }
    assert.equal(bench.ups.model.toggles, 1);
  });

  it('stands two hundred clients at once, and serves the one that was there', async () => {
    const honest = await connect('USERNAME monuser', 'PASSWORD secret', 'LOGIN ups');
    const answers = await Promise.all(
      Array.from({ length: 200 }, async () => {
        const client = await LineClient.connect(bench.port);
        clients.push(client);
        return client.ask('GET VAR ups ups.status');
      }),
    );
    const served = answers.filter((answer) => answer === 'VAR ups ups.status "OL"\n').length;
    assert.equal(served, 7, 'one host may have eight connections');
    assert.equal(answers.filter((answer) => answer === '').length, 193);
    assert.equal(await honest.ask('GET VAR ups ups.status'), 'VAR ups ups.status "OL"\n');
    for (const client of clients.splice(1)) client.close();
    while ((await runClient('upsc', [ups(), 'ups.status'])).out !== 'OL\n');
  });

  it('survives 10,000 lines of anything, and clients that are slow', async () => {
    const random = new Seeded(newSeed());
    console.log(`      seed ${random.seed}`);
    const words = [
      'GET',
      'VAR',
      'LIST',
      'ups',
      'UPS',
      'CLIENT',
      '"',
      '\\',
      ' ',
      '\0',
      'é',
      'USERNAME',
      'admin',
      'LOGIN',
      'FSD',
      'INSTCMD',
    ];
    const line = (): string =>
      Array.from({ length: random.below(10) }, () => random.pick(words as [string, ...string[]])).join(
        random.chance(0.7) ? ' ' : '',
      );
    const slow = net.connect(bench.port, '127.0.0.1');
    slow.on('error', () => undefined);
    slow.write('GET VAR ups');
    const honest = await connect();
    const before = await bench.heap();
    for (let round = 0; round < 10; round++) {
      const hostile = await connect();
      hostile.socket.write(Array.from({ length: 1000 }, line).join('\n'), 'latin1');
      hostile.socket.write(`\n${'x'.repeat(100_000)}\nLOGOUT\n`, 'latin1');
      assert.equal(await honest.ask('GET VAR ups ups.status'), 'VAR ups ups.status "OL"\n');
      await hostile.closed();
    }
    const grown = (await bench.heap()) - before;
    console.log(`      heap ${grown.toFixed(1)} MB`);
    assert.ok(grown < 16, `${grown} MB, seed ${random.seed}`);
    slow.destroy();
    assert.deepEqual(
      bench.runtime.log.filter((text) => text.includes('[error]')),
      [],
    );
  });

  it('ends at once when the node is deleted, and when Node-RED ends', async () => {
    const client = await connect();
    await bench.runtime.deploy(
      bench.flow().filter(({ id }) => id !== SERVER),
      { type: 'nodes' },
    );
    await client.closed();
    await assert.rejects(LineClient.connect(bench.port));
    // Its passwords have gone with it.
    const again = bench
      .flow()
      .map((node) => (node.id === SERVER ? { ...node, credentials: PASSWORDS } : node));
    await bench.runtime.deploy(again, { type: 'nodes' });
    await bench.runtime.waitForStatus(SERVER, ({ text }) => text?.includes('· OL') === true);
    const last = await connect();
    await bench.restart();
    await last.closed();
  });

  it('moves to another address, and keeps who is connected', async () => {
    const client = await connect('USERNAME monuser', 'PASSWORD secret', 'LOGIN ups');
    const taken = net.createServer();
    const port = await new Promise<number>((resolve) => {
      taken.listen(0, '127.0.0.1', () => resolve((taken.address() as net.AddressInfo).port));
    });
    await bench.deploy('nodes', { port });
    const { text } = await bench.runtime.waitForStatus(SERVER, ({ fill }) => fill === 'red');
    assert.match(String(text), /nutNotListening|cannot listen/);
    await bench.runtime.waitForLog(/another program has it/);
    assert.equal(await client.ask('GET VAR ups ups.status'), 'VAR ups ups.status "OL"\n');
    await new Promise((resolve) => taken.close(resolve));
    await bench.runtime.waitForStatus(SERVER, ({ fill }) => fill === 'green', { timeout: 20_000 });
    assert.equal((await runClient('upsc', [`ups@127.0.0.1:${port}`, 'ups.status'])).out, 'OL\n');
    assert.equal(await client.ask('GET NUMLOGINS ups'), 'NUMLOGINS ups 1\n');
  });

  it('lets a shutdown stand over a restart only on battery', async () => {
    bench.ups.model.setMains(false);
    await bench.shows('OB');
    await bench.order({ fsd: true });
    await bench.shows('FSD OB');
    await bench.deploy('full');
    await bench.shows('FSD OB');
    await bench.restart();
    await bench.shows('FSD OB');
    bench.ups.model.setMains(true);
    await bench.restart();
    await bench.shows('OL');
    bench.ups.model.setMains(false);
    await bench.restart();
    await bench.shows('OB');
  });

  it('refuses what it does not understand, and low batteries on mains', async () => {
    const from = bench.runtime.log.length;
    await bench.order({ lowBattery: true });
    await bench.runtime.waitForLog(/runs from the mains/, { from });
    await bench.order({ odd: true });
    await bench.runtime.waitForLog(/"fsd" must be true or false/, { from });
    assert.equal((await runClient('upsc', [ups(), 'ups.status'])).out, 'OL\n');
    bench.ups.model.setMains(false);
    await bench.shows('OB');
    await bench.order({ lowBattery: true });
    await bench.shows('OB LB');
  });
});
