import assert from 'node:assert/strict';

import { DeviceError, type ErrorCode } from '../../../lib/core/errors';
import type { Sighting } from '../../../lib/poweropti/announced';
import { addressOf, FollowedMeter, type MeterPlace, placeOf } from '../../../lib/poweropti/follow';
import { failsWith } from '../../support/expect-error';
import { FakeClock } from '../../support/fake-clock';

const A = '192.168.1.50';
const B = '192.168.1.51';
const signal = new AbortController().signal;

describe('a followed poweropti', () => {
  let clock: FakeClock;
  /** what answers at which address: the meter, another device, or nobody */
  let there: Record<string, 'it' | 'other' | ErrorCode>;
  let seen: Sighting;
  let looks: number;
  let asked: string[];
  let moved: string[];

  const nothing: Sighting = { at: undefined, isSilent: false, others: new Set() };
  const silent: Sighting = { ...nothing, isSilent: true };
  const at = (host: string, ...others: string[]): Sighting => ({
    ...{ at: { host, port: 80 }, isSilent: false, others: new Set(others) },
  });
  const taken = (...others: string[]): Sighting => ({ ...nothing, others: new Set(others) });
  const meterAt = (host: string, names: Record<string, string[]> = {}) =>
    new FollowedMeter<string, { read: () => Promise<string> }>({
      place: { host, port: 80 },
      readerAt: ({ host: now }: MeterPlace) => ({
        read: () => {
          asked.push(now);
          const what = there[now] ?? 'UNREACHABLE';
          if (what === 'it') return Promise.resolve('reading');
          const code = what === 'other' ? 'AUTH_FAILED' : what;
          return Promise.reject(new DeviceError(code, code));
        },
      }),
      look: () => {
        looks++;
        return Promise.resolve(seen);
      },
      resolve: (name) => Promise.resolve(names[name] ?? [name]),
      onMoved: ({ host: now }) => moved.push(now),
      clock,
    });

  beforeEach(() => {
    clock = new FakeClock();
    there = { [A]: 'it' };
    seen = at(A);
    looks = 0;
    asked = [];
    moved = [];
  });

  it('is looked for before its first reading, and not while it is read well', async () => {
    const meter = meterAt(A);
    for (let i = 0; i < 50; i++) {
      await meter.read(signal);
      await clock.advance(5000);
    }
    assert.deepEqual([looks, moved, meter.at], [1, [], A]);
  });

  it('is looked for before a reading after a pause, also one in which the host slept', async () => {
    const meter = meterAt(A);
    await meter.read(signal);
    clock.moveWall(200_000);
    await meter.read(signal);
    assert.equal(looks, 2);
  });

  it('is read where it is announced, from the first reading on', async () => {
    there = { [B]: 'it' };
    seen = at(B);
    const meter = meterAt(A);
    assert.equal(await meter.read(signal), 'reading');
    assert.deepEqual([asked, moved], [[B], [B]]);
  });

  it('is read at its new address within the reading that failed', async () => {
    const meter = meterAt(A);
    await meter.read(signal);
    await clock.advance(6000);
    there = { [B]: 'it' };
    seen = at(B);
    assert.equal(await meter.read(signal), 'reading');
    assert.deepEqual([asked, moved], [[A, A, B], [B]]);
  });

  it('does not give its key to the one that has its address now, whether that one is heard with it or alone', async () => {
    for (const sighting of [at(B, A), taken(A)]) {
      asked = [];
      const meter = meterAt(A);
      there = { [A]: 'it' };
      seen = at(A);
      await meter.read(signal);
      await clock.advance(6000);
      there = {};
      seen = nothing;
      await failsWith(meter.read(signal), 'UNREACHABLE');
      await clock.advance(6000);
      there = { [A]: 'other', [B]: 'it' };
      seen = sighting;
      asked = [];
      if (sighting.at) assert.equal(await meter.read(signal), 'reading');
      else {
        const error = await failsWith(meter.read(signal), 'CONFLICT');
        assert.deepEqual([error.reason, error.sent], ['poweroptiElsewhere', false]);
      }
      assert.ok(!asked.includes(A), asked.join());
    }
  });

  it('is read again at its address when nobody else is announced there any more', async () => {
    seen = taken(A);
    const meter = meterAt(A);
    await failsWith(meter.read(signal), 'CONFLICT');
    seen = nothing;
    await clock.advance(6000);
    assert.equal(await meter.read(signal), 'reading');
  });

  it('swaps its address with another one', async () => {
    const meter = meterAt(A);
    await meter.read(signal);
    await clock.advance(6000);
    there = { [A]: 'other', [B]: 'it' };
    seen = at(B, A);
    assert.equal(await meter.read(signal), 'reading');
    assert.deepEqual(moved, [B]);
  });

  it('stays where it is as long as nobody is heard, and is looked for ever more rarely', async () => {
    seen = silent;
    there = {};
    const meter = meterAt(A);
    for (let i = 0; i < 200; i++) {
      await failsWith(meter.read(signal), 'UNREACHABLE');
      await clock.advance(6000);
    }
    assert.ok(looks >= 6 && looks <= 9, String(looks));
    assert.deepEqual(moved, []);
  });

  it('is not looked for after what says nothing about the address', async () => {
    const meter = meterAt(A);
    await meter.read(signal);
    await clock.advance(6000);
    there = { [A]: 'RATE_LIMITED' };
    await failsWith(meter.read(signal), 'RATE_LIMITED');
    assert.equal(looks, 1);
  });

  it('is not sent from address to address by announcements that change', async () => {
    there = {};
    const meter = meterAt(A);
    for (let i = 0; i < 100; i++) {
      seen = at(i % 2 === 0 ? A : B);
      await failsWith(meter.read(signal), 'UNREACHABLE');
      await clock.advance(100);
    }
    assert.ok(moved.length <= 3, moved.join());
  });

  const NAMES: [what: string, names: string[], seen: Sighting, asked: string][] = [
    ['stays a name that is of its address', [A], at(A), 'poweropti'],
    ['is an address where the name is of another one', [B], at(A), A],
    ['is an address where the name is of both', [A, B], at(A, B), A],
    ['stays a name that nobody knows while nothing is heard', [], nothing, 'poweropti'],
  ];
  for (const [what, addresses, sighting, expected] of NAMES) {
    it(what, async () => {
      there = { [A]: 'it', poweropti: 'it' };
      seen = sighting;
      await meterAt('poweropti', { poweropti: addresses }).read(signal);
      assert.deepEqual(asked, [expected]);
    });
  }

  it('is not asked by a name that is of another one alone', async () => {
    seen = taken(B);
    await failsWith(meterAt('poweropti', { poweropti: [B] }).read(signal), 'CONFLICT');
    assert.deepEqual(asked, []);
  });
});

const PLACES: [baseUrl: string, place: MeterPlace | undefined, address?: string][] = [
  ['http://192.168.1.50', { host: A, port: 80 }, A],
  ['http://192.168.1.50:8080', { host: A, port: 8080 }, `${A}:8080`],
  ['http://poweropti', { host: 'poweropti', port: 80 }, 'poweropti'],
  ['http://[fe80::1%25eth0]:8080', { host: 'fe80::1%eth0', port: 8080 }, '[fe80::1%eth0]:8080'],
  ['http://[fd00::1]', { host: 'fd00::1', port: 80 }, '[fd00::1]'],
  ['https://192.168.1.50', undefined],
  ['http://192.168.1.50/lan/meter1', undefined],
];

describe('the place of a poweropti', () => {
  for (const [baseUrl, place, address] of PLACES) {
    it(`is ${address ?? 'none'} for ${baseUrl}`, () => {
      assert.deepEqual(placeOf(baseUrl), place);
      if (place) assert.equal(addressOf(place), address);
    });
  }
});
