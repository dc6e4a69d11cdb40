import assert from 'node:assert/strict';

import { Transport } from '../../../lib/core/http/transport';
import { CloudClient } from '../../../lib/powersentrix/cloud-client';
import { LanClient } from '../../../lib/powersentrix/lan-client';
import {
  type PowersentrixCloud,
  type PowersentrixSimulator,
  startPowersentrix,
  startPowersentrixCloud,
} from '../../../simulators/powersentrix';
import { failsWith } from '../../support/expect-error';

/** Answers to a command that are not understood exactly, so that only a look can tell what became of it. */
const UNCLEAR: [what: string, body: string][] = [
  ['a byte order mark', '\ufeff{"info":1}'],
  ['NUL bytes behind it', '{"info":1}\0\0'],
  ['nan', '{"info":nan}'],
  ['a text for the number', '{"info":"1"}'],
  ['0', '{"info":0}'],
  ['2', '{"info":2}'],
  ['true', '{"info":true}'],
  ['null', '{"info":null}'],
  ['a text', 'OK'],
  ['half of it', '{"info":1'],
  ['a fault beside it', '{"info":1,"a":1,"b":2,"error":"relay stuck"}'],
  ['words beside it and an id', '{"info":1,"id":3,"message":"queue full"}'],
];

describe('answers to commands', () => {
  let ups: PowersentrixSimulator;
  let cloud: PowersentrixCloud;
  let lan: LanClient;
  let portal: CloudClient;
  const transport = new Transport();
  before(async () => {
    ups = await startPowersentrix();
    cloud = await startPowersentrixCloud();
    lan = new LanClient({ url: ups.url, apiKey: ups.apiKey }, transport);
    portal = new CloudClient({ url: cloud.url, email: cloud.email, password: cloud.password }, transport);
    await portal.list();
  });
  after(async () => {
    portal.close();
    transport.close();
    await ups.close();
    await cloud.close();
  });
  const fn = (number: string, body: string): void =>
    ups.faults.add({ kind: 'body', body, times: 1, match: ({ query }) => query.get('fn') === number });

  for (const [what, body] of UNCLEAR) {
    it(`of the UPS are none with ${what}`, async () => {
      fn('3', body);
      const code = /error|message/.test(body) ? 'REJECTED' : 'BAD_RESPONSE';
      assert.equal((await failsWith(lan.toggle(0), code)).sent, true);
      fn('4', body);
      assert.equal((await failsWith(lan.restart(0), code)).sent, true);
    });
  }

  it('of the UPS are plain acknowledgements, and for a toggle whatever else is an answer', async () => {
    for (const body of ['{"info":1}', '{ "info": 1 }\r\n']) {
      fn('3', body);
      await lan.toggle(0);
      fn('4', body);
      await lan.restart(0);
    }
    for (const body of ['{}', '[]']) {
      fn('3', body);
      await lan.toggle(0);
      fn('4', body);
      await failsWith(lan.restart(0), 'BAD_RESPONSE');
    }
  });

  it('of the cloud are read as strictly', async () => {
    for (const [body, isGood] of [
      ['{"responseMessage":"OK"}', true],
      ['', true],
      ['\ufeff{"responseMessage":"OK"}', false],
      ['{"responseMessage":"OK","responseObject":nan}', false],
      ['{"responseMessage":"OK"}\0', false],
    ] as const) {
      cloud.faults.add({
        kind: 'body',
        body,
        times: 1,
        match: ({ path }) => path.endsWith('changePortState'),
      });
      if (isGood) await portal.toggle('42', 0);
      else await failsWith(portal.toggle('42', 0), 'BAD_RESPONSE');
    }
  });
});
