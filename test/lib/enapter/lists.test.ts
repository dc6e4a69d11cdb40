import assert from 'node:assert/strict';

import type { Notice } from '../../../lib/core/notices';
import { Transport } from '../../../lib/core/http/transport';
import { EnapterClient } from '../../../lib/enapter/rest/client';
import { type SimServer, startHttp } from '../../../simulators/support/server';

describe('enapter: lists and devices as servers write them', () => {
  let server: SimServer;
  let transport: Transport;
  let responses: unknown[];
  let asked: string[];
  let told: string[];
  let client: EnapterClient;

  beforeEach(async () => {
    responses = [];
    asked = [];
    told = [];
    server = await startHttp(({ query }) => {
      asked.push(query.get('offset') ?? '');
      return { json: responses.shift() ?? { devices: [] } };
    });
    transport = new Transport();
    client = new EnapterClient(
      {
        url: server.url,
        token: 'a-token',
        onNotice: (notice: Notice) => told.push(JSON.stringify(notice.params)),
      },
      transport,
    );
  });
  afterEach(async () => {
    transport.close();
    await server.close();
  });

  const device = (id: string): Record<string, unknown> => ({ id, name: id });

  for (const [what, pages, ids, notices] of [
    ['null', [{ devices: null }], [], []],
    ['no page', [{ devices: [], total_count: 0 }], [], []],
    [
      'entries that are none',
      [{ devices: [null, device('a'), 7, 'x', {}, { id: '' }, { id: null }, device('b')], total_count: 8 }],
      ['a', 'b'],
      [1, 3, 4, 5, 6, 7],
    ],
    [
      'a page of odd entries before a good one',
      [
        { devices: [null, null], total_count: 3 },
        { devices: [device('a')], total_count: 3 },
      ],
      ['a'],
      [1, 2],
    ],
    [
      'no total, and an empty page at the end',
      [{ devices: [device('a')] }, { devices: [device('b')] }, { devices: [] }],
      ['a', 'b'],
      [],
    ],
    [
      'no total, and the same page again',
      [{ devices: [device('a')] }, { devices: [device('a')] }],
      ['a'],
      [],
    ],
    [
      'no total, and the same page with an odd entry again',
      [{ devices: [device('a'), null] }, { devices: [device('a'), null] }],
      ['a'],
      [2, 4],
    ],
    [
      'no total, and nothing but odd entries',
      [{ devices: [null, {}] }, { devices: [null, {}] }],
      [],
      [1, 2, 3, 4],
    ],
    [
      'a total of fewer than there are',
      [
        { devices: [device('a'), device('b')], total_count: 1 },
        { devices: [device('c')], total_count: 0 },
        { devices: [], total_count: -1 },
      ],
      ['a', 'b', 'c'],
      [],
    ],
    ['a total as text', [{ devices: [device('a')], total_count: '1' }], ['a'], []],
    [
      'a device that moved to the next page',
      [
        { devices: [device('a'), device('b')], total_count: 3 },
        { devices: [device('b'), device('c')], total_count: 3 },
      ],
      ['a', 'b', 'c'],
      [],
    ],
  ] as const) {
    it(`reads ${what}`, async () => {
      responses = [...pages];
      assert.deepEqual(
        (await client.list()).map(({ id }) => id),
        [...ids],
      );
      assert.deepEqual(
        told.map((params) => (JSON.parse(params) as { position: number }).position),
        [...notices],
      );
      responses = [...pages];
      await client.list();
      assert.equal(told.length, notices.length, 'told once');
    });
  }

  it('does not pass a part off as the whole', async () => {
    responses = [
      { devices: [device('a')], total_count: 3 },
      { devices: [device('a')], total_count: 3 },
    ];
    await assert.rejects(client.list(), { code: 'BAD_RESPONSE', reason: 'enapterShape' });
    assert.deepEqual(asked, ['0', '1']);
  });

  for (const [written, read] of [
    [1735689600, '2025-01-01T00:00:00.000Z'],
    [1735689600000, '2025-01-01T00:00:00.000Z'],
    ['1735689600', '2025-01-01T00:00:00.000Z'],
    ['2025-01-01T00:00:00Z', '2025-01-01T00:00:00.000Z'],
    ['2025-01-01T01:00:00.5+01:00', '2025-01-01T00:00:00.500Z'],
    ['2025-01-01 00:00:00', '2025-01-01T00:00:00.000Z'],
    ['2025-01-01t00:00:00z', '2025-01-01T00:00:00.000Z'],
    [0, null],
    ['', null],
    [null, null],
    ['yesterday', null],
    [{}, null],
  ] as const) {
    it(`reads updated_at ${JSON.stringify(written)}`, async () => {
      responses = [{ device: { id: 'a', updated_at: written } }];
      assert.equal((await client.get('a')).updatedAt, read);
    });
  }

  for (const [written, read] of [
    [
      ['a', 'b'],
      ['a', 'b'],
    ],
    [[], []],
    [['a', null, 7], ['a']],
    [null, null],
    ['a', null],
  ] as const) {
    it(`reads raised_alert_names ${JSON.stringify(written)}`, async () => {
      responses = [{ device: { id: 'a', raised_alert_names: written } }];
      assert.deepEqual((await client.get('a')).raisedAlertNames, read);
    });
  }

  it('says nothing of alerts where the server does not', async () => {
    responses = [{ device: { id: 'a' } }];
    assert.equal('raisedAlertNames' in (await client.get('a')), false);
  });

  for (const [written, read] of [
    [['a', 1, true, null], null],
    [
      ['a', 'b'],
      ['a', 'b'],
    ],
    [
      [1, true],
      ['1', 'true'],
    ],
    [[{ toString: 1, valueOf: 1 }], null],
    [[['a']], null],
    [{ a: 1 }, null],
    ['', ''],
  ] as const) {
    it(`reads the value ${JSON.stringify(written)}`, async () => {
      responses = [{ telemetry: { d: { a: { value: written, timestamp: 1735689600 } } } }];
      assert.deepEqual((await client.latest('d', { attributes: 'a' })).a?.value, read);
    });
  }

  it('takes attributes as a text or a list, by either name', async () => {
    for (const input of [
      { attributes: 'a,b' },
      { attributes: ['a', 'b'] },
      { attribute: ['a', 'b'] },
      { attribute: 'a, b' },
    ]) {
      responses = [{ telemetry: { d: { a: { value: 1, timestamp: 1735689600 }, b: null } } }];
      assert.deepEqual(await client.latest('d', input), {
        a: { value: 1, timestamp: '2025-01-01T00:00:00.000Z' },
        b: { value: null, timestamp: null },
      });
    }
  });
});
