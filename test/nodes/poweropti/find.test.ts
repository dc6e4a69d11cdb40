import assert from 'node:assert/strict';
import os from 'node:os';

import { systemClock } from '../../../lib/core/clock';
import { SocketWire } from '../../../lib/core/mdns/wire';
import type { ConfigNode } from '../../../nodes/shared/config-node';
import { Tickets } from '../../../nodes/poweropti/announced-id';
import { foundDevices } from '../../../nodes/poweropti/found-devices';
import { type PoweroptiSimulator, startPoweropti } from '../../../simulators/poweropti';
import { until } from '../../support/fake-clock';
import {
  admin,
  type FlowNode,
  LEVEL,
  loadFlow,
  sink,
  TAB,
  type TestFlow,
  unloadFlow,
} from '../../support/flow';
import { FakeWire, type Said } from '../../support/mdns';
import { nodeSet } from '../../support/node-set';

const ID = '1097bd725557';

interface Answer {
  ok: boolean;
  reason?: string;
  devices: { ticket: string; name: string; address: string; idIs: string }[];
  heard: boolean;
  full: boolean;
}

const DEVICE = nodeSet('poweropti-device');

describe('Find in the dialog of poweropti-device', () => {
  const real = {
    after: systemClock.after.bind(systemClock),
    interfaces: os.networkInterfaces,
    wire: { ...Object.getOwnPropertyDescriptors(SocketWire.prototype) },
  };
  let wire: FakeWire;
  let flow: TestFlow;
  let sim: PoweroptiSimulator;
  let said: [Said, source?: string][];

  const device = (more: FlowNode = {}): FlowNode => ({
    ...{ id: 'd', type: 'poweropti-device', host: sim.host, interval: 3600, staleAfter: 60 },
    ...more,
  });
  const load = async (credentials: Record<string, string>, more: FlowNode = {}): Promise<void> => {
    flow = await loadFlow([DEVICE], [TAB, sink('out'), device(more)], { d: credentials });
  };
  const ask = async (action: string, body: object, id = 'd'): Promise<Answer> => {
    const { body: answer } = await admin()
      .post(`/energy-devices/poweropti-device/${id}/${action}`)
      .send(body);
    assert.ok(!JSON.stringify(answer).toLowerCase().includes(ID), 'the id has left the runtime');
    return answer as Answer;
  };
  const find = (apiKey = ''): Promise<Answer> => ask('find', { settings: {}, credentials: { apiKey } });
  const stored = (): Record<string, string> =>
    (flow.node('d') as ConfigNode<unknown> & { credentials: Record<string, string> }).credentials;

  beforeEach(async () => {
    wire = new FakeWire();
    said = [[{}]];
    // The first question is what everybody answers.
    SocketWire.prototype.open = (onPacket) => wire.open(onPacket);
    SocketWire.prototype.close = () => wire.close();
    SocketWire.prototype.send = (bytes) => {
      for (const [one, source] of said.splice(0)) wire.announce(one, source);
      return wire.send(bytes);
    };
    os.networkInterfaces = () => ({
      eth0: [
        {
          ...{ address: '192.168.1.2', netmask: '', mac: '', internal: false, cidr: '192.168.1.2/24' },
          family: 'IPv4',
        },
      ],
    });
    // Nobody waits for five seconds of silence: who was asked has answered.
    systemClock.after = (ms, fn) => {
      if (ms !== 5000) return real.after(ms, fn);
      const asked = wire.sent.length;
      void until(() => wire.sent.length > asked).then(fn);
      return () => undefined;
    };
    sim = await startPoweropti({ apiKey: ID });
  });
  afterEach(async () => {
    await unloadFlow();
    await sim.close();
    systemClock.after = real.after;
    os.networkInterfaces = real.interfaces;
    Object.defineProperties(SocketWire.prototype, real.wire);
  });

  it('lists devices by masked names and addresses, and says what their ids are', async () => {
    await load({ apiKey: ID });
    const two: [Said, string?][] = [
      [{ instance: `powerfox-${ID}` }],
      [
        { instance: 'powerfox <b>', txt: ['id=a0b1c2d3e4f5'], addresses: ['192.168.1.51'], port: 8080 },
        '192.168.1.51',
      ],
      [{ instance: 'powerfox-mute', txt: [], addresses: ['192.168.1.52'] }, '192.168.1.52'],
      [{ instance: 'powerfox-nowhere', addresses: ['8.8.8.8'] }, '192.168.1.53'],
    ];
    for (const [key, idIs] of [
      ['__PWRD__', ['key', 'another', 'none']],
      ['', ['new', 'new', 'none']],
      ['a0b1c2d3e4f5', ['another', 'key', 'none']],
    ] as const) {
      said = [...two];
      const { ok, devices, heard, full } = await find(key);
      assert.deepEqual([ok, heard, full], [true, true, false]);
      assert.deepEqual(
        devices.map(({ name, address }) => [name, address]),
        [
          ['powerfox-… …557', '192.168.1.50'],
          ['powerfox <b> …4f5', '192.168.1.51:8080'],
          ['powerfox-mute', '192.168.1.52'],
        ],
      );
      assert.deepEqual(
        devices.map((one) => one.idIs),
        idIs,
      );
    }
  });

  it('says that nobody is heard, and that somebody is, but no poweropti', async () => {
    await load({ apiKey: ID });
    said = [];
    assert.deepEqual(await find(), { ok: true, devices: [], heard: false, full: false });
    said = [[{ instance: 'printer' }]];
    assert.deepEqual(await find(), { ok: true, devices: [], heard: true, full: false });
  });

  it('works also where the key is a ticket that nothing is known of any more', async () => {
    await load({ apiKey: 'k' });
    assert.equal((await find(`announced:${'0'.repeat(32)}`)).devices[0]?.idIs, 'new');
  });

  it('binds and loads nothing before', async () => {
    await load({ apiKey: ID, announcedId: ID });
    assert.equal(wire.opened, 0);
  });

  it('hands the id over to the credentials without the browser, for a deploy and all after it', async () => {
    await load({ apiKey: ID });
    const [found] = (await find()).devices;
    assert.ok(found);
    assert.equal((await ask('adopt', { settings: { ticket: found.ticket } })).ok, true);
    // What is kept beside them means nothing as long as the dialog is not saved.
    const kept = { ...stored() };
    await unloadFlow();
    const announced = JSON.stringify({ ticket: found.ticket, id: ID, address: found.address });
    await load({ ...kept, apiKey: found.ticket, announcedId: found.ticket, announced });
    assert.deepEqual([stored().apiKey, stored().announcedId], [ID, ID]);
    assert.ok(!flow.log().some(({ msg }) => msg.includes(ID)));
    const { body } = await admin().get('/energy-devices/poweropti-device/d/diagnostics');
    assert.ok(!JSON.stringify(body).includes(ID));
  });

  it('takes a ticket that nothing is known of for no key', async () => {
    const ticket = `announced:${'0'.repeat(32)}`;
    await load({ apiKey: ticket, announcedId: ticket });
    assert.deepEqual([stored().apiKey, stored().announcedId], ['', '']);
    assert.equal(sim.http.counters.requests, 0);
    assert.ok(flow.log(LEVEL.warn).some(({ msg }) => msg === 'log.announcedLost'));
  });

  it('sends the id to nobody but the device that was found', async () => {
    await load({ apiKey: 'k' });
    const [found] = (await find()).devices;
    assert.ok(found);
    const credentials = { apiKey: found.ticket };
    const { reason } = await ask('test', { settings: { host: sim.host }, credentials });
    assert.equal(reason, 'secretElsewhere');
    assert.equal(sim.http.counters.requests, 0);
    const unknown = { apiKey: `announced:${'0'.repeat(32)}` };
    assert.equal(
      (await ask('test', { settings: { host: sim.host }, credentials: unknown })).reason,
      'poweroptiAnnouncedLost',
    );
  });

  const REFUSED: [what: string, id: string, ticket: unknown][] = [
    ['a ticket that nobody drew', 'd', `announced:${'1'.repeat(32)}`],
    ['no ticket', 'd', undefined],
    ['another kind of ticket', 'd', { toString: 1 }],
    ['a node of another type', 'out', undefined],
    ['an id that is none', '__proto__', undefined],
    ['an id that every object has', 'hasOwnProperty', undefined],
  ];
  for (const [what, id, given] of REFUSED) {
    it(`hands nothing over to ${what}`, async () => {
      await load({ apiKey: 'k' });
      const [found] = (await find()).devices;
      const ticket = id === 'd' ? given : found?.ticket;
      assert.equal((await ask('adopt', { settings: { ticket } }, id)).reason, 'poweroptiAnnouncedLost');
      assert.equal(stored().announced, undefined);
    });
  }

  it('remembers 256 devices for open dialogs', () => {
    const tickets = new Tickets();
    const meter = (i: number) => ({
      ...{ name: 'powerfox', port: 80, addresses: [`10.0.${i >> 8}.${i & 255}`], id: String(i) },
    });
    const first = foundDevices([meter(0)], '', tickets)[0]?.ticket;
    assert.equal(foundDevices([meter(0)], '', tickets)[0]?.ticket, first);
    for (let i = 1; i <= 256; i++) foundDevices([meter(i)], '', tickets);
    assert.notEqual(foundDevices([meter(0)], '', tickets)[0]?.ticket, first);
  });
});
