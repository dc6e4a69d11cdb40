import assert from 'node:assert/strict';

import { lanPage } from '../../../../lib/core/http/lan';

describe('the page of a device', () => {
  for (const [address, page] of [
    ['http://192.168.1.50/api_actions?apiKey=x#y', 'http://192.168.1.50'],
    ['https://10.0.0.2:8443/', 'https://10.0.0.2:8443'],
    ['http://172.31.255.255', 'http://172.31.255.255'],
    ['http://[fd12::1]:81/x', 'http://[fd12::1]:81'],
    ['http://UPS.local', 'http://ups.local'],
    ['http://ups.rack.home.arpa', 'http://ups.rack.home.arpa'],
    ['http://ups', 'http://ups'],
  ]) {
    it(`is ${page} for ${address}`, () => assert.equal(lanPage(address), page));
  }

  for (const address of [
    'http://user:word@192.168.1.50',
    'http://word@192.168.1.50',
    'http://8.8.8.8',
    'http://172.32.0.1',
    'http://[2001:db8::1]',
    'http://[fe80::1%25eth0]',
    'https://view.powersentrix.com',
    'http://127.0.0.1:1880',
    'http://[::1]',
    'http://localhost',
    'http://0x7f000001',
    'ftp://192.168.1.50',
    'javascript:alert(1)',
    '192.168.1.50',
    '',
    undefined,
    7,
  ]) {
    it(`is none for ${String(address)}`, () => assert.equal(lanPage(address), undefined));
  }
});
