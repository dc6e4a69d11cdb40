import assert from 'node:assert/strict';

import {
  type PowersentrixCloud,
  startPowersentrix,
  startPowersentrixCloud,
  UpsModel,
} from '../../../simulators/powersentrix';
import {
  errorOf,
  type FlowNode,
  LEVEL,
  type Message,
  payloadOf,
  type TestFlow,
  unloadFlow,
} from '../../support/flow';
import { eventsNode, lanDevice, load as loadNodes, statusNode } from './bench';

describe('what the portal knows of a UPS', () => {
  let cloud: PowersentrixCloud;
  let flow: TestFlow;
  beforeEach(async () => {
    cloud = await startPowersentrixCloud({
      upses: new Map([
        ['42', new UpsModel()],
        ['43', new UpsModel({ description: 'Branch office', cmm: 'ups-02', serialNumber: 'PSX-2' })],
      ]),
    });
  });
  afterEach(async () => {
    await unloadFlow();
    await cloud.close();
  });
  const load = async (...nodes: FlowNode[]): Promise<void> => {
    const account = { id: 'a', type: 'powersentrix-account', url: cloud.url };
    const device = lanDevice('', { source: 'cloud', account: 'a', upsId: '42', name: '' });
    flow = await loadNodes([account, device, ...nodes], {
      a: { email: cloud.email, password: cloud.password },
    });
  };
  const next = (from = 0, id = 'out'): Promise<Message> => flow.at(id).waitFor(() => true, id, { from });
  const asked = (path: string): number =>
    cloud.http.log.filter((request) => request.path.endsWith(path)).length;
  const infoOf = (msg: Message): Record<string, unknown> =>
    payloadOf(msg).basicInfo as Record<string, unknown>;

  it('goes with the status, asked once an hour for all nodes and on msg.basicInfo', async () => {
    await load(
      statusNode({ masterData: true }),
      statusNode({ id: 's2', masterData: true, wires: [['done'], []] }),
    );
    const { location, company, online, mainFirmware, mainUptime, name, raw } = infoOf(await next());
    assert.deepEqual(
      [name, location, company, online, mainFirmware, mainUptime, raw],
      ['Server Room', 'Rack A', 'Acme Corp', true, 'v2.1.0', 432_000, undefined],
    );
    assert.equal(infoOf(await next(0, 'done')).location, 'Rack A');
    cloud.online = false;
    flow.send('s', { payload: 1 });
    assert.deepEqual([infoOf(await next(1)).online, asked('getBasicInfo')], [true, 1]);
    flow.send('s', { payload: 2, basicInfo: true, keep: 7 });
    const msg = await next(2);
    assert.deepEqual([infoOf(msg).online, msg.keep, asked('getBasicInfo')], [false, 7, 2]);
  });

  it('is there for a message alone, and else not', async () => {
    await load(statusNode());
    assert.equal('basicInfo' in payloadOf(await next()), false);
    for (const basicInfo of [false, 'true', 1]) {
      flow.send('s', { basicInfo });
      assert.equal(
        'basicInfo' in payloadOf(await flow.at('out').waitFor((msg) => msg.basicInfo === basicInfo, 'out')),
        false,
      );
    }
    flow.send('s', { basicInfo: true });
    assert.equal(
      infoOf(await flow.at('out').waitFor((msg) => msg.basicInfo === true, 'out')).company,
      'Acme Corp',
    );
    assert.equal(asked('getBasicInfo'), 1);
  });

  it('does not keep the status back when it fails, which is told once', async () => {
    cloud.faults.add({ kind: 'status', status: 500, match: ({ path }) => path.endsWith('getBasicInfo') });
    await load(statusNode({ masterData: true }));
    const msg = await next();
    assert.deepEqual([payloadOf(msg).powerSource, infoOf(msg)], ['mains', null]);
    flow.send('s', { payload: 1 });
    await next(1);
    assert.deepEqual(
      [asked('getBasicInfo'), flow.log(LEVEL.warn).filter(({ id }) => id === 's').length],
      [1, 1],
    );
    flow.send('s', { basicInfo: true });
    assert.ok(errorOf(await next(0, 'caught')).code);
  });

  const lists: [what: string, msg: Record<string, unknown>, ids: string[]][] = [
    ['all', { operation: 'list', payload: '' }, ['42', '43']],
    ['by text', { operation: 'list', payload: { searchText: 'branch' } }, ['43']],
    ['by text of the message', { operation: 'List', searchText: 'server' }, ['42']],
    ['by type', { operation: 'list', payload: { searchType: 'PWX-12-4422' } }, ['42', '43']],
    ['by a type that is not there', { operation: 'list', payload: { searchType: 'PWX-1' } }, []],
    ['by nothing', { operation: 'list', payload: { searchText: null, searchType: '' } }, ['42', '43']],
  ];
  it('lists UPSes', async () => {
    cloud.oddLists = true;
    await load(statusNode());
    await next();
    for (const [index, [what, msg, ids]] of lists.entries()) {
      flow.send('s', { ...msg, topic: what });
      const response = await next(index + 1);
      assert.equal(response.topic, what);
      const rows = response.payload as { id: string; name: string; serialNumber: string }[];
      assert.deepEqual(
        rows.map(({ id }) => id),
        ids,
        what,
      );
      if (what === 'by text')
        assert.deepEqual([rows[0]?.name, rows[0]?.serialNumber], ['Branch office', 'PSX-2']);
    }
    assert.equal(flow.log(LEVEL.warn).filter(({ id }) => id === 'a').length, 1);
  });

  it('refuses a search that is none', async () => {
    await load(statusNode());
    for (const [index, searchText] of [5, {}, 'x'.repeat(201), true].entries()) {
      flow.send('s', { operation: 'list', payload: { searchText } });
      assert.equal(errorOf(await next(index, 'caught')).code, 'INVALID_INPUT');
    }
    assert.equal(asked('getUpsList'), 0);
  });

  it('is not to be had of a UPS at its own address', async () => {
    const ups = await startPowersentrix();
    try {
      flow = await loadNodes([lanDevice(ups.url), statusNode({ masterData: true })], {
        d: { apiKey: ups.apiKey },
      });
      assert.equal(infoOf(await next()), null);
      for (const [index, msg] of [{ operation: 'list' }, { basicInfo: true }].entries()) {
        flow.send('s', msg);
        assert.equal(errorOf(await next(index, 'caught')).code, 'NOT_SUPPORTED');
      }
    } finally {
      await ups.close();
    }
  });

  it('brings events that a reset of the server and odd entries must not hide', async () => {
    cloud.oddLists = true;
    const model = cloud.upses.get('42') ?? assert.fail();
    for (let count = 0; count < 5; count++) model.record('I/OLD', `old ${count}`);
    const pulled = cloud.http.nextRequest(({ path }) => path.endsWith('getUpsLogs'));
    await load(statusNode(), eventsNode());
    await pulled;
    await next();
    model.log.splice(0);
    cloud.firstId = 0;
    model.record('I/NEW', 'after the reset');
    flow.send('s', { payload: 1 });
    const event = await flow.at('event').waitFor((msg) => payloadOf(msg).event === 'log', 'log');
    assert.equal(payloadOf(event).description, 'after the reset');
    assert.equal(flow.at('event').items.length, 1);
  });
});
