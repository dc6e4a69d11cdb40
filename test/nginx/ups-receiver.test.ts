import assert from 'node:assert/strict';

import { Pusher, UpsModel } from '../../simulators/powersentrix';
import { Nginx } from '../support/nginx';
import { RawHttp } from '../support/raw-http';
import { type FlowNode, type Runtime, startRuntime } from '../support/runtime';

const FLOWS: FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'test' },
  { id: 'rec', type: 'ups-receiver', name: '', path: '/powersentrix' },
  { id: 'dev', type: 'ups-device', source: 'push', receiver: 'rec', cmm: 'Küche 1', interval: 300 },
  { id: 'st', type: 'ups-status', z: 'tab', x: 100, y: 100, device: 'dev', wires: [[], []] },
];
const QUERY = `companyId=company&cmm=${encodeURIComponent('Küche 1')}`;

describe('a receiver behind nginx', () => {
  let runtime: Runtime;
  const nginx = new Nginx();
  const model = new UpsModel({ cmm: 'Küche 1' });
  const data = JSON.stringify(model.complex());

  before(async () => {
    runtime = await startRuntime({
      flows: FLOWS,
      credentials: { rec: { companyId: 'company', secret: 's3cret' } },
      settings: { httpNodeRoot: '/red' },
    });
    await nginx.start(`http://127.0.0.1:${runtime.port}/`, ['proxy_http_version 1.1'], '/node-red/');
  });
  after(async () => {
    model.close();
    await nginx.close();
    await runtime.stop();
  });
  const statusOf = async (request: string): Promise<number> => {
    const raw = await RawHttp.open(nginx.port);
    raw.write(request);
    const status = await raw.status();
    raw.close();
    return status;
  };

  it('takes what a UPS pushes below the prefix that nginx takes off', async () => {
    const serverUrl = `${nginx.url}/node-red/red/powersentrix/s3cret`;
    const pusher = new Pusher(model, { serverUrl, companyId: 'company' });
    assert.equal((await pusher.register()).status, 200);
    assert.equal((await pusher.pushData()).status, 200);
    await runtime.waitForStatus('st', ({ fill }) => fill === 'green');
    // Behind a proxy every UPS has the proxy's address.
    assert.ok(!runtime.log.some((line) => line.includes('another address')));
    pusher.close();
  });

  for (const target of [
    '/node-red/red/powersentrix/s3cret/api/setUpsData',
    '/node-red//red//powersentrix/s3cret/api//setUpsData/',
    '//node-red/red/powersentrix/s3cret/api/v1/setUpsData',
    'http://ups-server.example/node-red/red/powersentrix/s3cret/api/setUpsData',
  ]) {
    it(`takes ${target}`, async () => {
      const body = Buffer.from(data).toString('latin1');
      const head = `POST ${target}?${QUERY} HTTP/1.1\r\nHost: x\r\n`;
      assert.equal(await statusOf(`${head}Content-Length: ${body.length}\r\n\r\n${body}`), 200);
      const chunks = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
      assert.equal(await statusOf(`${head}Transfer-Encoding: chunked\r\n\r\n${chunks}`), 200);
    });
  }

  it('refuses a wrong secret without a word of where its files are', async () => {
    const raw = await RawHttp.open(nginx.port);
    const target = `/node-red/red/powersentrix/wrong/api/setUpsData?${QUERY}`;
    raw.write(`POST ${target} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{"`);
    assert.equal(await raw.status(), 404);
    assert.ok(!/\bat .*:\d+|node_modules/.test(raw.text), raw.text);
    raw.close();
  });
});
