import assert from 'node:assert/strict';

import { DeviceError } from '../../../../lib/core/errors';
import { errorFromStatus, parseRetryAfter } from '../../../../lib/core/http/errors';

describe('errorFromStatus', () => {
  it('needs no words of the vendor', () => {
    assert.ok(errorFromStatus(418, {}, 0) instanceof DeviceError);
    assert.equal(errorFromStatus(418, {}, 0).message, 'The request was refused. (HTTP 418)');
  });
});

describe('parseRetryAfter', () => {
  const NOW = Date.UTC(2026, 0, 1);
  const table: [string | undefined, string | undefined, number | undefined][] = [
    ['120', undefined, 120],
    ['1.5', undefined, 1.5],
    ['Thu, 01 Jan 2026 00:01:00 GMT', undefined, 60],
    // The server's clock is an hour ahead of ours, or stands in 1970.
    ['Thu, 01 Jan 2026 01:01:00 GMT', 'Thu, 01 Jan 2026 01:00:00 GMT', 60],
    ['Thu, 01 Jan 1970 00:02:00 GMT', 'Thu, 01 Jan 1970 00:00:30 GMT', 90],
    ['Wed, 31 Dec 2025 23:00:10 GMT', 'Wed, 31 Dec 2025 23:00:00 GMT', 10],
    ['Thu, 01 Jan 2026 00:01:00 GMT', 'soon', 60],
    ['Thu, 01 Jan 2026 00:01:00 GMT', '5', 60],
    ['Thursday, 01-Jan-26 00:01:00 GMT', undefined, 60],
    ['Thu Jan  1 00:01:00 2026 GMT', undefined, 60],
    // The third form of an HTTP date has no zone; it is UTC on a machine anywhere.
    ['Thu Jan  1 00:01:00 2026', undefined, 60],
    ['Thu Jan  1 00:01:00 2026', 'Thu Jan  1 00:00:00 2026', 60],
    ['2026-01-01T00:01:00', undefined, 60],
    ['Thu, 01 Jan 2026 01:01:00 +0100', undefined, 60],
    ['999999999999999999', undefined, 86_400],
    ['Thu, 01 Jan 2026 00:01:00 GMT', 'Thu, 01 Jan 2026 01:00:00 GMT', 0],
    ['120', 'Thu, 01 Jan 2026 01:00:00 GMT', 120],
    ['999999999999', undefined, 86_400],
    ['-5', undefined, undefined],
    ['1-2', undefined, undefined],
    ['soon', undefined, undefined],
    ['', undefined, undefined],
    [`${' '.repeat(20)}7 `, undefined, 7],
    ['9'.repeat(5000), undefined, undefined],
    [undefined, undefined, undefined],
  ];
  for (const [value, date, seconds] of table) {
    it(`reads ${value?.slice(0, 40)} beside ${date} as ${seconds}`, () =>
      assert.equal(parseRetryAfter(value, NOW, date), seconds));
  }

  it('reads a date without a zone as UTC, whatever the zone of the machine', () => {
    const zone = process.env.TZ;
    process.env.TZ = 'America/New_York';
    try {
      assert.equal(parseRetryAfter('Thu Jan  1 00:01:00 2026', NOW), 60);
    } finally {
      if (zone === undefined) delete process.env.TZ;
      else process.env.TZ = zone;
    }
  });
});
