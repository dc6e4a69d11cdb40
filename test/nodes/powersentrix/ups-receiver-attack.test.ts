import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { loadFlow, type Message, type TestFlow, unloadFlow } from '../../support/helper-flow';
import { newSeed, Seeded } from '../../support/seeded';
import { DOCUMENTED_COMPLEX, DOCUMENTED_IDENT } from '../../lib/powersentrix/documented';
import { NODES, pushDevice, sink, statusNode } from './bench';
import { catchRed, type PushServer, startPushServer } from './push-server';

const QUERY = 'companyId=company&cmm=ups-01';
const DATA = JSON.stringify(DOCUMENTED_COMPLEX);
const LOG = JSON.stringify({ ord: 1, code: 'I/E01', description: 'x', timestamp: '2026-10-25 02:30:00' });

describe('the receiver under attack', () => {
  let flow: TestFlow;
  let server: PushServer | undefined;
  const { probe, caught } = catchRed();
  const load = async (): Promise<PushServer> => {
    const receiver = { id: 'r', type: 'ups-receiver', path: '/powersentrix' };
    const nodes = [
      { id: 'tab', type: 'tab' },
      sink('out'),
      sink('state'),
      receiver,
      pushDevice(),
      statusNode(),
    ];
    flow = await loadFlow([probe, ...NODES], nodes, { r: { companyId: 'company', secret: '' } });
    server = await startPushServer(caught());
    return server;
  };
  const next = (id: string, from = 0): Promise<Message> => flow.at(id).waitFor(() => true, id, { from });
  afterEach(async () => {
    await unloadFlow();
    await server?.close();
  });

  it('leaves a request alone that middleware has answered meanwhile', async () => {
    const { post, red: api } = await load();
    const rejections: unknown[] = [];
    const note = (reason: unknown): number => rejections.push(reason);
    process.on('unhandledRejection', note);
    try {
      const answered = new Promise<void>((resolve) => {
        api.httpNode.use((_request, response, next) => {
          response.on('finish', () => setImmediate(resolve));
          next();
          // As one that has run out of patience while the body was on its way.
          response.status(503).end();
        });
      });
      const { stack } = (api.httpNode as unknown as { _router: { stack: unknown[] } })._router;
      stack.unshift(stack.pop());
      const { status } = await post(`/powersentrix/api/setUpsData?${QUERY}`, DATA);
      await answered;
      stack.shift();
      assert.equal(status, 503);
      // One that is answered as usual comes after everything that the first one set off.
      assert.equal((await post(`/powersentrix/api/setUpsData?${QUERY}`, DATA)).status, 200);
      assert.deepEqual(rejections, []);
    } finally {
      process.off('unhandledRejection', note);
    }
  });

  it('survives ten thousand malformed bodies, and delivers every valid one in between', async () => {
    const { post } = await load();
    const random = new Seeded(newSeed());
    const json = { 'content-type': 'application/json' };
    const endpoints = ['setUpsData', 'setNewUps', 'setUpsLog'] as const;
    const valid = { setUpsData: DATA, setNewUps: JSON.stringify(DOCUMENTED_IDENT), setUpsLog: LOG };
    const nested = (depth: number): string => `${'{"config":'.repeat(depth)}{}${'}'.repeat(depth)}`;

    const malformed = (endpoint: (typeof endpoints)[number]): [body: string, type: string] => {
      const good = valid[endpoint];
      const type = 'application/json';
      switch (random.below(8)) {
        case 0:
          return [good.slice(0, 1 + random.below(good.length - 2)), type];
        case 1:
          return [
            random.pick(['[]', 'null', '7', '"x"', 'true', '{}', '', 'NaN', '{"config":[]}', '{"sn":5}']),
            type,
          ];
        case 2:
          return [nested(13 + random.below(400)), type];
        case 3:
          return [
            good.replace('{', `{"${random.pick(['__proto__', 'constructor', 'prototype'])}":{"x":1},`),
            type,
          ];
        case 4:
          return [
            good,
            random.pick(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'x']),
          ];
        case 5:
          return [random.chance(0.1) ? `{"config":"${'x'.repeat(66_000)}"}` : '[[[[', type];
        case 6:
          return [
            random.pick([
              '{"upsData":{"voltages":"abc"}}',
              '{"upsData":{"ps":[1]}}',
              '{"upsData":{"outputs":{"0":1}},"sn":{}}',
              '{"code":1,"timestamp":"2026-01-01 00:00:00"}',
              '{"code":"x","timestamp":"soon"}',
              '{"config":{"outputs":[5]}}',
            ]),
            type,
          ];
        default:
          return [
            String.fromCharCode(...Array.from({ length: 1 + random.below(60) }, () => random.below(256))),
            type,
          ];
      }
    };

    setFlagsFromString('--expose_gc');
    const collect = runInNewContext('gc') as () => void;
    const heap = (): number => {
      collect();
      return process.memoryUsage().heapUsed / 2 ** 20;
    };
    const TOTAL = 10_000;
    let sent = 0;
    let delivered = 0;
    const wrong: string[] = [];
    const heapBefore = heap();
    const worker = async (): Promise<void> => {
      while (sent < TOTAL) {
        const turn = sent++;
        const endpoint = random.pick(endpoints);
        const [body, type] = malformed(endpoint);
        const reply = await post(`/powersentrix/api/${endpoint}?${QUERY}`, Buffer.from(body, 'latin1'), {
          'content-type': type,
        });
        if (reply.status < 400 || reply.status > 499 || /\bat /.test(reply.text)) {
          wrong.push(`${reply.status} ${reply.text.slice(0, 80)} to ${type} ${body.slice(0, 60)}`);
        }
        if (turn % 100 === 0) {
          delivered++;
          assert.equal((await post(`/powersentrix/api/setUpsData?${QUERY}`, DATA, json)).status, 200);
        }
      }
    };
    await Promise.all(Array.from({ length: 16 }, worker));
    assert.deepEqual(wrong.slice(0, 5), [], `SEED=${random.seed}`);
    await next('out', delivered - 1);
    assert.equal(flow.at('out').items.length, delivered);
    assert.equal(({} as Record<string, unknown>).x, undefined);
    const growth = heap() - heapBefore;
    assert.ok(growth < 15, `the heap grew by ${growth} MB`);
    console.log(
      `    ${TOTAL} malformed bodies, ${delivered} valid ones delivered, heap ${growth.toFixed(0)} MB, seed ${random.seed}`,
    );
  }).timeout(60_000);
});
