import assert from 'node:assert/strict';

import { decode, encode } from 'dns-packet';

import { DeviceError } from '../../../../lib/core/errors';
import { type Findings, ServiceSearch } from '../../../../lib/core/mdns/search';
import { failsWith } from '../../../support/expect-error';
import { FakeClock, until } from '../../../support/fake-clock';
import { announcement, FakeWire, HOME_LINK, packet } from '../../../support/mdns';
import { newSeed, Seeded } from '../../../support/seeded';

describe('a search for services', () => {
  let clock: FakeClock;
  let wire: FakeWire;
  let search: ServiceSearch;
  const never = new AbortController().signal;

  /** Begins one, and waits until it listens. */
  const begin = async (
    more: Partial<Parameters<ServiceSearch['search']>[0]> = {},
  ): Promise<Promise<Findings>[]> => {
    const result = search.search({ ms: 5000, signal: never, ...more });
    result.catch(() => undefined);
    await until(() => wire.listens && wire.sent.length > 0);
    // In a list, or awaiting this would await the result.
    return [result];
  };
  const ended = async (result: Promise<Findings> | undefined): Promise<Findings> => {
    await clock.advance(5000);
    assert.ok(result);
    return result;
  };

  beforeEach(() => {
    clock = new FakeClock();
    wire = new FakeWire();
    search = new ServiceSearch(
      { type: '_http._tcp', wanted: (instance) => instance.startsWith('powerfox') },
      { link: HOME_LINK, wire: () => wire, clock },
    );
  });

  it('asks at once, after 1 and 3 s, also for what it has heard of in part, and ends by closing', async () => {
    const [result] = await begin();
    wire.announce({ txt: null, addresses: [] });
    await clock.advance(3000);
    assert.equal(wire.sent.length, 3);
    const asked = wire.sent.map((bytes) =>
      decode(Buffer.from(bytes)).questions?.map(({ type, name }) => `${type} ${name}`),
    );
    assert.deepEqual(asked[0], ['PTR _http._tcp.local']);
    assert.deepEqual(asked[1], [
      'PTR _http._tcp.local',
      'SRV powerfox-1._http._tcp.local',
      'TXT powerfox-1._http._tcp.local',
      'A powerfox-1.local',
      'AAAA powerfox-1.local',
    ]);
    wire.announce();
    const { services, responses, full } = await ended(result);
    assert.deepEqual([services.length, responses, full], [1, 2, false]);
    assert.deepEqual([wire.opened, wire.closed, clock.pending], [1, 1, 0]);
  });

  it('binds nothing before, and nothing when it is cancelled before', async () => {
    const left = new AbortController();
    left.abort();
    await failsWith(search.search({ ms: 5000, signal: left.signal }), 'CANCELLED');
    assert.equal(wire.opened, 0);
  });

  it('ends soon after what will do, so that others can contradict', async () => {
    const [result] = await begin({ enough: (services) => services.length > 0 });
    wire.announce();
    await clock.advance(999);
    wire.announce({ instance: 'powerfox-2' }, '192.168.1.51');
    await clock.advance(1);
    assert.equal((await result)?.services.length, 2);
    assert.equal(wire.closed, 1);
  });

  it('is one for all who search at the same time, and goes on for those who stay', async () => {
    const left = new AbortController();
    const [first] = await begin({ signal: left.signal });
    await clock.advance(2000);
    const second = search.search({ ms: 5000, signal: never });
    await until(() => wire.sent.length === 3);
    left.abort();
    assert.ok(first);
    await failsWith(first, 'CANCELLED');
    wire.announce();
    assert.equal((await ended(second)).services.length, 1);
    assert.deepEqual([wire.opened, wire.closed], [1, 1]);
  });

  it('tells everybody that nothing can be heard, and tries again next time', async () => {
    wire.failure = new DeviceError('UNREACHABLE', 'no', { reason: 'mdnsUnavailable' });
    const all = [1, 2].map(() => search.search({ ms: 5000, signal: never }));
    for (const one of all) assert.equal((await failsWith(one, 'UNREACHABLE')).reason, 'mdnsUnavailable');
    wire.failure = undefined;
    const [result] = await begin();
    assert.equal((await ended(result)).responses, 0);
  });

  const whole = packet(announcement());
  const withCounts = (counts: number[]): Uint8Array => {
    const bytes = Uint8Array.from(whole);
    counts.forEach((count, i) => {
      bytes[4 + 2 * i] = count >> 8;
      bytes[5 + 2 * i] = count & 255;
    });
    return bytes;
  };
  /** A name whose end points at itself. */
  const loop = Uint8Array.from([
    0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0xc0, 12, 0, 12, 0, 1, 0, 0, 0, 9, 0, 2, 0xc0, 12,
  ]);
  const NOT_HEARD: [what: string, bytes: Uint8Array, source?: string, port?: number][] = [
    ['from another port', whole, '192.168.1.50', 5354],
    ['from outside', whole, '203.0.113.7'],
    ['that is a question', encode({ type: 'query', questions: [{ type: 'PTR', name: '_http._tcp.local' }] })],
    ['that breaks off', whole.slice(0, 30)],
    ['that is empty', new Uint8Array(0)],
    ['that is too long', new Uint8Array(9001).fill(0x80)],
    ['of 65535 records by its head', withCounts([0, 65_535, 0, 0])],
    ['of more records than it has', withCounts([0, 5, 0, 0])],
    ['with a name that never ends', loop],
    ['of zeros', Uint8Array.from([0, 0, 0x84, ...new Array<number>(500).fill(0)])],
  ];
  for (const [what, bytes, source, port] of NOT_HEARD) {
    it(`takes nothing from a packet ${what}`, async () => {
      const [result] = await begin();
      wire.say(bytes, source, port);
      assert.deepEqual((await ended(result)).services, []);
    });
  }

  it('ends when it is kept busy, and says so', async () => {
    const [result] = await begin();
    for (let i = 0; i < 3000; i++) wire.announce({ instance: `powerfox-${i}` }, `192.168.1.${i % 250}`);
    assert.ok(result);
    const { services, full } = await result;
    assert.deepEqual([services.length, full], [64, true]);
    assert.equal(wire.closed, 1);
  });

  it('bears any bytes', async () => {
    const seed = newSeed();
    console.log(`      seed ${seed}`);
    const random = new Seeded(seed);
    const [result] = await begin();
    for (let i = 0; i < 1500; i++) {
      const bytes = Uint8Array.from(random.chance(0.8) ? whole : new Uint8Array(random.below(600)));
      for (let n = random.below(12); n >= 0; n--)
        if (bytes.length > 0) bytes[random.below(bytes.length)] = random.below(256);
      wire.say(bytes);
    }
    for (const { addresses } of (await ended(result)).services) assert.ok(addresses.length <= 8);
  });
});
