import assert from 'node:assert/strict';

import { MeterFinder } from '../../lib/poweropti/find';
import {
  type FlowNode,
  LEVEL,
  loadFlow,
  PLACED,
  sink,
  TAB,
  type TestFlow,
  unloadFlow,
} from '../support/flow';
import { AvahiDevice, type DeviceOptions, makeNetwork } from '../support/avahi';
import { nodeSet } from '../support/node-set';

const ID_A = '1097bd725557';
const ID_B = 'a0b1c2d3e4f5';
const A = '10.77.0.50';
const B = '10.77.0.51';
/** A request to nobody, a look and a reading take longer than what the tests wait for otherwise. */
const LONG = { timeout: 60_000 };
const never = new AbortController().signal;

const announcing = (name: string, id: string, address?: string): DeviceOptions => ({
  services: [{ name, txt: [`id=${id}`] }],
  ...(address === undefined ? {} : { address: `${address}/24` }),
});

/** By IPv4 alone: an address of IPv6 stays, and the meter is followed to it. */
const announcing4 = (name: string, id: string, address: string): DeviceOptions => ({
  ...announcing(name, id, address),
  ipv4Only: true,
});

describe('poweroptis that a real avahi announces', () => {
  const devices: AvahiDevice[] = [];
  let flow: TestFlow | undefined;

  const start = async (number: number, key: string, options: DeviceOptions): Promise<AvahiDevice> => {
    const device = new AvahiDevice(number, options);
    devices.push(device);
    await device.start(key);
    return device;
  };
  /** A node that reads the meter of device A, and follows it. */
  const follow = async (host: string, more: FlowNode = {}): Promise<TestFlow> => {
    const nodes = [
      TAB,
      sink('out'),
      sink('state'),
      { id: 'd', type: 'poweropti-device', host, interval: 1, staleAfter: 600, ...more },
      { id: 'm', type: 'poweropti-meter', ...PLACED, device: 'd', deadband: 0, wires: [['out'], ['state']] },
    ];
    const types = [nodeSet('poweropti-device'), nodeSet('poweropti-meter')];
    flow = await loadFlow(types, nodes, { d: { apiKey: ID_A, announcedId: ID_A } });
    return flow;
  };
  const reading = async (from = 0): Promise<void> => {
    await flow?.at('out').waitFor(() => true, 'reading', { ...LONG, from });
  };
  const moves = (): number => flow?.log(LEVEL.info).filter(({ msg }) => msg === 'log.followed').length ?? 0;
  const found = async () => {
    const { meters } = await new MeterFinder().find(never);
    return meters.map(({ name, id, addresses }) => ({ name, id, addresses: [...addresses].sort() }));
  };

  before(() => makeNetwork('10.77.0.1/24'));
  afterEach(async () => {
    if (flow) await unloadFlow();
    flow = undefined;
    await Promise.all(devices.splice(0).map((device) => device.stop()));
  });

  it('are found with names, ids and addresses', async () => {
    await start(1, ID_A, announcing('powerfox A', ID_A, A));
    await start(2, ID_B, announcing('powerfox Küche', ID_B, B));
    await start(3, 'x', announcing('printer', 'x', '10.77.0.52'));
    const seen = (await found()).map(
      ({ name, id, addresses }) => `${name} ${String(id)} ${addresses.join()}`,
    );
    for (const [name, address] of [
      [`powerfox A ${ID_A}`, A],
      [`powerfox Küche ${ID_B}`, B],
    ] as const) {
      assert.ok(
        seen.some((one) => one.startsWith(name) && one.includes(address)),
        seen.join('; '),
      );
    }
    assert.ok(!seen.some((one) => one.includes('printer')));
  });

  it('are not found where nobody is', async () => {
    const { meters, responses } = await new MeterFinder().find(never);
    assert.deepEqual([meters, responses], [[], 0]);
  });

  it('are read at another address when theirs has changed', async () => {
    const device = await start(1, ID_A, announcing('powerfox A', ID_A, A));
    await follow(A);
    await reading();
    device.setAddress('10.77.0.60/24');
    await flow?.at('out').waitFor(() => moves() === 1, 'reading there', LONG);
    const { length } = flow?.at('out').items ?? [];
    await reading(length);
    assert.equal(moves(), 1);
  });

  it('never get each other’s key when they swap their addresses', async () => {
    const [a, b] = [
      await start(1, ID_A, announcing4('powerfox A', ID_A, A)),
      await start(2, ID_B, announcing4('powerfox B', ID_B, B)),
    ];
    await follow(A);
    await reading();
    a.setAddress(undefined);
    b.setAddress(`${A}/24`);
    await flow
      ?.at('state')
      .waitFor(({ payload }) => !(payload as { available: boolean }).available, 'lost', LONG);
    a.setAddress(`${B}/24`);
    await flow?.at('out').waitFor(() => moves() === 1, 'reading there', LONG);
    assert.deepEqual(b.keys, []);
    assert.ok(a.keys.every((key) => key === ID_A));
  });

  it('are found and read by IPv6 alone', async () => {
    const device = await start(1, ID_A, announcing('powerfox A', ID_A));
    const [one] = await found();
    assert.match(String(one?.addresses[0]), /^fe80::[0-9a-f:]+%br0$/);
    await follow('10.77.0.99');
    await reading();
    assert.ok(device.keys.length > 0);
  });

  it('are not followed when two say that they are one', async () => {
    await start(1, ID_A, announcing('powerfox A', ID_A, A));
    const forger = await start(2, 'other', announcing('powerfox A2', ID_A, B));
    await follow('10.77.0.99');
    await flow
      ?.at('state')
      .waitFor(({ payload }) => !(payload as { available: boolean }).available, 'lost', LONG);
    assert.equal(moves(), 0);
    assert.deepEqual(forger.keys, []);
  });

  it('may be hostile: long strings, markup, foreign addresses, and another one’s id', async () => {
    await start(1, 'x', {
      address: `${A}/24`,
      hosts: { 'evil.local': '8.8.8.8', 'self.local': '127.0.0.1' },
      services: [
        {
          name: 'powerfox <img src=x>',
          txt: [...Array.from({ length: 20 }, (_, i) => `${i}=${'x'.repeat(200)}`), `id=${ID_A}`],
        },
        { name: 'powerfox evil', txt: [`id=${ID_A}`], host: 'evil.local' },
        { name: 'powerfox self', txt: [`id=${ID_A}`], host: 'self.local' },
      ],
    });
    const seen = await found();
    const markup = seen.find(({ name }) => name === 'powerfox <img src=x>');
    assert.ok(markup);
    assert.equal(markup.id, undefined);
    const foreign = seen.filter(({ name }) => /evil|self/.test(name)).flatMap(({ addresses }) => addresses);
    assert.deepEqual(foreign, []);
  });
});
