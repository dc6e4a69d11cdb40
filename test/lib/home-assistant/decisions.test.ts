import assert from 'node:assert/strict';

import { isExported } from '../../../lib/home-assistant/decision';
import { type EntityPattern } from '../../../lib/home-assistant/entity';
import { DECISIONS, PATTERNS } from '../../../lib/home-assistant/exports';
import { MEASUREMENTS } from '../../../lib/measurements';
import { faultOf } from '../../support/home-assistant-rules';

describe('what of each measurement Home Assistant gets', () => {
  const decided = (source: string, path: string) =>
    DECISIONS.filter((one) => one.source === source && one.path === path);

  for (const { source, path, fields } of MEASUREMENTS) {
    it(`is decided for ${source}, ${path}`, () => {
      const found = decided(source, path);
      assert.equal(found.length, 1);
      assert.deepEqual(Object.keys(found[0]?.fields ?? {}).sort(), Object.keys(fields).sort());
      for (const decision of Object.values(found[0]?.fields ?? {})) {
        if (!isExported(decision)) assert.notEqual(decision.not, '');
      }
    });
  }

  it('is decided for nothing that is not measured', () => {
    for (const { source, path } of DECISIONS) {
      assert.ok(
        MEASUREMENTS.some((one) => one.source === source && one.path === path),
        `${source} ${path}`,
      );
    }
  });

  for (const pattern of PATTERNS) {
    it(`keeps Home Assistant's rules: ${pattern.key}`, () => assert.equal(faultOf(pattern), undefined));
  }

  it('finds what breaks the rules', () => {
    const sensor = (more: Partial<EntityPattern>): EntityPattern => ({
      ...{ key: 'x', platform: 'sensor', name: { word: 'x' } },
      ...more,
    });
    const cases: [EntityPattern, RegExp][] = [
      [sensor({ deviceClass: 'percentage', unit: '%' }), /class/],
      [sensor({ deviceClass: 'power', unit: 'Wh' }), /unit/],
      [sensor({ deviceClass: 'energy', unit: 'kWh', stateClass: 'measurement' }), /state class/],
      [sensor({ deviceClass: 'timestamp', unit: 's' }), /unit/],
      [sensor({ options: ['a'] }), /options/],
      [sensor({ deviceClass: 'enum', options: [] }), /options/],
      [sensor({ category: 'config' }), /category/],
      [{ key: 'x', platform: 'sensor' }, /name/],
      [
        {
          key: 'x',
          platform: 'number',
          name: null,
          permission: 'target',
          range: { min: 2, max: 1, step: 1 },
        },
        /range/,
      ],
      [
        {
          key: 'x',
          platform: 'number',
          name: null,
          permission: 'target',
          range: { min: 0, max: 1, step: 0.0001 },
        },
        /range/,
      ],
      [{ key: 'x', platform: 'switch', name: null }, /command/],
      [{ key: 'x', platform: 'event', name: null }, /event types/],
    ];
    for (const [pattern, wrong] of cases) assert.match(faultOf(pattern) ?? '', wrong);
  });
});
