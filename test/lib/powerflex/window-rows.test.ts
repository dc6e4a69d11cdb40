import assert from 'node:assert/strict';

import { ServerLimits, WindowRows } from '../../../lib/powerflex/window-rows';

const START = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;
const WINDOW = { start: START, end: START + 60 * MINUTE };
/** Minutes of the window with rows; nothing follows, so that the rest is asked for. */
const MINUTES = 3;

/** The row of a station that counts how often it is written as a text. */
class Row {
  written = 0;
  readonly values: unknown[];

  constructor(
    readonly time: number,
    station: number,
  ) {
    const name = { toJSON: () => (this.written++, `0001-03-01-${station}`) };
    this.values = [new Date(time).toISOString(), name, 'ADAPTIVE'];
  }
}

const rowsAt = (minute: number, stations: number, from = 0): Row[] =>
  Array.from({ length: stations }, (_, i) => new Row(START + minute * MINUTE, from + i));

/** Rows that count of what the second response of a window has, of which the first one had minutes 0, 1 and 2. */
function secondOf(
  stations: number,
  rows: Row[],
  ofLast = stations,
): { first: Row[]; fresh: Row[]; capped: boolean; asked: boolean } {
  const found = new WindowRows(WINDOW, START + 1e10, new ServerLimits());
  const head = { columns: ['time', 'evse_address', 'charging_state'], tags: {} };
  assert.ok(found.next());
  const first = Array.from({ length: MINUTES }, (_, minute) =>
    rowsAt(minute, minute === MINUTES - 1 ? ofLast : stations),
  ).flat();
  assert.equal(first.filter(found.looker(head)).length, first.length);
  found.done(true, first.length);
  const part = found.next();
  const fresh = part ? rows.filter(found.looker(head)) : [];
  if (part) found.done(false, rows.length);
  return { first, fresh, capped: found.capped, asked: part !== undefined };
}

describe('rows of a window that share a moment', () => {
  for (const stations of [2, 500, 1000, 1100, 5000]) {
    it(`come once each, and are looked at once each: ${stations} stations`, () => {
      const again = rowsAt(MINUTES - 1, stations);
      const late = rowsAt(MINUTES - 1, 7, stations);
      const next = rowsAt(MINUTES, stations);
      const { first, fresh, capped, asked } = secondOf(stations, [...again, ...late, ...next]);
      assert.equal(asked, true);
      assert.equal(capped, false);
      assert.deepEqual(fresh, [...late, ...next]);
      const most = Math.max(...[...first, ...again, ...late, ...next].map(({ written }) => written));
      assert.ok(most <= 2, `${most} times`);
    });
  }

  it('are said to be missing where too many were to be remembered, and none comes twice', () => {
    const again = rowsAt(MINUTES - 1, 1000);
    const { fresh, capped } = secondOf(10, [...again, ...rowsAt(MINUTES - 1, 1, 210_000)], 210_000);
    assert.deepEqual([fresh.length, capped], [0, true]);
  });
});
