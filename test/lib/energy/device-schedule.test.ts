import assert from 'node:assert/strict';

import type { Span } from '../../../lib/core/zone';
import { DeviceSchedule, scheduleOf } from '../../../lib/energy/device-schedule';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = Date.UTC(2026, 5, 10);

const span = (from: number, to: number): Span => ({ start: DAY + from * HOUR, end: DAY + to * HOUR });
const entries = (...spans: Span[]): string[] =>
  scheduleOf(spans, DAY + 5.5 * HOUR).map(({ name, when }) => `${name} ${(when * 1000 - DAY) / HOUR}`);

describe('the schedule of a plan', () => {
  for (const [what, spans, expected] of [
    ['nothing', [], []],
    ['what is over', [span(1, 2)], []],
    ['what runs: only its end', [span(5, 6)], ['off 6']],
    ['what touches, as one', [span(5, 6), span(6, 7), span(8, 9)], ['off 7', 'on 8', 'off 9']],
    ['what follows', [span(6, 7)], ['on 6', 'off 7']],
  ] as const) {
    it(`has ${what}`, () => assert.deepEqual(entries(...spans), expected));
  }

  it('has at most 39 entries, and never an on without its off', () => {
    for (const first of [span(5, 6), span(6.1, 6.2)]) {
      const many = Array.from({ length: 60 }, (_, i) => span(7 + i / 2, 7.25 + i / 2));
      const made = scheduleOf([first, ...many], DAY + 5.5 * HOUR);
      assert.ok(made.length <= 39 && made.length >= 38);
      assert.equal(made.at(-1)?.name, 'off');
    }
  });
});

describe('a controller that keeps a plan', () => {
  const now = DAY + 5 * HOUR;
  const wanted = scheduleOf([span(6, 7)], now);

  it('is told once, and again only when nobody has confirmed it for long', () => {
    const schedule = new DeviceSchedule();
    assert.equal(schedule.isToWrite(wanted, now, 0), true);
    assert.equal(schedule.isToWrite(wanted, now, 1), false);
    assert.equal(schedule.stateOf(wanted, now), 'unconfirmed');
    assert.equal(schedule.isToWrite(wanted, now, 16 * MINUTE), true);
    schedule.takeAccepted();
    assert.equal(schedule.stateOf(wanted, now), 'held');
    assert.equal(schedule.isToWrite(wanted, now, 60 * MINUTE), false);
  });

  it('is not told what it holds already, in whatever order and form, past entries aside', () => {
    const schedule = new DeviceSchedule();
    schedule.takeHeld([
      { name: 'off', when: (DAY + 7 * HOUR) / 1000, repeat: 0 },
      { name: 'on', when: (DAY + 6 * HOUR) / 1000 },
      { name: 'off', when: (DAY + 4 * HOUR) / 1000 },
    ]);
    assert.equal(schedule.isToWrite(wanted, now, 0), false);
    // What has begun meanwhile is no difference.
    const later = DAY + 6.5 * HOUR;
    assert.equal(schedule.isToWrite(scheduleOf([span(6, 7)], later), later, 0), false);
  });

  for (const [what, held] of [
    ['another time', [{ name: 'on', when: 5 }]],
    ['more', [...wanted, { name: 'on', when: (DAY + 20 * HOUR) / 1000 }]],
    ['entries that repeat', wanted.map((one) => ({ ...one, repeat: 86_400 }))],
    ['what nobody can read', [...wanted, 7]],
    ['nothing', []],
  ] as const) {
    it(`is told once when it holds ${what}, and not again and again`, () => {
      const schedule = new DeviceSchedule();
      schedule.takeHeld(held);
      assert.equal(schedule.isToWrite(wanted, now, 0), true);
      schedule.takeAccepted();
      schedule.takeHeld(held);
      assert.equal(schedule.isToWrite(wanted, now, MINUTE), false);
      assert.equal(schedule.isToWrite(wanted, now, 16 * MINUTE), true);
    });
  }

  it('is known after a restart', () => {
    const schedule = new DeviceSchedule();
    schedule.isToWrite(wanted, now, 0);
    schedule.takeAccepted();
    const kept = JSON.parse(JSON.stringify(schedule.state())) as string[];
    assert.equal(new DeviceSchedule(kept).isToWrite(wanted, now, 0), false);
    assert.equal(new DeviceSchedule(null).isToWrite(wanted, now, 0), true);
  });
});
