import assert from 'node:assert/strict';

import { UpsModel } from '../../simulators/powersentrix';
import { RawHttp } from '../support/raw-http';
import { type FlowNode, type Runtime, type RuntimeOptions, startRuntime } from '../support/runtime';

const SECRET = 's3cret';
const QUERY = 'companyId=company&cmm=ups-01';
const model = new UpsModel();
const DATA = JSON.stringify(model.complex());
model.close();

const FLOWS: FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'test' },
  { id: 'rec', type: 'ups-receiver', name: '', path: '/powersentrix' },
  { id: 'dev', type: 'ups-device', source: 'push', receiver: 'rec', cmm: 'ups-01', interval: 300 },
  { id: 'st', type: 'ups-status', z: 'tab', x: 100, y: 100, device: 'dev', wires: [['debug'], []] },
  {
    id: 'debug',
    type: 'debug',
    z: 'tab',
    x: 300,
    y: 100,
    active: true,
    tosidebar: true,
    complete: 'payload',
  },
];

describe('the receiver in a real Node-RED', () => {
  let runtime: Runtime;
  const raws: RawHttp[] = [];
  const start = async (options: RuntimeOptions = {}, secret = SECRET): Promise<void> => {
    runtime = await startRuntime({
      flows: FLOWS,
      credentials: { rec: { companyId: 'company', secret } },
      ...options,
    });
  };
  const raw = async (text: string | Buffer): Promise<RawHttp> => {
    const connection = await RawHttp.open(runtime.port);
    raws.push(connection);
    connection.write(text);
    return connection;
  };
  const post = (
    target: string,
    body = DATA,
    headers = 'Content-Type: application/json\r\n',
  ): Promise<RawHttp> =>
    raw(`POST ${target} HTTP/1.1\r\nHost: x\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`);
  const statusOf = async (target: string, body?: string, headers?: string): Promise<number> =>
    (await post(target, body, headers)).status();
  const refused = async (): Promise<Record<string, number>> => {
    const reply = await runtime.get('energy-devices/ups-receiver/rec/diagnostics');
    return (reply.json() as { refused: Record<string, number> }).refused;
  };
  afterEach(async () => {
    for (const one of raws.splice(0)) one.close();
    await runtime.stop();
  });

  const ROOTS: [what: string, settings: Record<string, unknown>, root: string][] = [
    ['one root', {}, ''],
    ['one root of its own', { httpRoot: '/all' }, '/all'],
    ['a root of the editor', { httpAdminRoot: '/admin' }, ''],
    ['a root of the HTTP nodes', { httpNodeRoot: '/red' }, '/red'],
    ['two roots', { httpAdminRoot: '/admin', httpNodeRoot: '/red/nodes/' }, '/red/nodes'],
    ['a root below that of the editor', { httpAdminRoot: '/a', httpNodeRoot: '/a/b' }, '/a/b'],
  ];
  for (const [what, settings, root] of ROOTS) {
    it(`takes every spelling of its address with ${what}`, async () => {
      await start({ settings });
      const base = `${root}/powersentrix/${SECRET}/api`;
      const targets = [
        `${base}/setUpsData`,
        `${base}/setUpsData/`,
        `${base}//v1//setUpsData//`,
        `${root}//powersentrix//${SECRET}/api/v1/api/setUpsData`,
        `/${root}/powersentrix/${SECRET}/api/setUpsData`,
        `http://node-red.example:1880${base}/setUpsData`,
        `http://127.0.0.1/${base}//setUpsData/`,
        `HTTP://[::1]:1880${base}/v1/setUpsData`,
      ];
      for (const target of targets) assert.equal(await statusOf(`${target}?${QUERY}`), 200, target);
      const broken = await post(`http://x${base}/setUpsData?${QUERY}`, '{"config":');
      assert.equal(await broken.status(), 400);
      assert.ok(broken.text.endsWith('{"message":"no JSON, or nested too deep"}'), broken.text);
      // What stands between a broken body and a receiver that does not know it must not tell where its files are.
      for (const target of [
        `${root}/powersentrix/wrong/api/setUpsData`,
        `http://x${root}/powersentrix/api/setUpsData`,
      ]) {
        const lost = await post(`${target}?${QUERY}`, '{"config":');
        assert.equal(await lost.status(), 404, target);
        assert.ok(!/\bat .*:\d+|node_modules/.test(lost.text), lost.text);
      }
      assert.equal(await statusOf(`${root}/powersentrix/${SECRET}/api/v2/setUpsData?${QUERY}`), 404);
      assert.equal(await statusOf(`${root}/powersentrixx/api/setUpsData?${QUERY}`), 404);
      assert.deepEqual(await refused(), { 400: 1, 404: 3 });
      await runtime.waitForStatus('st', ({ fill }) => fill === 'green');
    });
  }

  it('says that no UPS can push where Node-RED serves no HTTP nodes', async () => {
    await start({ settings: { httpNodeRoot: false } });
    await runtime.waitForLog(/\[warn\] \[ups-receiver:.*httpNodeRoot is false/);
    await runtime.waitForStatus('st', ({ fill }) => fill === 'red');
    assert.equal(await statusOf(`/powersentrix/${SECRET}/api/setUpsData?${QUERY}`), 404);
    const addresses = (await runtime.get('energy-devices/ups-receiver/any/addresses')).json();
    assert.equal((addresses as { root: unknown }).root, null);
    const list = (await runtime.get('energy-devices/ups-receiver/rec/registrations')).json();
    assert.equal((list as { problem: { reason: string } }).problem.reason, 'powersentrixHttpNodeRootOff');
  });

  it('reads what is JSON, whatever it is said to be', async () => {
    await start();
    const target = `/powersentrix/${SECRET}/api/setUpsData?${QUERY}`;
    const types = [
      '',
      'Content-Type: \r\n',
      'Content-Type: application/x-www-form-urlencoded\r\n',
      'Content-Type: text/plain; charset=iso-8859-1\r\n',
      'Content-Type: application/octet-stream\r\n',
      'Content-Type: application/json, application/json\r\n',
      'Content-Type: application/json\r\nContent-Type: application/json\r\n',
      'Content-Type: application/json; charset=utf-16\r\n',
      'Content-Type: multipart/form-data; boundary=x\r\n',
      'Content-Type: ;;;\r\n',
      'Content-Type: application/json\r\nContent-Encoding: identity\r\n',
      'Content-Encoding: \r\n',
      'Content-Type: application/json\r\nExpect: 100-continue\r\n',
      'Content-Type: application/json\r\nTE: trailers\r\nConnection: keep-alive, TE\r\n',
    ];
    for (const type of types) assert.equal(await statusOf(target, DATA, type), 200, JSON.stringify(type));
    assert.equal(await statusOf(target, `\xef\xbb\xbf${DATA}\0\0`), 200);
    assert.equal(await statusOf(target, DATA.replace(/"board":[\d.]+/, '"board":-nan')), 200);
    assert.equal(await statusOf(target, DATA, 'Content-Encoding: gzip\r\n'), 415);
    const chunked = await raw(
      `POST ${target} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTrailer: Companyid\r\n\r\n` +
        `10;ext=1\r\n${DATA.slice(0, 16)}\r\n${(DATA.length - 16).toString(16)}\r\n${DATA.slice(16)}\r\n` +
        '0\r\nCompanyid: other\r\n\r\n',
    );
    assert.equal(await chunked.status(), 200);
    await runtime.waitForDebug(({ id }) => id === 'debug');
  });

  it('answers pipelined pushes in their order, and nothing that could be read in two ways', async () => {
    await start();
    const target = `/powersentrix/${SECRET}/api/setUpsData?${QUERY}`;
    const one = (query: string): string =>
      `POST ${target}${query} HTTP/1.1\r\nHost: x\r\nContent-Length: ${DATA.length}\r\n\r\n${DATA}`;
    const pipelined = await raw(one('') + one('&cmm=twice') + one('') + one(''));
    const responses = await pipelined.until(/(HTTP\/1\.1 \d{3}[\s\S]*){4}\}$/);
    assert.deepEqual(
      responses.match(/HTTP\/1\.1 \d{3}/g),
      [200, 400, 200, 200].map((s) => `HTTP/1.1 ${s}`),
    );
    const smuggled = [
      `Content-Length: 2\r\nContent-Length: ${DATA.length}\r\n`,
      `Content-Length: ${DATA.length}\r\nTransfer-Encoding: chunked\r\n`,
      'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n',
      'Transfer-Encoding: chunked, identity\r\n',
      `Content-Length: +${DATA.length}\r\n`,
      `Content-Length : ${DATA.length}\r\n`,
    ];
    for (const headers of smuggled) {
      const connection = await raw(`POST ${target} HTTP/1.1\r\nHost: x\r\n${headers}\r\n${DATA}`);
      assert.equal(await connection.status(), 400, headers);
      await connection.untilClosed();
    }
    const huge = await raw(`POST ${target} HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`);
    assert.equal(await huge.status(), 431);
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'TRACE']) {
      const other = await raw(`${method} ${target} HTTP/1.1\r\nHost: x\r\n\r\n`);
      assert.equal(await other.status(), 405, method);
      assert.match(other.text, /^Allow: POST\r$/m);
    }
  });

  it('is not held up by bodies that come slowly, and takes up little of the memory', async () => {
    await start();
    const target = `/powersentrix/${SECRET}/api/setUpsData?${QUERY}`;
    const slow: RawHttp[] = [];
    for (let n = 0; n < 120; n++) {
      slow.push(await raw(`POST ${target} HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n{`));
    }
    assert.equal(await statusOf(target), 200);
    const [oldest] = slow;
    assert.equal(await oldest?.status(), 503);
    await oldest?.untilClosed();
    assert.equal(slow.filter(({ isClosed }) => isClosed).length > 0, true);
    // One who is refused is not heard to the end either.
    const wrong = await raw(
      `POST ${target}&companyId=x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    assert.equal(await wrong.status(), 401);
    await wrong.untilClosed();
  });

  it('stands behind what the user has put in front of the HTTP nodes', async () => {
    const middleware = `{
      httpNodeMiddleware: [
        (req, res, next) => { req.seen = Object.keys(req.cookies).length; next(); },
        [(req, res, next) => {
          if (req.headers['x-throw']) throw new Error('thrown $t(x)');
          if (req.headers['x-quote']) throw new Error('no way to ' + req.originalUrl);
          if (req.headers['x-fail']) return next(Object.assign(new Error('failed'), { status: 418 }));
          if (req.headers['x-no']) return res.status(403).end('no');
          if (req.headers['x-route']) return next('route');
          res.setHeader('x-middleware', req.seen + ' ' + req.url);
          next();
        }],
      ],
    }`;
    await start({
      settings: { httpNodeCors: { origin: '*' }, httpNodeRoot: '/red' },
      settingsCode: middleware,
    });
    const target = `/red/powersentrix/${SECRET}/api//setUpsData?${QUERY}`;
    const good = await post(target);
    assert.equal(await good.status(), 200);
    assert.match(
      good.text,
      /^x-middleware: 0 \/powersentrix\/s3cret\/api\/setUpsData\?companyId=company&cmm=ups-01\r$/m,
    );
    assert.match(good.text, /^Access-Control-Allow-Origin: \*\r$/m);
    for (const [header, status] of [
      ['X-Throw', 500],
      ['X-Quote', 500],
      ['X-Fail', 418],
      ['X-No', 403],
      ['X-Route', 404],
    ] as const) {
      for (let n = 0; n < 2; n++) {
        const reply = await post(target, DATA, `${header}: 1\r\n`);
        assert.equal(await reply.status(), status, header);
        assert.ok(!/\bat .*:\d+|node_modules|thrown/.test(reply.text), reply.text);
      }
    }
    assert.deepEqual(await refused(), { 403: 2, 404: 2, 418: 2, 500: 4 });
    const lines = runtime.log.filter((line) => line.includes('httpNodeMiddleware'));
    assert.equal(lines.length, 3, lines.join('\n'));
    assert.ok(lines[0]?.endsWith('thrown $t(x)'), lines[0]);
    assert.ok(lines[1]?.includes('no way to /red/powersentrix/'), lines[1]);
    assert.ok(!runtime.log.some((line) => line.includes(SECRET) || line.includes('=company')), lines[1]);
  });

  it('stands behind what the user has put in front of the editor where both have one root', async () => {
    const middleware = `{
      httpAdminMiddleware: (req, res, next) => {
        if (req.headers['x-no']) return res.status(403).end('no');
        res.setHeader('x-admin', req.url);
        next();
      },
    }`;
    await start({ settingsCode: middleware });
    const target = `/powersentrix/${SECRET}/api/setUpsData?${QUERY}`;
    const good = await post(target);
    assert.equal(await good.status(), 200);
    assert.ok(good.text.includes(`\r\nx-admin: ${target}\r\n`), good.text);
    assert.equal(await statusOf(target, DATA, 'X-No: 1\r\n'), 403);
    assert.deepEqual(await refused(), { 403: 1 });
  });

  it('gives the metrics that http in gives', async () => {
    const logging = `{ logging: { console: { level: 'info', metrics: true } } }`;
    await start({ settingsCode: logging });
    assert.equal(await statusOf(`/powersentrix/${SECRET}/api/setUpsData?${QUERY}`), 200);
    await runtime.waitForLog(/"nodeid":"rec","event":"node\.ups-receiver\.response\.time\.millis"/);
    await runtime.waitForLog(/"node\.ups-receiver\.response\.content-length\.bytes".*"value":24/);
  });
});
