import assert from 'node:assert/strict';

import { type MdnsRecord, Services } from '../../../../lib/core/mdns/services';
import { announcement, HOME_LINK, type Said } from '../../../support/mdns';

type Four = [MdnsRecord, MdnsRecord, MdnsRecord, MdnsRecord];
const records = (said: Said = {}): MdnsRecord[] =>
  announcement(said).map((one) =>
    one.type === 'TXT'
      ? { ...one, data: (one.data as (string | Buffer)[]).map((text) => Buffer.from(text)) }
      : one,
  ) as unknown as MdnsRecord[];

describe('announced services', () => {
  let services: Services;
  const take = (said: Said = {}, source = '192.168.1.50'): void =>
    services.take({ records: records(said), source });
  const seen = () =>
    services.list().map(({ instance, port, addresses, txt }) => ({
      ...{ instance, port, addresses },
      txt: txt?.map((text) => Buffer.from(text).toString()),
    }));

  beforeEach(() => {
    services = new Services(
      { type: '_http._tcp', wanted: (instance) => /^powerfox/i.test(instance) },
      HOME_LINK(),
    );
  });

  it('are put together from records in any order and spelling, and from several responses', () => {
    const [ptr, srv, txt, a] = records({ instance: 'Powerfox Kitchen' }) as Four;
    services.take({
      records: [{ ...a, name: 'POWERFOX KITCHEN.local.' }],
      source: '192.168.1.50',
    });
    services.take({ records: [ptr, txt], source: '192.168.1.50' });
    assert.deepEqual(services.missing(), { services: ['Powerfox Kitchen._http._tcp.local'], hosts: [] });
    services.take({ records: [srv], source: '192.168.1.50' });
    assert.deepEqual(services.missing(), { services: [], hosts: ['powerfox kitchen.local'] });
    services.take({ records: [a], source: '192.168.1.50' });
    assert.deepEqual(services.missing(), { services: [], hosts: [] });
    assert.deepEqual(seen(), [
      { instance: 'Powerfox Kitchen', port: 80, addresses: ['192.168.1.50'], txt: ['id=1097bd725557'] },
    ]);
  });

  const NOT_TAKEN: [what: string, said: Said][] = [
    ['another type', { type: '_ipp._tcp.local' }],
    ['another name', { instance: 'printer' }],
    ['the name further behind', { instance: 'my powerfox' }],
    ['no name', { instance: '' }],
    ['port 0', { port: 0 }],
    ['an endless host', { host: 'a'.repeat(300) }],
    ['its end', { ttl: 0 }],
  ];
  for (const [what, said] of NOT_TAKEN) {
    it(`are none with ${what}`, () => {
      take(said);
      assert.deepEqual(seen(), []);
    });
  }

  it('end when they say so', () => {
    take();
    services.take({ records: records({ ttl: 0 }).slice(0, 1), source: '192.168.1.50' });
    assert.deepEqual(seen(), []);
  });

  it('end for nobody but the one who says so', () => {
    take();
    services.take({ records: records({ ttl: 0 }), source: '192.168.1.66' });
    assert.equal(seen().length, 1);
  });

  it('are what each source says, so that nobody changes what another one says', () => {
    take();
    take({ port: 8080, addresses: ['192.168.1.66'], txt: ['id=666666666666'] }, '192.168.1.66');
    assert.deepEqual(
      seen().map(({ port, addresses, txt }) => [port, addresses, txt]),
      [
        [80, ['192.168.1.50'], ['id=1097bd725557']],
        [8080, ['192.168.1.66'], ['id=666666666666']],
      ],
    );
  });

  it('have no addresses that are no device’s, and no address of a host that they do not name', () => {
    take({ addresses: ['127.0.0.1', '8.8.8.8', '224.0.0.1', '169.254.1.1', '::1'] });
    services.take({
      records: [{ type: 'A', name: 'other.local', ttl: 120, data: '192.168.1.9' }],
      source: '192.168.1.50',
    });
    assert.deepEqual(seen()[0]?.addresses, []);
  });

  it('have no strings that are too many or too long, and keep what came before out', () => {
    const long = Array.from({ length: 40 }, () => Buffer.alloc(255, 'x'));
    const many = Array.from({ length: 33 }, () => Buffer.from('a'));
    for (const txt of [long, many]) {
      take();
      take({ txt });
      assert.equal(seen()[0]?.txt, undefined);
    }
  });

  it('are 64 at the most, 32 of one source, 8 addresses each; more are told', () => {
    for (let i = 0; i < 10_000; i++) take({ instance: `powerfox-${i}` });
    assert.equal(seen().length, 32);
    assert.equal(services.full, true);
    for (let i = 0; i < 250; i++) take({ instance: `powerfox-${i}` }, `192.168.1.${i}`);
    assert.equal(seen().length, 64);
    take({ instance: 'powerfox-0', addresses: Array.from({ length: 200 }, (_, i) => `192.168.1.${i + 1}`) });
    assert.equal(seen()[0]?.addresses.length, 8);
  });
});
