import assert from 'node:assert/strict';

import type { SurplusOptions } from '../../../lib/energy/surplus-types';
import { at, HOUR, MINUTE, Run, SECOND } from '../../support/surplus-run';

describe('surplus catch-up', () => {
  const options = { runAtLeast: 2 * HOUR, until: 18 * 60, minOn: 0, minOff: 0 };

  it('runs from the grid when there is no time left, and no longer than it has to', () => {
    const run = new Run(options);
    for (let time = at('10:00:00'); time <= at('19:00:00'); time += MINUTE) {
      run.read(new Date(time).toISOString().slice(0, 19), 500);
    }
    assert.deepEqual(run.switches, ['on 16:00:00', 'off 18:00:00']);
  });

  it('counts what the sun has run, over a restart too', () => {
    const run = new Run(options);
    for (let time = at('10:00:00'); time <= at('19:00:00'); time += MINUTE) {
      const own = run.decision.on ? 2000 : 0;
      const sunny = time >= at('11:00:00') && time < at('12:00:00');
      run.read(new Date(time).toISOString().slice(0, 19), (sunny ? -2500 : 300) + own);
      if (time === at('11:30:00')) run.restart();
    }
    assert.deepEqual(run.switches, ['on 11:01:00', 'off 12:01:00', 'on 17:00:00', 'off 18:00:00']);
  });

  it('does not go off when there would be no time to come on again', () => {
    const run = new Run({ ...options, minOff: HOUR, until: 14 * 60 });
    for (let time = at('10:00:00'); time <= at('15:00:00'); time += MINUTE) {
      const own = run.decision.on ? 2000 : 0;
      run.read(new Date(time).toISOString().slice(0, 19), (time < at('11:30:00') ? -2500 : 300) + own);
    }
    // Off at 11:31 it could run from 12:31 on, which is enough; it has 89 minutes and a half left then.
    assert.deepEqual(run.switches, ['on 10:01:00', 'off 11:31:00', 'on 13:30:00', 'off 14:00:00']);
    const tight = new Run({ ...options, minOff: 2 * HOUR, until: 14 * 60 });
    for (let time = at('10:00:00'); time <= at('15:00:00'); time += MINUTE) {
      const own = tight.decision.on ? 2000 : 0;
      tight.read(new Date(time).toISOString().slice(0, 19), (time < at('11:30:00') ? -2500 : 300) + own);
    }
    assert.deepEqual(tight.switches, ['on 10:01:00', 'off 12:01:00']);
  });

  it('counts a start that it needs and never refuses it', () => {
    const run = new Run({ ...options, maxStarts: 0 });
    for (let time = at('15:00:00'); time <= at('17:00:00'); time += MINUTE) {
      run.read(new Date(time).toISOString().slice(0, 19), 500);
    }
    assert.deepEqual([run.switches, run.decision.starts], [['on 16:00:00'], 1]);
  });

  it('takes the cheapest hours where prices are known', () => {
    const run = new Run(options);
    run.surplus.setPrices(
      [5, 1, 4, 2, 3, 6, 7, 8].map((price, i) => ({
        start: at('10:00:00') + i * HOUR,
        end: at('11:00:00') + i * HOUR,
        price,
      })),
    );
    for (let time = at('10:00:00'); time <= at('19:00:00'); time += MINUTE) {
      run.read(new Date(time).toISOString().slice(0, 19), 500 + (run.decision.on ? 2000 : 0));
    }
    // One minute each passes before too little has been so for long enough, and counts.
    assert.deepEqual(run.switches.slice(0, 3), ['on 11:00:00', 'off 12:00:00', 'on 13:00:00']);
  });
});

describe('surplus of a load that is modulated', () => {
  const charger: Partial<SurplusOptions> = { kind: 'modulate', power: 1380, max: 7360, step: 230 };

  it('follows the sun in steps, and never takes more than there is', () => {
    const run = new Run(charger);
    run.hold(-1400, '10:00:00', '10:00:50');
    assert.equal(run.to('10:01:00').watts, 1380);
    for (const [time, sun, expected] of [
      ['10:01:10', 3000, 2990],
      ['10:01:20', 3219, 2990],
      ['10:01:30', 3220, 3220],
      ['10:01:40', 20_000, 7360],
      ['10:01:50', 1000, 1380],
      ['10:02:00', 1700, 1610],
    ] as const) {
      run.read(time, run.decision.watts - sun);
      assert.equal(run.decision.watts, expected, time);
    }
    for (let time = at('10:02:10'); time <= at('10:12:00'); time += 10 * SECOND) {
      run.read(new Date(time).toISOString().slice(0, 19), run.decision.watts - 1000);
    }
    assert.deepEqual(run.switches, ['on 10:01:00', 'off 10:11:00']);
  });

  it('is told its least while a stale meter waits for the minimum on time, and its most to catch up', () => {
    const run = new Run(charger);
    run.hold(-5000, '10:00:00', '10:00:50');
    assert.equal(run.to('10:01:00').watts, 4830);
    run.to('10:05:00');
    assert.deepEqual([run.decision.why, run.decision.watts], ['stale', 1380]);
    const late = new Run({ ...charger, runAtLeast: HOUR, until: 11 * 60 });
    late.read('10:00:00', 500);
    assert.deepEqual([late.decision.why, late.decision.watts], ['catchUp', 7360]);
  });
});
