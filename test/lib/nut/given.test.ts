import assert from 'node:assert/strict';

import { allowedHosts, bindAddress, isWellKnown, upsNames } from '../../../lib/nut/given';

describe('what people enter for a NUT server', () => {
  const NAMES: readonly (readonly [string, readonly string[] | null])[] = [
    ['ups', ['ups']],
    [' ups, qnapups ', ['ups', 'qnapups']],
    ['UPS;ups\nRack-3.b', ['ups', 'rack-3.b']],
    ['', null],
    [' , ', null],
    ['a b"c', null],
    ['Kotolňa', null],
    ['x'.repeat(65), null],
    ['a b c d e f g h i', null],
  ];
  for (const [text, names] of NAMES) {
    it(`takes the names ${JSON.stringify(text.slice(0, 20))}: ${names?.join(' ') ?? 'no'}`, () => {
      if (names) assert.deepEqual(upsNames(text), names);
      else assert.throws(() => upsNames(text), { code: 'INVALID_INPUT', reason: 'nutNames' });
    });
  }

  const ADDRESSES: readonly (readonly [string, string | null])[] = [
    ['127.0.0.1', '127.0.0.1'],
    ['0.0.0.0', '0.0.0.0'],
    ['::', '::'],
    ['[fd00::1]', 'fd00::1'],
    ['localhost', null],
    ['', null],
    ['127.0.0.1:3493', null],
    ['300.1.1.1', null],
  ];
  for (const [text, address] of ADDRESSES) {
    it(`listens at ${JSON.stringify(text)}: ${address ?? 'no'}`, () => {
      if (address) assert.equal(bindAddress(text), address);
      else assert.throws(() => bindAddress(text), { reason: 'nutBindAddress' });
    });
  }

  const HOSTS: readonly (readonly [text: string, address: string, admitted: boolean])[] = [
    ['', '203.0.113.9', true],
    ['192.168.1.20', '192.168.1.20', true],
    ['192.168.1.20', '192.168.1.21', false],
    ['192.168.2.0/24, fd00::/8', '192.168.2.77', true],
    ['192.168.2.0/24, fd00::/8', 'fd12::1', true],
    ['192.168.2.0/24, fd00::/8', 'fe80::1%eth0', false],
    ['192.168.2.0/24', '', false],
    ['0.0.0.0/0', '10.0.0.1', true],
    ['0.0.0.0/0', '::1', false],
  ];
  for (const [text, address, admitted] of HOSTS) {
    it(`with ${JSON.stringify(text)} lets ${address || 'nobody'} in: ${admitted}`, () => {
      assert.equal(allowedHosts(text)(address), admitted);
    });
  }
  for (const text of ['nas', '10.0.0.0/33', '10.0.0.0/x', '10.0.0.0/8/8', '::/129', '10.0.0.1 '.repeat(65)]) {
    it(`refuses the hosts ${JSON.stringify(text.slice(0, 20))}`, () => {
      assert.throws(() => allowedHosts(text), { code: 'INVALID_INPUT', reason: 'nutHosts' });
    });
  }

  it('knows passwords that everybody knows', () => {
    assert.deepEqual(
      [isWellKnown('monuser', 'secret'), isWellKnown('admin', '123456'), isWellKnown('nas', 'nas')],
      [true, true, true],
    );
    assert.equal(isWellKnown('monuser', 'another'), false);
  });
});
