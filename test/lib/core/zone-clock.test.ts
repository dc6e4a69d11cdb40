import assert from 'node:assert/strict';

import { LocalTime } from '../../../lib/core/zone';

/** When the clock of a zone shows a time next. */
const CASES: [zone: string, from: string, minute: number, next: string][] = [
  ['UTC', '2026-06-10T05:59:59Z', 360, '2026-06-10T06:00:00Z'],
  ['UTC', '2026-06-10T06:00:00Z', 360, '2026-06-11T06:00:00Z'],
  ['Europe/Berlin', '2026-06-09T22:30:00Z', 0, '2026-06-10T22:00:00Z'],
  // The clock leaves 02:30 out, and shows it twice.
  ['Europe/Berlin', '2026-03-28T23:00:00Z', 150, '2026-03-29T01:30:00Z'],
  ['Europe/Berlin', '2026-10-24T22:00:00Z', 150, '2026-10-25T00:30:00Z'],
  ['Europe/Berlin', '2026-10-25T00:30:00Z', 150, '2026-10-26T01:30:00Z'],
  ['Europe/Berlin', '2026-10-24T22:00:00Z', 360, '2026-10-25T05:00:00Z'],
  ['Asia/Kolkata', '2026-06-10T00:00:00Z', 360, '2026-06-10T00:30:00Z'],
  // Midnight is missing.
  ['America/Santiago', '2026-09-05T12:00:00Z', 0, '2026-09-06T04:00:00Z'],
];

describe('the clock of a zone', () => {
  for (const [zone, from, minute, next] of CASES) {
    it(`shows minute ${minute} in ${zone} after ${from} at ${next}`, () => {
      const local = new LocalTime(zone);
      for (let i = 0; i < 2; i++) assert.equal(local.nextClock(Date.parse(from), minute), Date.parse(next));
    });
  }
});
