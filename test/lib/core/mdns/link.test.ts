import assert from 'node:assert/strict';

import { Link } from '../../../../lib/core/mdns/link';
import { HOME_LINK } from '../../../support/mdns';

/** announced address, its announcer, the address as it is connected to */
const ADDRESSES: [address: string, source: string, used: string | undefined][] = [
  ['192.168.1.50', '192.168.1.50', '192.168.1.50'],
  ['192.168.1.2', '192.168.1.50', '192.168.1.2'],
  ['192.168.20.7', '192.168.1.1', '192.168.20.7'],
  ['10.3.2.1', '192.168.1.1', '10.3.2.1'],
  ['172.31.0.9', '192.168.1.1', '172.31.0.9'],
  ['172.32.0.9', '192.168.1.1', undefined],
  ['192.168.1.255', '192.168.1.50', undefined],
  ['192.168.1.0', '192.168.1.50', undefined],
  ['127.0.0.1', '192.168.1.50', undefined],
  ['127.255.0.3', '192.168.1.50', undefined],
  ['0.0.0.0', '192.168.1.50', undefined],
  ['169.254.4.5', '192.168.1.50', undefined],
  ['224.0.0.251', '192.168.1.50', undefined],
  ['239.1.1.1', '192.168.1.50', undefined],
  ['255.255.255.255', '192.168.1.50', undefined],
  ['8.8.8.8', '192.168.1.50', undefined],
  ['100.64.0.7', '192.168.1.50', undefined],
  ['fe80::50', 'fe80::50%eth0', 'fe80::50%eth0'],
  ['fe80::50', '192.168.1.50', 'fe80::50%eth0'],
  ['fe80::50', '10.0.0.1', undefined],
  ['fe80::50%eth0', 'fe80::50%eth0', undefined],
  ['FD00::0001', 'fe80::50%eth0', 'fd00::1'],
  ['2001:db8:1::50', 'fe80::50%eth0', '2001:db8:1::50'],
  ['2001:db8:2::50', 'fe80::50%eth0', undefined],
  ['::1', 'fe80::50%eth0', undefined],
  ['::', 'fe80::50%eth0', undefined],
  ['ff02::1', 'fe80::50%eth0', undefined],
  ['::ffff:192.168.1.50', 'fe80::50%eth0', undefined],
  ['::ffff:8.8.8.8', 'fe80::50%eth0', undefined],
  ['64:ff9b::808:808', 'fe80::50%eth0', undefined],
  ['', '192.168.1.50', undefined],
  ['poweropti', '192.168.1.50', undefined],
  ['192.168.1.50.evil.example', '192.168.1.50', undefined],
  ['1'.repeat(1000), '192.168.1.50', undefined],
];

const SOURCES: [source: string, near: boolean][] = [
  ['192.168.1.50', true],
  ['192.168.1.2', true],
  ['192.168.2.50', false],
  ['8.8.8.8', false],
  ['127.0.0.1', false],
  ['100.64.0.9', false],
  ['fe80::50%eth0', true],
  ['fe80::50%wlan7', false],
  ['fe80::50', false],
  ['2001:db8:1::50', true],
  ['2001:db8:2::50', false],
  ['::1', false],
  ['', false],
];

describe('the networks of this machine', () => {
  for (const [address, source, used] of ADDRESSES) {
    it(`take ${address.slice(0, 40) || 'nothing'}, announced by ${source}, for ${used ?? 'no address'}`, () => {
      assert.equal(HOME_LINK().usable(address, source), used);
    });
  }
  for (const [source, near] of SOURCES) {
    it(`${near ? 'hear' : 'do not hear'} ${source || 'nobody'}`, () => {
      assert.equal(HOME_LINK().isNear(source), near);
    });
  }

  it('are those that are not the machine itself', () => {
    assert.deepEqual(HOME_LINK().interfaces, [
      { zone: 'eth0', address4: '192.168.1.2', hasAddress6: true },
      { zone: 'tun0', address4: '100.64.0.1', hasAddress6: false },
    ]);
    assert.deepEqual(new Link({}).interfaces, []);
  });
});
