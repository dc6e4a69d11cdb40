import assert from 'node:assert/strict';

import { loadFlow, payloadOf, sink, TAB, type TestFlow, unloadFlow } from '../../support/flow';
import { DOCUMENTED_COMPLEX } from '../../lib/powersentrix/documented';
import { eventsNode, NODES, pushDevice } from './bench';
import { catchRed, type PushServer, startPushServer } from './push-server';

const QUERY = 'companyId=company&cmm=ups-01';
const DATA = JSON.stringify(DOCUMENTED_COMPLEX);
/** The same UPS without mains. */
const LOST = DATA.replaceAll(/"main":\d+/g, '"main":1200');

/** What a firmware, its libraries and what lies between may make of it. */
const ODDITIES: [what: string, change: (body: string) => string, headers?: Record<string, string>][] = [
  ['as it is', (body) => body],
  ['with nan as a temperature', (body) => body.replace(/"board":[\d.]+/, '"board":nan')],
  ['with -nan(ind) as a temperature', (body) => body.replace(/"board":[\d.]+/, '"board":-nan(ind)')],
  ['with NaN as a text', (body) => body.replace(/"board":[\d.]+/, '"board":"NaN"')],
  ['with inf as a voltage', (body) => body.replace(/"voltages":\[\d+/, '"voltages":[inf')],
  ['with an object as a voltage', (body) => body.replace(/"voltages":\[\d+/, '"voltages":[{}')],
  ['with null as a state', (body) => body.replace(/"outputs":\[[01]/, '"outputs":[null')],
  ['with a supply too many', (body) => body.replace('"ps":[', '"ps":["x",')],
  ['with a block that is no number', (body) => body.replace(/"cell":\[\d+/, '"cell":["-"')],
  ['without a configuration that can be read', (body) => body.replace('"outputs":[{', '"outputs":[5,{')],
  ['with a byte order mark', (body) => `\ufeff${body}`],
  ['with NULs', (body) => `${body}\0\0\0`],
  ['as a form', (body) => body, { 'content-type': 'application/x-www-form-urlencoded' }],
  ['as bytes', (body) => body, { 'content-type': 'application/octet-stream' }],
  ['of a doubled type', (body) => body, { 'content-type': 'application/json, application/json' }],
  ['of no coding', (body) => body, { 'content-encoding': 'identity' }],
];

describe('a mains failure that is pushed', () => {
  let server: PushServer;
  let flow: TestFlow;
  const { probe, caught } = catchRed();
  before(async () => {
    const receiver = { id: 'r', type: 'ups-receiver', path: '/powersentrix' };
    flow = await loadFlow(
      [probe, ...NODES],
      [TAB, sink('event'), sink('state'), receiver, pushDevice(), eventsNode()],
      { r: { companyId: 'company', secret: '' } },
    );
    server = await startPushServer(caught());
  });
  after(async () => {
    await unloadFlow();
    await server.close();
  });

  for (const [what, change, headers] of ODDITIES) {
    it(`is told ${what}`, async () => {
      const path = `/powersentrix/api/setUpsData?${QUERY}`;
      assert.equal((await server.post(path, DATA)).status, 200);
      const from = flow.at('event').items.length;
      const body = change(LOST);
      assert.equal(body === LOST, what === 'as it is' || headers !== undefined, 'nothing was changed');
      assert.equal((await server.post(path, body, headers)).status, 200);
      const isLost = (msg: Record<string, unknown>): boolean => payloadOf(msg).change === 'mainsLost';
      await flow.at('event').waitFor(isLost, 'mainsLost', { from });
    });
  }
});
