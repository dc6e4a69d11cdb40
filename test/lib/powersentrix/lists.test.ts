import assert from 'node:assert/strict';

import type { Notice } from '../../../lib/core/notices';
import { Transport } from '../../../lib/core/http/transport';
import { CloudClient } from '../../../lib/powersentrix/cloud-client';
import { type PowersentrixCloud, startPowersentrixCloud } from '../../../simulators/powersentrix';
import { failsWith } from '../../support/expect-error';

describe('lists of the cloud', () => {
  let cloud: PowersentrixCloud;
  let client: CloudClient;
  let notices: Notice[];
  const transport = new Transport();
  const respond = (json: unknown): void =>
    cloud.faults.add({
      kind: 'body',
      body: JSON.stringify(json),
      times: 1,
      match: ({ path }) => !path.endsWith('authenticate'),
    });
  const many = (length: number): object[] => Array.from({ length }, (_, id) => ({ id, code: 'I/X' }));

  before(async () => {
    cloud = await startPowersentrixCloud();
  });
  beforeEach(() => {
    notices = [];
    const { url, email, password } = cloud;
    client = new CloudClient({ url, email, password, onNotice: (one) => notices.push(one) }, transport);
  });
  afterEach(() => client.close());
  after(async () => {
    transport.close();
    await cloud.close();
  });

  const wrapped = (responseObject: unknown): object => ({ responseMessage: 'OK', responseObject });
  const upses: [what: string, body: unknown, ids: string[], told: number][] = [
    ['odd entries', [null, { name: 'no id' }, { id: 7 }, 5], ['7'], 1],
    ['one odd entry alone', wrapped([null]), [], 1],
    ['a long name', [{ id: 8, name: 'x'.repeat(5000) }], ['8'], 0],
    ['null', wrapped(null), [], 0],
    ['null as a whole', null, [], 0],
    ['none', [], [], 0],
  ];
  for (const [what, body, ids, told] of upses) {
    it(`UPSes: ${what}`, async () => {
      for (let round = 0; round < 2; round++) {
        respond(body);
        const found = await client.list();
        assert.deepEqual(
          found.map(({ id }) => id),
          ids,
        );
        assert.ok(found.every(({ name }) => (name?.length ?? 0) <= 128));
      }
      assert.deepEqual(notices, Array(told).fill({ reason: 'powersentrixListOdd' }));
    });
  }

  const refused: [what: string, body: unknown, list: 'upses' | 'logs'][] = [
    ['UPSes of nothing that is one', [{ name: 'no id' }, null], 'upses'],
    ['UPSes in an object', wrapped({ a: 1 }), 'upses'],
    ['more UPSes than an account has', many(10_001), 'upses'],
    ['more records than asked', many(51), 'logs'],
    ['far more records than asked', many(85_000), 'logs'],
    ['records in an object', {}, 'logs'],
  ];
  for (const [what, body, list] of refused) {
    it(`refuses ${what}`, async () => {
      respond(body);
      await failsWith(list === 'upses' ? client.list() : client.logs('42', 0, 50), 'BAD_RESPONSE');
    });
  }

  it('records: null is none', async () => {
    for (const nothing of [null, wrapped(null)]) {
      respond(nothing);
      assert.deepEqual(await client.logs('42', 0, 50), []);
    }
  });

  const masters: [body: Record<string, unknown>, expected: Record<string, unknown>][] = [
    [
      {
        name: 'A',
        onOffLine: 'online',
        location: 'Rack',
        company: { name: 'Acme' },
        timestamp: '2026-05-08T14:30:00.000+0000',
      },
      { online: true, location: 'Rack', company: 'Acme', timestamp: '2026-05-08T14:30:00.000Z' },
    ],
    [
      { id: 1, onOffLine: 'OffLine', temperature: 'nan', comUptime: '2d 14h 33m' },
      { online: false, temperature: null, comUptime: 225_180 },
    ],
    [
      { id: 1, onOffLine: 'sleeping', timestamp: '1970-01-01T00:00:00Z' },
      { online: null, timestamp: null, location: null },
    ],
  ];
  for (const [body, expected] of masters) {
    it(`master data of ${JSON.stringify(body).slice(0, 60)}`, async () => {
      respond(body);
      const found = await client.basicInfo('42');
      assert.deepEqual(
        Object.fromEntries(Object.keys(expected).map((key) => [key, Reflect.get(found, key)])),
        expected,
      );
      assert.deepEqual(found.raw, body);
    });
  }
});
