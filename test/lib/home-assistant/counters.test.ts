import assert from 'node:assert/strict';

import { keptEnergy, notAhead, SentCounter, sumWith } from '../../../lib/home-assistant/counters';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const START = Date.UTC(2026, 0, 1);

/** Takes Wh at moments since the start, and tells Wh. */
function counter(base?: number) {
  const kept = base === undefined ? undefined : { sent: base * 1000, time: START, offset: 0 };
  const own = new SentCounter({ largestPower: 100_000 }, kept);
  const take = (wattHours: number | null, at: number): number | null => {
    own.take(wattHours === null ? null : wattHours * 1000, START + at);
    return own.sent === null ? null : own.sent / 1000;
  };
  return { own, take };
}

describe('a counter as Home Assistant sees it', () => {
  it('does not follow a dip to 0', () => {
    const { take } = counter(5_000_500);
    assert.equal(take(5_000_500, MINUTE), 5_000_500);
    assert.equal(take(0, 2 * MINUTE), 5_000_500);
    assert.equal(take(5_000_600, 3 * MINUTE), 5_000_600);
  });

  it('shows another meter that begins below 1 kWh as a new cycle, after 5 minutes', () => {
    const { take } = counter(5_000_500);
    assert.equal(take(12, 3 * MINUTE), 5_000_500);
    assert.equal(take(14, 6 * MINUTE), 5_000_500);
    assert.equal(take(20, 9 * MINUTE), 20);
    assert.equal(take(30, 10 * MINUTE), 30);
  });

  it('takes a fall no earlier than after 5 minutes, however often it is told', () => {
    const { take } = counter(5_000_500);
    for (let at = 10; at < 300; at += 10) assert.equal(take(12 + at, at * SECOND), 5_000_500);
    assert.equal(take(400, 320 * SECOND), 400);
  });

  it('goes on by an offset from where another meter was', () => {
    const { take, own } = counter(5_000_500);
    take(200_000, 2 * MINUTE);
    take(200_010, 4 * MINUTE);
    // Since the candidate 20 Wh were used; between the meters nothing is known.
    assert.equal(take(200_020, 8 * MINUTE), 5_000_520);
    assert.equal(take(200_050, 9 * MINUTE), 5_000_550);
    const kept = own.kept;
    assert.ok(kept);
    const again = new SentCounter({ largestPower: 100_000 }, kept);
    again.take(200_060_000, START + 10 * MINUTE);
    assert.equal(again.sent, 5_000_560_000);
  });

  it('shows a jump as little as a fall', () => {
    const { take } = counter(1000);
    assert.equal(take(1010, MINUTE), 1010);
    assert.equal(take(10_100_000, 2 * MINUTE), 1010);
    assert.equal(take(10_100_010, 3 * MINUTE), 1010);
    assert.equal(take(10_100_020, 4 * MINUTE), 1030);
  });

  it('believes a first value when a second one continues it', () => {
    const { take } = counter();
    assert.equal(take(500, 0), null);
    assert.equal(take(501, 5 * SECOND), null);
    assert.equal(take(502, 11 * SECOND), 502);
    const begun = counter();
    assert.equal(begun.take(0, 0), null);
    assert.equal(begun.take(0, 2 * MINUTE), null);
    assert.equal(begun.take(7_000_000, 3 * MINUTE), null);
    assert.equal(begun.take(7_000_001, 4 * MINUTE), 7_000_001);
    const empty = counter();
    empty.take(0, 0);
    assert.equal(empty.take(0, 6 * MINUTE), 0);
  });

  it('keeps the last value where none arrives', () => {
    const { take } = counter(100);
    for (const odd of [null, NaN, Infinity, -1]) assert.equal(take(odd, MINUTE), 100);
  });

  it('has all the time of a stand-still for a step', () => {
    const { take } = counter(1000);
    assert.equal(take(1000, 10 * MINUTE), 1000);
    assert.equal(take(20_000, 12 * MINUTE), 20_000);
  });

  it('takes steady power above the limit after ten readings, and books it', () => {
    const { take } = counter(0);
    let at = 0;
    let sent: number | null = 0;
    // 1 MW, read each minute.
    for (let i = 1; i <= 12; i++) sent = take(i * 16_667, (at += MINUTE));
    assert.equal(sent, 12 * 16_667);
  });

  it('goes on when the clock is put back', () => {
    const { take } = counter(1000);
    take(1010, 10 * MINUTE);
    assert.equal(take(1020, 5 * MINUTE), 1020);
  });
});

describe('a sum that is kept here', () => {
  const kept = keptEnergy({ sums: { total: { sum: 100, time: 1000 } } });

  it('grows once with each newer status', () => {
    assert.deepEqual(sumWith(kept, { key: 'total', energy: 5, time: 2000 }), { sum: 105, time: 2000 });
    assert.deepEqual(sumWith(kept, { key: 'total', energy: 5, time: 1000 }), { sum: 100, time: 1000 });
  });

  it('that is lost begins at 0 and not with the status at hand', () => {
    const lost = keptEnergy(undefined);
    assert.deepEqual(sumWith(lost, { key: 'total', energy: 5, time: 2000 }), { sum: 0, time: 2000 });
  });
});

describe('what was kept of counters', () => {
  it('is read leniently, and believed only where it can be true', () => {
    const odd = [null, 5, [], 'x', { counters: 7 }, { counters: { a: null, b: [], c: {} } }];
    for (const one of odd) assert.deepEqual(keptEnergy(one), { counters: {}, sums: {} });
    const { counters } = keptEnergy({
      counters: {
        good: { sent: 10, time: 5, offset: -3 },
        below: { sent: 10, time: 5, offset: 11 },
        negative: { sent: -1, time: 5, offset: -2 },
        text: { sent: 'x', time: 5, offset: 0 },
      },
    });
    assert.deepEqual(counters, { good: { sent: 10, time: 5, offset: -3 } });
  });

  it('go on over a pause that only the meter has seen to its end', () => {
    const used = 20_000_000;
    for (const [told, sent] of [
      [START + 10 * 60 * MINUTE, 1_000_000_000 + used],
      [null, 1_000_000_000],
      [START - MINUTE, 1_000_000_000],
    ] as const) {
      const own = new SentCounter({ largestPower: 100_000 }, { sent: 1_000_000_000, time: START, offset: 0 });
      // The host has begun with the time of its last shutdown.
      own.take(1_000_000_000 + used, START + 30 * SECOND, told);
      assert.equal(own.sent, sent);
    }
  });

  it('are not held up by a time that lay ahead', () => {
    const ahead = START + 30 * 24 * 60 * MINUTE;
    assert.deepEqual(
      [START, START + MINUTE, ahead].map((time) => notAhead(time, START)),
      [START, START + MINUTE, START],
    );
    const kept = keptEnergy(
      {
        counters: { import: { sent: 1_000_000_000, time: ahead, offset: 0 } },
        sums: { total: { sum: 100, time: ahead } },
      },
      START,
    );
    assert.deepEqual(sumWith(kept, { key: 'total', energy: 5, time: START + 1 }), {
      sum: 105,
      time: START + 1,
    });
    const own = new SentCounter({ largestPower: 10_000 }, kept.counters.import);
    for (let i = 0; i <= 60; i++) own.take(1_005_000_000 + i * 100_000, START + i * MINUTE);
    // What was used before anybody knows when looks like a jump.
    assert.equal(own.sent, 1_006_000_000);
  });
});
