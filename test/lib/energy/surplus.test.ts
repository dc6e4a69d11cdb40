import assert from 'node:assert/strict';

import { LocalTime } from '../../../lib/core/zone';
import { at, HOUR, MINUTE, Run, SECOND } from '../../support/surplus-run';

describe('surplus vectors', () => {
  it('1: on when there has been enough for the whole time, once', () => {
    const run = new Run();
    run.hold(-2500, '10:00:00', '10:00:50');
    run.to('10:01:00');
    run.hold(-500, '10:01:10', '10:30:00');
    assert.deepEqual(run.switches, ['on 10:01:00']);
  });

  it('2 and 3: off after the minimum on time, on again after the minimum off time', () => {
    const run = new Run();
    run.hold(-2500, '10:00:00', '10:01:00');
    run.hold(-500, '10:01:10', '10:01:50');
    run.hold(300, '10:02:00', '10:11:00');
    assert.deepEqual(run.switches, ['on 10:01:00', 'off 10:11:00']);
    run.hold(-3000, '10:11:10', '10:16:00');
    assert.deepEqual(run.switches, ['on 10:01:00', 'off 10:11:00', 'on 10:16:00']);
  });

  it('4: never on when it never lasts', () => {
    const run = new Run();
    for (let minute = 0; minute < 59; minute++) {
      const two = String(minute).padStart(2, '0');
      run.read(`10:${two}:00`, -2500);
      run.read(`10:${two}:59`, 100);
    }
    assert.deepEqual(run.switches, []);
  });

  it('5: a meter that falls silent is told at its time, and switches off when the minimum on time ends', () => {
    const run = new Run();
    run.hold(-2500, '10:00:00', '10:01:00');
    run.hold(-500, '10:01:10', '10:03:00');
    run.to('10:30:00');
    assert.deepEqual(run.switches, ['on 10:01:00', 'off 10:11:00']);
    assert.ok(run.whys.includes('stale 10:05:00'), run.whys.join());
  });

  it('6: a restart keeps the running minimum time', () => {
    const run = new Run();
    run.hold(-2500, '10:00:00', '10:01:00');
    run.hold(-500, '10:01:10', '10:04:00');
    run.restart(20 * SECOND);
    assert.equal(run.decision.on, true);
    run.hold(1000, '10:04:30', '10:12:00');
    assert.deepEqual(run.switches, ['on 10:01:00', 'off 10:11:00']);
    run.restart(10 * SECOND);
    run.hold(-5000, '10:12:20', '10:17:00');
    assert.equal(run.switches.at(-1), 'on 10:16:00');
  });
});

