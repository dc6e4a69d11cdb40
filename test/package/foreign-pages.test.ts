import assert from 'node:assert/strict';

import { dialogNames } from '../support/routes';
import { type Runtime, startRuntime } from '../support/runtime';

/** What a browser says of a page from elsewhere that posts to Node-RED: over HTTPS, and over plain HTTP. */
const FOREIGN: Record<string, Record<string, string>> = {
  'another site': { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
  'another port': { 'sec-fetch-site': 'same-site', origin: 'http://127.0.0.1:8080' },
  'another site, plain HTTP': { origin: 'http://evil.example' },
  'a sandboxed page, plain HTTP': { origin: 'null' },
};

describe('pages from elsewhere, without adminAuth', () => {
  let runtime: Runtime;
  before(async () => {
    runtime = await startRuntime();
  });
  after(async () => {
    await runtime.stop();
  });

  const paths = (): { method: string; path: string }[] =>
    dialogNames().flatMap(({ type, actions, queries }) => [
      ...actions.map((name) => ({ method: 'POST', path: `energy-devices/${type}/none/${name}` })),
      ...queries.map((name) => ({ method: 'GET', path: `energy-devices/${type}/none/${name}` })),
    ]);

  for (const [name, headers] of Object.entries(FOREIGN)) {
    it(`are refused by every route: ${name}`, async () => {
      for (const { method, path } of paths()) {
        const body = method === 'POST' ? {} : undefined;
        const response = await runtime.request(path, { method, body, headers });
        assert.equal(response.status, 403, `${method} ${path}`);
        assert.match(response.text, /foreignPage/);
      }
    });
  }

  it('are asked by nobody when the editor itself asks', async () => {
    const { origin } = new URL(runtime.url);
    for (const headers of [{}, { 'sec-fetch-site': 'same-origin', origin }, { origin }] as Record<
      string,
      string
    >[]) {
      for (const { method, path } of paths()) {
        const body = method === 'POST' ? {} : undefined;
        const { status } = await runtime.request(path, { method, body, headers });
        assert.ok(status !== 403, `${method} ${path}: ${status}`);
      }
    }
  });

  it('cannot send a form', async () => {
    for (const { method, path } of paths()) {
      if (method !== 'POST') continue;
      for (const type of [
        'text/plain',
        'application/x-www-form-urlencoded',
        'multipart/form-data; boundary=x',
      ]) {
        const headers = { 'content-type': type };
        assert.equal((await runtime.request(path, { method, body: '{}', headers })).status, 415);
      }
    }
  });
});
