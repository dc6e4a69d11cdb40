import assert from 'node:assert/strict';

import { LEVEL, loadFlow, type Message, sink, TAB, type TestFlow, unloadFlow } from '../../support/flow';
import { usedHeap } from '../../support/heap';
import { newSeed, Seeded } from '../../support/seeded';
import { DOCUMENTED_COMPLEX, DOCUMENTED_IDENT } from '../../lib/powersentrix/documented';
import { NODES, pushDevice, statusNode } from './bench';
import type { ReceiverPart } from '../../../nodes/powersentrix/parts';
import type { Handler } from '../../../nodes/shared/http-nodes';
import type { ConfigNode } from '../../../nodes/shared/config-node';
import { catchRed, type PushServer, type Reply, startPushServer } from './push-server';

const QUERY = 'companyId=company&cmm=ups-01';
const DATA = JSON.stringify(DOCUMENTED_COMPLEX);
const LOG = JSON.stringify({ ord: 1, code: 'I/E01', description: 'x', timestamp: '2026-10-25 02:30:00' });

/** What is other than in a usual push. */
interface Sent {
  body: string;
  path: string;
  query: string;
  headers: Record<string, string>;
}

describe('the receiver under attack', () => {
  let flow: TestFlow;
  let server: PushServer | undefined;
  const { probe, caught } = catchRed();
  const load = async (): Promise<PushServer> => {
    const receiver = { id: 'r', type: 'ups-receiver', path: '/powersentrix' };
    const nodes = [TAB, sink('out'), sink('state'), receiver, pushDevice(), statusNode()];
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
      const responded = new Promise<void>((resolve) => {
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
      await responded;
      stack.shift();
      assert.equal(status, 503);
      // One that is answered as usual comes after everything that the first one set off.
      assert.equal((await post(`/powersentrix/api/setUpsData?${QUERY}`, DATA)).status, 200);
      assert.deepEqual(rejections, []);
    } finally {
      process.off('unhandledRejection', note);
    }
  });

  it('passes by the editor, but by nobody who may keep it out there', async () => {
    const { post, red: api } = await load();
    const target = `/powersentrix/api/setUpsData?${QUERY}`;
    const { stack } = (
      api.httpAdmin as unknown as { _router: { stack: { name: string; handle: Handler }[] } }
    )._router;
    const layers = stack.length;
    const parser = stack.find(({ name }) => name === 'urlencodedParser');
    assert.ok(parser);
    const { handle } = parser;
    let asked = 0;
    parser.handle = (...given) => {
      asked++;
      handle(...given);
    };
    try {
      assert.equal((await post(target, DATA)).status, 200);
      assert.equal(asked, 0);
      assert.equal((await post(`/powersentrix/api/other?${QUERY}`, DATA)).status, 404);
      assert.equal(asked, 1);

      api.httpAdmin.use('/elsewhere', (_request, response) => void response.status(403).end());
      assert.equal((await post(target, DATA)).status, 200);
      assert.equal(asked, 1);
      api.httpAdmin.use('/powersentrix', (request, response, next) => {
        if (request.query.cmm === 'ups-01') response.status(403).end();
        else next();
      });
      assert.equal((await post(target, DATA)).status, 403);
      assert.equal((await post(target.replace('ups-01', 'ups-02'), DATA)).status, 200);
      assert.equal(asked, 3);
    } finally {
      parser.handle = handle;
      stack.length -= 2;
    }
    await unloadFlow();
    assert.equal(stack.length, layers - 1, 'what was put in front of the editor goes with its node');
  });

  it('survives ten thousand malformed pushes, and delivers every valid one in between', async () => {
    const { post, url } = await load();
    const random = new Seeded(newSeed());
    const endpoints = ['setUpsData', 'setNewUps', 'setUpsLog'] as const;
    const valid = { setUpsData: DATA, setNewUps: JSON.stringify(DOCUMENTED_IDENT), setUpsLog: LOG };
    const nested = (depth: number): string => `${'{"config":'.repeat(depth - 1)}{}${'}'.repeat(depth - 1)}`;
    const noise = (length: number): string =>
      String.fromCharCode(...Array.from({ length }, () => random.below(256)));

    const malformed = (endpoint: (typeof endpoints)[number]): Partial<Sent> => {
      const good = valid[endpoint];
      switch (random.below(11)) {
        case 0:
          return { body: good.slice(0, 1 + random.below(good.length - 2)) };
        case 1:
          return {
            body: random.pick([
              '[]',
              'null',
              '7',
              '"x"',
              'true',
              '{}',
              '',
              'NaN',
              '{"config":[]}',
              '{"sn":5}',
              '\0',
            ]),
          };
        case 2:
          return { body: nested(65 + random.below(400)) };
        case 3:
          return {
            body: good.replace('{', `{"${random.pick(['__proto__', 'constructor', 'prototype'])}":{"x":1},`),
          };
        case 4:
          return {
            headers: { 'content-encoding': random.pick(['gzip', 'br', 'deflate', 'identity, gzip', 'x']) },
          };
        case 5:
          return {
            body: random.chance(0.1)
              ? `{"config":"${'x'.repeat(66_000)}"}`
              : '['.repeat(4 + random.below(9000)),
          };
        case 6:
          return {
            body: random.pick([
              '{"upsData":{"voltages":"abc"}}',
              '{"upsData":{"ps":[1]}}',
              '{"upsData":{"ps":[{"main":nan,"buv":[]}]}}',
              '{"upsData":{"outputs":{"0":1}},"sn":{}}',
              '{"code":{},"timestamp":"2026-01-01 00:00:00"}',
              '{"config":{"outputs":[5]}}',
            ]),
          };
        case 7:
          return {
            body: random.pick([
              '{"a":nan,}',
              '{nan:1}',
              '{"a":na n}',
              '{"a":infx}',
              `{"a":${'-'.repeat(5000)}nan}`,
            ]),
          };
        case 8:
          return {
            query: `companyId=company&cmm=${random.pick(['', '%00', 'a%0Ab', 'a%E2%80%AE', '%FF%00', 'x'.repeat(200)])}`,
          };
        case 9:
          return {
            query: `companyId=${random.pick(['', 'Company', 'company%00', '%', '&companyId=company'])}&cmm=ups-01`,
          };
        default:
          return { body: noise(1 + random.below(60)) };
      }
    };
    const types: [string, ...string[]] = [
      'application/json',
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'x',
      '',
    ];

    const odd = (from: string, to: string): string => {
      assert.ok(DATA.includes(from));
      return DATA.replace(from, to);
    };
    const bodies: [string, ...string[]] = [
      DATA,
      `\ufeff${DATA}`,
      `${DATA}\0`,
      `${DATA}\r\n\0\0`,
      odd('"board":42', '"board":nan'),
      odd('"board":42', '"board":[]'),
      odd('"voltages":[', '"voltages":["x",'),
      odd('"ps":[', '"ps":[7,'),
    ];
    const paths: [string, ...string[]] = [
      '/powersentrix/api/',
      '/powersentrix//api/',
      '//powersentrix/api/v1//',
      `${url}/powersentrix/api/v1/api//`,
    ];
    const unusual = (): Partial<Sent> => ({
      body: random.pick(bodies),
      path: `${random.pick(paths)}setUpsData${random.pick(['', '/'])}`,
      headers: random.chance(0.5) ? { 'content-encoding': 'identity' } : { 'x-other': 'x' },
    });
    const send = (endpoint: string, { body, path, query = QUERY, headers }: Partial<Sent>): Promise<Reply> =>
      post(
        `${path ?? `/powersentrix/api/${endpoint}`}?${query}`,
        Buffer.from(
          body ?? valid[endpoint as keyof typeof valid],
          body?.startsWith('\ufeff') ? 'utf8' : 'latin1',
        ),
        { 'content-type': random.pick(types), ...headers },
      );

    const TOTAL = 10_000;
    let sent = 0;
    let delivered = 0;
    let refused = 0;
    const wrong: string[] = [];
    const heapBefore = usedHeap();
    const worker = async (): Promise<void> => {
      while (sent < TOTAL) {
        const turn = sent++;
        const endpoint = random.pick(endpoints);
        const push = malformed(endpoint);
        const reply = await send(endpoint, push);
        if (reply.status >= 400) refused++;
        if (reply.status < 400 || reply.status > 499 || /\bat /.test(reply.text)) {
          wrong.push(`${reply.status} ${reply.text.slice(0, 80)} to ${JSON.stringify(push).slice(0, 100)}`);
        }
        if (turn % 20 !== 0) continue;
        delivered++;
        const good = unusual();
        const { status, text } = await send('setUpsData', good);
        if (status !== 200)
          wrong.push(`${status} ${text.slice(0, 80)} to ${JSON.stringify(good).slice(0, 300)}`);
      }
    };
    await Promise.all(Array.from({ length: 16 }, worker));
    assert.deepEqual(wrong.slice(0, 5), [], `SEED=${random.seed}`);
    await next('out', delivered - 1);
    assert.equal(flow.at('out').items.length, delivered);
    for (const { payload } of flow.at('out').items) {
      assert.equal((payload as { powerSource: string }).powerSource, 'mains');
    }
    assert.equal(({} as Record<string, unknown>).x, undefined);
    const counted = (flow.node('r') as ConfigNode<ReceiverPart>).holder.part.refused;
    assert.equal(
      Object.values(counted).reduce((sum, count) => sum + count, 0),
      refused,
    );
    const lines = flow.log(LEVEL.warn).map(({ msg }) => msg);
    assert.equal(lines.filter((line) => line.includes('pushesRefused')).length, 10);
    // Three kinds of odd parts, each named once.
    assert.equal(lines.filter((line) => line.includes('powersentrixPushOdd')).length, 3, lines.join('\n'));
    const growth = usedHeap() - heapBefore;
    assert.ok(growth < 15, `the heap grew by ${growth} MB`);
    console.log(
      `    ${TOTAL} malformed pushes, ${delivered} unusual ones delivered, heap ${growth.toFixed(0)} MB, seed ${random.seed}`,
    );
  }).timeout(240_000);
});