describe('surplus of one load', () => {
  it('is switched off by a meter that is lost at once, and by a restart after a long time', () => {
    const lost = new Run({ minOn: 0 });
    lost.hold(-2500, '10:00:00', '10:02:00');
    lost.surplus.setAvailable(false);
    assert.equal(lost.tick().on, false);
    lost.read('10:03:00', -4500);
    lost.to('10:03:59');
    assert.equal(lost.decision.on, false, 'what was before the loss does not count');

    const long = new Run();
    long.hold(-2500, '10:00:00', '10:02:00');
    long.restart(3 * HOUR);
    assert.deepEqual([long.decision.on, long.decision.why], [false, 'stale']);
  });

  for (const [failSafe, failSafePower, expected] of [
    ['off', 0, false],
    ['hold', 0, true],
    ['fixed', 0, false],
    ['fixed', 5, true],
  ] as const) {
    it(`has a fail-safe: ${failSafe} ${failSafePower}`, () => {
      const run = new Run({ failSafe, failSafePower, minOn: 0 });
      run.hold(-2500, '10:00:00', '10:01:30');
      run.to('10:40:00');
      assert.deepEqual([run.decision.on, run.decision.why], [expected, 'stale']);
    });
  }

  it('starts no more often a day than it may, and begins anew with the local day', () => {
    const zone = new LocalTime('Europe/Berlin');
    const run = new Run({ maxStarts: 1, minOn: 0, minOff: 0, zone }, '20:00:00');
    run.hold(-2500, '20:00:00', '20:01:10');
    run.hold(500, '20:01:20', '20:03:00');
    run.hold(-2500, '20:03:10', '22:00:00');
    assert.deepEqual(run.switches, ['on 20:01:00', 'off 20:02:20', 'on 22:00:00']);
    run.hold(500, '22:00:10', '22:02:00');
    run.restart(SECOND);
    run.hold(-2500, '22:02:10', '22:30:00');
    assert.equal(run.decision.why, 'starts');
  });

  it('is not switched early or often by a clock that jumps', () => {
    const run = new Run();
    run.hold(-2500, '10:00:00', '10:01:00');
    run.jump(2 * HOUR);
    run.surplus.take({ time: run.now, power: 4000 }, run.moment);
    run.tick();
    run.hold(4000, '12:01:10', '12:10:50');
    assert.equal(run.decision.on, true);
    run.to('12:11:00');
    assert.equal(run.decision.on, false);
    run.jump(-4 * HOUR);
    for (let minute = 0; minute < 5; minute++) {
      run.surplus.take({ time: run.now, power: -4000 }, run.moment);
      assert.equal(run.tick().on, false);
      run.now += MINUTE;
    }
  });

  it('counts a late reading once, ignores one that comes twice, and one that is older', () => {
    const run = new Run();
    assert.equal(run.read('10:00:00', -2500, { time: at('09:57:00') }), 'new');
    assert.equal(run.read('10:00:10', -2500, { time: at('09:57:00') }), 'same');
    assert.equal(run.read('10:00:20', 9000, { time: at('09:56:00') }), 'older');
    assert.equal(run.read('10:00:30', 9000, { time: at('09:56:30') }), 'older');
    run.to('10:01:00');
    assert.deepEqual([run.switches, run.surplus.ignored], [['on 10:01:00'], { same: 1, older: 2, late: 0 }]);
    assert.equal(run.read('10:01:30', 9000, { time: at('09:57:01') }), 'new');
    run.to('10:20:00');
    assert.equal(run.read('10:20:00', -9000, { time: at('10:14:59') }), 'late');
    assert.equal(run.decision.why, 'stale');
    assert.equal(run.read('10:20:10', -9000, { time: at('10:15:11') }), 'new');
  });

  it('is not kept from going stale by the same reading again and again', () => {
    const run = new Run();
    run.read('10:00:00', -2500);
    for (const second of ['10:00:30', '10:01:00', '10:01:30', '10:02:00']) {
      run.read(second, -2500, { time: at('10:00:00') });
      // Another value for the same moment is no younger either.
      run.read(second, -2600, { time: at('10:00:00') });
      run.read(second, -2500, { time: at('10:00:00') });
    }
    assert.equal(run.decision.stale, true);
  });

  it('adds the own draw back as the meter has seen it', () => {
    const run = new Run();
    run.hold(-2500, '10:00:00', '10:00:50');
    run.to('10:01:00');
    // Measured before the load was on.
    run.read('10:01:05', -2500, { time: at('10:00:58') });
    assert.equal(run.decision.surplus, 2500);
    assert.equal(run.decision.left, -500);
    run.read('10:01:15', -600, { time: at('10:01:10') });
    assert.deepEqual([run.decision.surplus, run.decision.left], [2600, -600]);
    run.read('10:01:20', -600, { load: 1900 });
    assert.deepEqual([run.decision.surplus, run.decision.left], [2500, -500]);
  });

  it('tells a load that does not answer once', () => {
    const run = new Run();
    run.hold(-2500, '10:00:00', '10:01:00');
    run.read('10:01:30', -2500, { load: 0 });
    assert.equal(run.surplus.takeFault(), false, 'it may take a while');
    run.read('10:02:00', -2500, { load: 0 });
    assert.equal(run.surplus.takeFault(), true);
    run.read('10:02:10', -2500, { load: 0 });
    assert.equal(run.surplus.takeFault(), false);
    assert.equal(run.decision.on, true);
  });

  it('keeps what is about to be taken from the next load', () => {
    const run = new Run();
    run.read('10:00:00', -2500);
    assert.deepEqual([run.decision.why, run.decision.left], ['lasting', -500]);
    run.read('10:00:10', -1500);
    assert.deepEqual([run.decision.why, run.decision.left], ['short', -1500]);
    const spent = new Run({ maxStarts: 0 });
    spent.read('10:00:00', -2500);
    assert.deepEqual([spent.decision.why, spent.decision.left], ['starts', -2500]);
  });

  it('displaces a lower load whose draw it is told', () => {
    const run = new Run();
    run.hold(-500, '10:00:00', '10:05:00');
    assert.equal(run.decision.on, false);
    for (let second = 10; second < 60; second += 10) run.read(`10:05:${second}`, -500, { lower: 1600 });
    run.to('10:06:10');
    assert.deepEqual(run.switches, ['on 10:06:10']);
  });
});
