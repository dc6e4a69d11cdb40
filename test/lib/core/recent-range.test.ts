import assert from 'node:assert/strict';

import { type RecentRange, rangeOf, rangeProblem } from '../../../lib/core/recent-range';
import { processZone } from '../../../lib/core/zone';

const HOUR = 3_600_000;

/**
 * What is meant, its kind and days, the zone, now, start, end, and the hours between. The clock is put forward on 29 March
 * 2026 and back on 25 October 2026 in Europe.
 */
const CASES = `
  a day                                      | yesterday | Europe/Berlin       | 2026-03-15T12:00Z        | 2026-03-13T23:00Z | 2026-03-14T23:00Z | 24
  a day of 23 h                              | yesterday | Europe/Berlin       | 2026-03-30T08:00Z        | 2026-03-28T23:00Z | 2026-03-29T22:00Z | 23
  a day of 25 h                              | yesterday | Europe/Berlin       | 2026-10-26T08:00Z        | 2026-10-24T22:00Z | 2026-10-25T23:00Z | 25
  the day before one of 23 h                 | yesterday | Europe/Berlin       | 2026-03-29T12:00Z        | 2026-03-27T23:00Z | 2026-03-28T23:00Z | 24
  the first moment of a day                  | yesterday | Europe/Berlin       | 2026-07-01T22:00Z        | 2026-06-30T22:00Z | 2026-07-01T22:00Z | 24
  the last moment of a day                   | yesterday | Europe/Berlin       | 2026-07-01T21:59:59.999Z | 2026-06-29T22:00Z | 2026-06-30T22:00Z | 24
  a day of a zone in the west                | yesterday | America/Los_Angeles | 2026-01-01T07:00Z        | 2025-12-30T08:00Z | 2025-12-31T08:00Z | 24
  a day of 23 h in the west                  | yesterday | America/New_York    | 2026-03-09T12:00Z        | 2026-03-08T05:00Z | 2026-03-09T04:00Z | 23
  a day far in the east                      | yesterday | Pacific/Kiritimati  | 2026-01-01T11:00Z        | 2025-12-31T10:00Z | 2026-01-01T10:00Z | 24
  a day by quarters of an hour               | yesterday | Asia/Kathmandu      | 2026-05-05T00:00Z        | 2026-05-03T18:15Z | 2026-05-04T18:15Z | 24
  a day of 23.5 h                            | yesterday | Australia/Lord_Howe | 2026-10-05T00:00Z        | 2026-10-03T13:30Z | 2026-10-04T13:00Z | 23.5
  a day without its midnight                 | yesterday | Africa/Cairo        | 2026-04-25T12:00Z        | 2026-04-23T22:00Z | 2026-04-24T21:00Z | 23
  the day before one that a zone left out    | yesterday | Pacific/Apia        | 2011-12-30T12:00Z        | 2011-12-29T10:00Z | 2011-12-30T10:00Z | 24
  the last day of a month                    | yesterday | UTC                 | 2026-05-01T00:00Z        | 2026-04-30T00:00Z | 2026-05-01T00:00Z | 24
  the last day of a year                     | yesterday | UTC                 | 2027-01-01T13:00Z        | 2026-12-31T00:00Z | 2027-01-01T00:00Z | 24
  a leap day                                 | yesterday | UTC                 | 2028-03-01T13:00Z        | 2028-02-29T00:00Z | 2028-03-01T00:00Z | 24
  a month in which the clock was put forward | lastMonth | Europe/Berlin       | 2026-04-10T00:00Z        | 2026-02-28T23:00Z | 2026-03-31T22:00Z | 743
  a month in which it was put back           | lastMonth | Europe/Berlin       | 2026-11-01T00:00Z        | 2026-09-30T22:00Z | 2026-10-31T23:00Z | 745
  a February                                 | lastMonth | UTC                 | 2026-03-31T23:59Z        | 2026-02-01T00:00Z | 2026-03-01T00:00Z | 672
  a February of a leap year                  | lastMonth | UTC                 | 2028-03-31T23:59Z        | 2028-02-01T00:00Z | 2028-03-01T00:00Z | 696
  a December                                 | lastMonth | Europe/Berlin       | 2027-01-31T12:00Z        | 2026-11-30T23:00Z | 2026-12-31T23:00Z | 744
  a month that has begun in the east only    | lastMonth | Asia/Tokyo          | 2026-04-30T15:00Z        | 2026-03-31T15:00Z | 2026-04-30T15:00Z | 720
  a month that has not ended in the west     | lastMonth | Pacific/Honolulu    | 2026-05-01T09:59Z        | 2026-03-01T10:00Z | 2026-04-01T10:00Z | 744
  days                                       | days 7    | Europe/Berlin       | 2026-06-15T09:30Z        | 2026-06-08T09:30Z | 2026-06-15T09:30Z | 168
  days with one of 23 h                      | days 2    | Europe/Berlin       | 2026-03-30T08:00Z        | 2026-03-28T09:00Z | 2026-03-30T08:00Z | 47
  days with one of 25 h                      | days 2    | Europe/Berlin       | 2026-10-26T09:00Z        | 2026-10-24T08:00Z | 2026-10-26T09:00Z | 49
  days back to a time that was left out      | days 1    | Europe/Berlin       | 2026-03-30T00:30Z        | 2026-03-29T01:30Z | 2026-03-30T00:30Z | 23
  days over the end of a year                | days 3    | America/New_York    | 2026-01-02T03:00Z        | 2025-12-30T03:00Z | 2026-01-02T03:00Z | 72
  days over a leap day                       | days 2    | UTC                 | 2028-03-01T06:00Z        | 2028-02-28T06:00Z | 2028-03-01T06:00Z | 48
  a year of days over both changes           | days 365  | Europe/Berlin       | 2026-06-15T09:30Z        | 2025-06-15T09:30Z | 2026-06-15T09:30Z | 8760
`;

