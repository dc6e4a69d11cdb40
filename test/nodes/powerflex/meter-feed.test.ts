import assert from 'node:assert/strict';

import { type PowerflexSimulator, startPowerflex } from '../../../simulators/powerflex';
import { type PoweroptiSimulator, startPoweropti } from '../../../simulators/poweropti';
import {
  catching,
  loadFlow,
  type Message,
  PLACED,
  sink,
  TAB,
  type TestFlow,
  unloadFlow,
} from '../../support/flow';
import { flowNode, NODES } from './support';
import { nodeSet } from '../../support/node-set';

const deviceNode = nodeSet('poweropti-device');
const meterNode = nodeSet('poweropti-meter');

/** The whole way of a load: meter, reading, feed, site. */
describe('a poweropti meter that feeds powerflex-dcm', () => {
  let meter: PoweroptiSimulator;
  let site: PowerflexSimulator;
  let flow: TestFlow;

  const sent = (): unknown[] =>
    site.http.log
      .filter(({ path }) => path.startsWith('/set_'))
      .map(({ body }) => JSON.parse(body) as unknown);
  const next = (feed: string, from: number): Promise<Message> =>
    flow.at(feed).waitFor(() => true, feed, { from });

  /** What the feed makes of a reading. */
  async function read(feed: 'out' | 'caught', secondsAgo: number, ...values: unknown[]): Promise<Message> {
    const timestamp = Math.floor(Date.now() / 1000) - secondsAgo;
    meter.clear();
    meter.faults.add({ kind: 'body', body: JSON.stringify({ timestamp, values }) });
    const from = flow.at(feed).items.length;
    flow.send('m', { payload: '' });
    return next(feed, from);
  }

  beforeEach(async () => {
    meter = await startPoweropti();
    site = await startPowerflex();
    // The first poll fails, so that only what a test asks for is fed.
    meter.faults.add({ kind: 'status', status: 503 });
    const { url, accId, username, password } = site;
    flow = await loadFlow(
      [deviceNode, meterNode, ...NODES],
      [
        TAB,
        { id: 'p', type: 'poweropti-device', host: meter.url, interval: 3600 },
        { id: 'd', type: 'powerflex-site', name: 'Garage', url, accId: String(accId) },
        { id: 'm', type: 'poweropti-meter', ...PLACED, device: 'p', deadband: 0, wires: [['n'], []] },
        ...['out', 'state', 'caught'].map(sink),
        catching(['n']),
        flowNode('powerflex-dcm', { operation: 'set_real_time_load', minInterval: 0, negative: 'zero' }),
      ],
      { p: { apiKey: meter.apiKey }, d: { username, password } },
    );
  });
  afterEach(async () => {
    await unloadFlow();
    await meter.close();
    await site.close();
  });

  it('sends whole kW of its W, 0 for an export, and nothing for a power that is missing or old', async () => {
    const power = (value: number): unknown => ({ obis: '1.7.0', value });
    assert.deepEqual((await read('out', 3, power(42_001))).payload, { realTimeLoad: 43 });
    const missing = await read('caught', 2, { obis: '1.8.0', value: 5 });
    assert.equal((missing.error as { code: string }).code, 'INVALID_INPUT');
    assert.deepEqual((await read('out', 1, power(-3000))).payload, { realTimeLoad: 0 });
    const old = await read('caught', 3600, power(99_000));
    assert.match((old.error as { message: string }).message, /loadTooOld|3600|old/);
    assert.deepEqual(sent(), [{ real_time_load_kW: 43 }, { real_time_load_kW: 0 }]);
  });
});
