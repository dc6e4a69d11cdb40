import assert from 'node:assert/strict';

import type { Entity } from '../../../lib/home-assistant/entity';
import { readSite, siteCommand } from '../../../lib/home-assistant/site';

/** In Auckland it is July, in Los Angeles June. */
const EDGE = Date.UTC(2025, 5, 30, 23, 30);
const HOUR = 3_600_000;
const SITE = { vendor: 'powerflex', id: 'h/1', model: 'site', name: 'Garage' };
const TARGET_NOW = { key: 'target_now' } as Entity;

describe('the target of this month in Home Assistant', () => {
  const commanded = (memory: Readonly<Record<string, unknown>>, now: number): unknown =>
    siteCommand({ device: SITE, entity: TARGET_NOW, value: 7, memory, now })?.payload;

  it('is that of the month where the site is, when it is shown and when it is set', () => {
    for (const [zone, shown, later] of [
      ['Pacific/Auckland', 707, 'Jul'],
      ['America/Los_Angeles', 606, 'Jun'],
    ] as const) {
      const payload = { targets: { Jun: 606, Jul: 707 }, month: 'ignored', zone };
      const [seen] = readSite({ payload, device: SITE }, EDGE) ?? [];
      assert.equal(seen?.values.target_now, shown);
      assert.deepEqual(commanded(seen.memory ?? {}, EDGE + 7 * HOUR), { targets: { [later]: 7 } });
      // The month may have changed since the targets were told.
      assert.deepEqual(commanded(seen.memory ?? {}, EDGE + 8 * HOUR), { targets: { Jul: 7 } });
    }
  });

  it('is not set before a site has told its targets', () => {
    assert.equal(commanded({}, EDGE), undefined);
  });

  for (const zone of [undefined, 7, 'Europe/Nowhere']) {
    it(`goes by the zone of the process with ${JSON.stringify(zone)}`, () => {
      const payload = { targets: { Jun: 606, Jul: 707 }, zone };
      const noon = Date.UTC(2025, 5, 15, 12);
      const [seen] = readSite({ payload, device: SITE }, noon) ?? [];
      assert.equal(seen?.values.target_now, 606);
      assert.deepEqual(commanded(seen.memory ?? {}, noon), { targets: { Jun: 7 } });
    });
  }
});