describe('rangeOf', () => {
  for (const line of CASES.trim().split('\n')) {
    const [what = '', asked = '', zone = '', now = '', start = '', end = '', hours] = line
      .split('|')
      .map((cell) => cell.trim());
    it(`${asked}: ${what} (${zone})`, () => {
      const [kind, days = '7'] = asked.split(' ');
      const range = rangeOf(kind as RecentRange, Number(days), zone, Date.parse(now));
      assert.ok(range);
      const iso = (at: number): string => new Date(at).toISOString();
      const expected = [start, end].map((time) => iso(Date.parse(time)));
      assert.deepEqual([iso(range.start), iso(range.end)], expected);
      assert.equal((range.end - range.start) / HOUR, Number(hours));
    });
  }

  it('takes a zone with blanks around it', () => {
    assert.deepEqual(rangeOf('yesterday', 7, ' UTC ', HOUR), rangeOf('yesterday', 7, 'UTC', HOUR));
  });

  it('takes the zone of the process where none is set', () => {
    const now = Date.parse('2026-06-15T09:30Z');
    assert.deepEqual(rangeOf('yesterday', 7, '', now), rangeOf('yesterday', 7, processZone(), now));
  });

  for (const days of [0, -1, 1.5, NaN, Infinity]) {
    it(`refuses ${days} days`, () => {
      assert.throws(() => rangeOf('days', days, 'UTC', 0), { code: 'INVALID_INPUT' });
    });
  }
});

describe('the range of a dialog', () => {
  it('is none where the message has to name it', () => {
    assert.equal(rangeOf('message', 7, 'nowhere', 0), undefined);
    assert.equal(rangeProblem({ range: 'message', days: 7, zone: 'nowhere' }), undefined);
  });

  for (const zone of ['Europe/Nowhere', 'CET+1CEST', '../etc', 'x'.repeat(500)]) {
    it(`needs a zone that there is: ${zone.slice(0, 20)}`, () => {
      assert.equal(rangeProblem({ range: 'yesterday', days: 7, zone })?.reason, 'zoneUnknown');
    });
  }
});
