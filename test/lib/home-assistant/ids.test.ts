import assert from 'node:assert/strict';

import { deviceName, rootsOf, safeId, slugOf } from '../../../lib/home-assistant/ids';
import { DeviceError } from '../../../lib/core/errors';
import { newSeed, Seeded } from '../../support/seeded';

const isRefused = (thrown: unknown): boolean =>
  thrown instanceof DeviceError && thrown.code === 'INVALID_INPUT';

describe('names for Home Assistant', () => {
  it('are safe, reversible and never the same for two ids', () => {
    assert.equal(safeId('ab12CD'), 'ab12CD');
    assert.equal(safeId('a-b_c/d'), 'a-2db-5fc-2fd');
    assert.equal(safeId('ä'), '-c3-a4');
    const random = new Seeded(newSeed());
    console.log(`      seed ${random.seed}`);
    const seen = new Map<string, string>();
    const letters = ['a', 'Z', '0', '-', '_', '/', '2d', ' ', '电', '\u0000', '+', '#'] as const;
    for (let i = 0; i < 2000; i++) {
      const length = 1 + random.below(40);
      const id = Array.from({ length }, () => random.pick(letters)).join('');
      const safe = safeId(id);
      assert.match(safe, /^[A-Za-z0-9_-]{1,64}$/);
      assert.equal(seen.get(safe) ?? id, id);
      seen.set(safe, id);
    }
  });

  it('are shortened by a digest', () => {
    const long = safeId('x'.repeat(200));
    assert.match(long, /^x{40}_[0-9a-f]{12}$/);
    assert.notEqual(long, safeId('x'.repeat(201)));
    assert.match(safeId('/'.repeat(30)), /^(-2f){13}_[0-9a-f]{12}$/);
  });

  it('need a device of this package', () => {
    assert.equal(deviceName({ vendor: 'powerfox', id: 'a b' }), 'powerfox_a-20b');
    for (const [vendor, id] of [
      ['powerfox', ''],
      ['powerfox', '   '],
      ['other', 'x'],
      ['', 'x'],
      ['__proto__', 'x'],
      ['powerfox', 'x'.repeat(2000)],
    ] as const) {
      assert.throws(() => deviceName({ vendor, id }), isRefused);
    }
  });

  it('of topics lose their slashes and are refused in words', () => {
    const root = (given: string) => rootsOf({ prefix: 'homeassistant', root: given }).root;
    assert.equal(root('site/a/energy-devices/'), 'site/a/energy-devices');
    assert.equal(root('/energy-devices'), 'energy-devices');
    assert.equal(rootsOf({ prefix: '/ha/discovery/', root: 'x' }).prefix, 'ha/discovery');
    assert.equal(root('homeassistants'), 'homeassistants');
    for (const wrong of [
      'homeassistant',
      'homeassistant/x',
      'a/#',
      'a/+',
      'a b',
      '',
      '/',
      'a\u0007',
      '$SYS/x',
    ]) {
      assert.throws(() => root(wrong), isRefused, wrong);
    }
  });

  it('of entity ids are written in plain letters', () => {
    assert.equal(slugOf('Kotolňa 1'), 'kotolna_1');
    assert.equal(slugOf('Счётчик'), 'schetchik');
    assert.equal(slugOf('Straße – Süd'), 'strasse_sud');
    assert.equal(slugOf('Łódź Ærø'), 'lodz_aero');
    assert.equal(slugOf('电表'), '');
    assert.equal(slugOf('!!!'), '');
  });
});
