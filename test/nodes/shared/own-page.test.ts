import assert from 'node:assert/strict';

import { isOwnPage } from '../../../nodes/shared/own-page';

interface Case {
  site?: string;
  origin?: string;
  host?: string;
  addresses?: string[];
  allowed: boolean;
}

const HOST = '192.168.1.5:1880';
const PUBLIC = 'https://nodered.example';

const CASES: Record<string, Case> = {
  'no browser': { host: HOST, allowed: true },
  'no browser, HTTP/1.0': { allowed: true },
  'own page': { site: 'same-origin', origin: `http://${HOST}`, host: HOST, allowed: true },
  'own page behind a proxy': { site: 'same-origin', origin: PUBLIC, host: '127.0.0.1:1880', allowed: true },
  'typed by a person': { site: 'none', host: HOST, allowed: true },
  'foreign page': { site: 'cross-site', origin: 'https://evil.example', host: HOST, allowed: false },
  'foreign page without origin': { site: 'cross-site', host: HOST, allowed: false },
  'foreign page, host by chance': {
    site: 'cross-site',
    origin: `http://${HOST}`,
    host: HOST,
    allowed: false,
  },
  'foreign page, address is listed': {
    site: 'cross-site',
    origin: PUBLIC,
    host: HOST,
    addresses: [PUBLIC],
    allowed: false,
  },
  'neighbour by port': { site: 'same-site', origin: 'http://192.168.1.5:8080', host: HOST, allowed: false },
  'neighbour by name': { site: 'same-site', origin: 'https://www.nodered.example', allowed: false },
  'plain HTTP, own page': { origin: `http://${HOST}`, host: HOST, allowed: true },
  'plain HTTP, foreign page': { origin: 'http://evil.example', host: HOST, allowed: false },
  'plain HTTP, other port': { origin: 'http://192.168.1.5', host: HOST, allowed: false },
  'plain HTTP, no host': { origin: `http://${HOST}`, allowed: false },
  'sandboxed page': { origin: 'null', host: HOST, allowed: false },
  'empty origin': { origin: '', host: HOST, allowed: false },
  'origin that is none': { origin: '192.168.1.5:1880', host: HOST, allowed: false },
  'file page': { origin: 'file://', host: HOST, allowed: false },
  'extension page': { origin: 'chrome-extension://abcdef', host: 'abcdef', allowed: false },
  'two origins': { origin: `http://${HOST}, http://evil.example`, host: HOST, allowed: false },
  'unknown Sec-Fetch-Site, own page': { site: 'x', origin: `http://${HOST}`, host: HOST, allowed: true },
  'unknown Sec-Fetch-Site, foreign page': {
    site: 'x',
    origin: 'http://evil.example',
    host: HOST,
    allowed: false,
  },
  'name in other case': { origin: 'http://nodered.LAN:1880', host: 'NodeRED.lan:1880', allowed: true },
  'default port, http': { origin: 'http://nodered.lan', host: 'nodered.lan:80', allowed: true },
  'default port, https by a proxy': { origin: PUBLIC, host: 'nodered.example', allowed: true },
  'default port, https, named': { origin: PUBLIC, host: 'nodered.example:443', allowed: true },
  'default port of the other scheme': { origin: PUBLIC, host: 'nodered.example:80', allowed: false },
  IPv6: { origin: 'http://[FD00::1]:1880', host: '[fd00::1]:1880', allowed: true },
  'longer name': { origin: 'http://nodered.example.evil.example', host: 'nodered.example', allowed: false },
  'login in the origin': {
    origin: 'http://nodered.example@evil.example',
    host: 'nodered.example',
    allowed: false,
  },
  'nginx with its default Host': { origin: 'http://nodered.lan', host: '127.0.0.1:1880', allowed: false },
  'nginx, address is listed': {
    origin: 'http://nodered.lan',
    host: '127.0.0.1:1880',
    addresses: ['http://nodered.lan/'],
    allowed: true,
  },
  'listed with a path, blanks and capitals': {
    origin: PUBLIC,
    host: '127.0.0.1:1880',
    addresses: [' HTTPS://NodeRED.example:443/red/ '],
    allowed: true,
  },
  'listed as a host': { origin: PUBLIC, host: 'x', addresses: ['nodered.example'], allowed: true },
  'listed as a host and port': {
    origin: 'http://nodered.lan:8080',
    host: 'x',
    addresses: ['nodered.lan:8080'],
    allowed: true,
  },
  'listed with the other scheme': {
    origin: 'http://nodered.example',
    host: 'x',
    addresses: [PUBLIC],
    allowed: false,
  },
  'listed nonsense': {
    origin: 'http://evil.example',
    host: 'x',
    addresses: ['', '*', 'http://'],
    allowed: false,
  },
  'sandboxed page, null is listed': { origin: 'null', host: 'null', addresses: ['null'], allowed: false },
};

describe('a request to an admin route', () => {
  for (const [name, { site, origin, host, addresses, allowed }] of Object.entries(CASES)) {
    it(`is ${allowed ? 'answered' : 'refused'}: ${name}`, () => {
      const headers = {
        ...(site === undefined ? {} : { 'sec-fetch-site': site }),
        ...(origin === undefined ? {} : { origin }),
        ...(host === undefined ? {} : { host }),
      };
      assert.equal(isOwnPage(headers, addresses), allowed);
    });
  }
});
