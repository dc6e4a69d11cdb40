import assert from 'node:assert/strict';

import { send } from '../support/http';
import { Nginx } from '../support/nginx';
import { type Runtime, startRuntime } from '../support/runtime';

const PATH = 'energy-devices/poweropti-device/none/test';
const OWN = 'http://nodered.lan';
const FOREIGN = 'http://evil.example';
const DEFAULT: readonly string[] = [];
const KEEPS_HOST = ['proxy_set_header Host $http_host'];

interface Case {
  name: string;
  /** more lines of nginx's `location` */
  nginx: readonly string[];
  site?: string;
  /** default: nginx's own address */
  origin?: string | null;
  /** whether the route answers: without the setting, and with this address in it */
  responded: [boolean, boolean];
}

const CASES: readonly Case[] = [
  { name: 'no browser', nginx: DEFAULT, origin: null, responded: [true, true] },
  { name: 'own page, HTTPS', nginx: DEFAULT, site: 'same-origin', origin: OWN, responded: [true, true] },
  {
    name: 'foreign page, HTTPS',
    nginx: DEFAULT,
    site: 'cross-site',
    origin: FOREIGN,
    responded: [false, false],
  },
  { name: 'neighbour, HTTPS', nginx: DEFAULT, site: 'same-site', origin: OWN, responded: [false, false] },
  { name: 'own page, plain HTTP', nginx: DEFAULT, origin: OWN, responded: [false, true] },
  { name: 'foreign page, plain HTTP', nginx: DEFAULT, origin: FOREIGN, responded: [false, false] },
  { name: 'sandboxed page, plain HTTP', nginx: DEFAULT, origin: 'null', responded: [false, false] },
  { name: 'own page, plain HTTP, Host kept', nginx: KEEPS_HOST, responded: [true, true] },
  {
    name: 'foreign page, plain HTTP, Host kept',
    nginx: KEEPS_HOST,
    origin: FOREIGN,
    responded: [false, false],
  },
];

[false, true].forEach((listed, index) => {
  describe(`an editor behind nginx, its address ${listed ? 'in the settings' : 'unknown'}`, () => {
    const proxies = new Map([DEFAULT, KEEPS_HOST].map((lines) => [lines, new Nginx()]));
    let runtime: Runtime;

    before(async () => {
      const settings = listed ? { energyDevices: { editorAddresses: [OWN] } } : {};
      runtime = await startRuntime({ settings });
      for (const [lines, nginx] of proxies) await nginx.start(runtime.url, lines);
    });
    after(async () => {
      for (const nginx of proxies.values()) await nginx.close();
      await runtime.stop();
    });

    for (const { name, nginx: lines, site, origin, responded } of CASES) {
      const expected = responded[index] ?? false;
      it(`${expected ? 'answers' : 'refuses'}: ${name}`, async () => {
        const nginx = proxies.get(lines);
        assert.ok(nginx);
        const from = origin === undefined ? nginx.url : origin;
        const headers = {
          ...(site === undefined ? {} : { 'sec-fetch-site': site }),
          ...(from === null ? {} : { origin: from }),
        };
        for (const [method, path] of [
          ['POST', PATH],
          ['GET', PATH.replace(/test$/, 'diagnostics')],
        ] as const) {
          const body = method === 'POST' ? { settings: {}, credentials: {} } : undefined;
          const { status, text } = await send(`${nginx.url}/${path}`, { method, headers, body });
          assert.equal(status !== 403, expected, `${method}: ${status} ${text}`);
          if (!expected) assert.match(text, /foreignPage/);
        }
      });
    }
  });
});
