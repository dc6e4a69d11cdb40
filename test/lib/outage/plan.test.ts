import assert from 'node:assert/strict';

import { Outage } from '../../../lib/outage/outage';
import { Bench, message, off, planSettings } from '../../support/outage';

const login = (address: string, user = 'mon') => ({ address, user });

describe('OutagePlan', () => {
  it('counts each outage from its own beginning', () => {
    const bench = new Bench(planSettings([off(3, { after: 10 })]));
    bench.set({ mains: false });
    bench.pass(1);
    bench.set({ mains: true });
    bench.pass(59);
    bench.set({ mains: false });
    bench.pass(12);
    bench.set({ mains: true });
    assert.deepEqual(bench.story, ['1 record', '70 off 3', '72 record']);
    const [, { record } = { record: undefined }] = bench.records;
    assert.deepEqual(record, {
      ...{ start: '2026-01-01T00:01:00.000Z', end: '2026-01-01T00:01:12.000Z', duration: 12 },
      ...{ minVoltage: 53, energy: 0.333, coverage: 1, lowBattery: false },
      steps: [
        {
          ...{ step: 1, action: 'off', port: 3, text: null, at: '2026-01-01T00:01:10.000Z' },
          ...{ waited: 'none', result: 'off' },
        },
      ],
    });
  });

  it('makes all steps before one due that the battery makes due', () => {
    const rows = [off(3, { after: 600 }), message('NAS down', { after: 1200, low: true })];
    const bench = new Bench(planSettings(rows));
    bench.set({ mains: false });
    bench.pass(20);
    bench.set({ low: true });
    assert.deepEqual(bench.story, ['20 off 3', '20 NAS down']);
  });

  it('does so below a voltage too, whatever the voltage does then', () => {
    const rows = [off(3, { after: 600 }), off(4, { below: 47 }), off(5, { after: 700 })];
    const bench = new Bench(planSettings(rows));
    bench.set({ mains: false, volts: 47 });
    bench.pass(5);
    bench.set({ volts: 46.9 });
    bench.set({ volts: 48 });
    bench.pass(30);
    assert.deepEqual(bench.story, ['5 off 3', '5 off 4']);
  });

  it('takes no step for a low battery on mains', () => {
    const bench = new Bench(planSettings([off(3, { low: true })]));
    bench.set({ volts: 47, low: true });
    bench.pass(300);
    assert.deepEqual(bench.story, []);
  });

  it('brings ports back one by one, once the battery has been charged for long enough', () => {
    const rows = [off(3, { after: 5 }), off(4, { after: 5 }), off(5, { after: 5 })];
    const bench = new Bench(planSettings(rows));
    bench.set({ mains: false });
    bench.pass(10);
    bench.set({ volts: 46, low: true });
    bench.pass(10);
    bench.set({ mains: true });
    bench.pass(5);
    bench.set({ volts: 53.5, low: false });
    bench.pass(25);
    bench.set({ mains: false });
    bench.pass(10);
    bench.set({ mains: true });
    bench.pass(100);
    const back = ['120 on 5', '130 on 4', '140 on 3'];
    assert.deepEqual(bench.story, ['5 off 3', '5 off 4', '5 off 5', '20 record', '60 record', ...back]);
    const [, second] = bench.records;
    assert.deepEqual(
      second?.record.steps.map(({ result }) => result),
      ['stillOff', 'stillOff', 'stillOff'],
    );
  });

  it('does not bring a port back that it did not cut, or that was off before', () => {
    const bench = new Bench(planSettings([off(3, { after: 5 }), off(4, { after: 5 })]));
    bench.on[3] = false;
    bench.read();
    bench.set({ mains: false });
    bench.pass(4);
    // Somebody switches it between the last reading and the command.
    bench.on[4] = false;
    bench.pass(10);
    bench.set({ mains: true });
    bench.pass(600);
    assert.deepEqual(bench.story, ['5 off 4', '14 record']);
    assert.deepEqual(
      bench.records[0]?.record.steps.map(({ result }) => result),
      ['wasOff', 'wasOff'],
    );
  });

  it('cuts a port when its hosts have logged out and had time to finish', () => {
    const rows = [off(4, { after: 10, wait: 'hosts', seconds: 600, hosts: '192.0.2.7, nas' })];
    const bench = new Bench(planSettings(rows));
    const both = [login('::ffff:192.0.2.7', 'pve'), login('192.0.2.8', 'nas')];
    bench.plan.logins(both, bench.now);
    bench.set({ mains: false });
    bench.pass(30);
    bench.plan.logins(both.slice(1), bench.now);
    bench.pass(30);
    bench.logins();
    bench.pass(119);
    assert.deepEqual(bench.story, []);
    bench.pass(1);
    assert.deepEqual(bench.story, ['180 off 4']);
  });

  it('waits on for a host that has come back', () => {
    const rows = [off(4, { after: 10, wait: 'hosts', seconds: 300, hosts: 'nas' })];
    const bench = new Bench(planSettings(rows));
    bench.logins('nas');
    bench.set({ mains: false });
    bench.pass(20);
    bench.logins();
    bench.pass(60);
    bench.logins('nas');
    bench.pass(229);
    assert.deepEqual(bench.story, []);
    bench.pass(1);
    assert.deepEqual(bench.story, ['310 off 4']);
  });

  it('counts a host that was never logged in, or hangs, as running until the time is up', () => {
    const rows = [
      off(4, { after: 10, wait: 'hosts', seconds: 100, hosts: 'hangs' }),
      off(5, { after: 10, wait: 'hosts', seconds: 50, hosts: 'absent' }),
    ];
    const bench = new Bench(planSettings(rows));
    bench.logins('hangs');
    assert.deepEqual(bench.plan.summary(bench.now).absent, ['absent']);
    bench.set({ mains: false });
    bench.pass(400);
    assert.deepEqual(bench.story, ['110 off 4', '160 off 5']);
  });

  it('cuts sooner where the port draws next to nothing', () => {
    const rows = [off(4, { after: 10, wait: 'hosts', seconds: 600, hosts: 'nas' })];
    const bench = new Bench(planSettings(rows, { offBelow: 25 }));
    bench.logins('nas');
    bench.set({ mains: false });
    bench.pass(15);
    bench.logins();
    bench.pass(30);
    assert.deepEqual(bench.story, ['30 off 4']);
  });

  it('cuts a told host after it has gone although the mains are back, and leaves the others alone', () => {
    const rows = [
      message('NAS down', { after: 5, port: 4 }),
      off(4, { after: 6, wait: 'hosts', seconds: 600, hosts: 'nas' }),
      off(5, { after: 7, wait: 'hosts', seconds: 600, hosts: 'pve' }),
    ];
    const bench = new Bench(planSettings(rows));
    bench.logins('nas', 'pve');
    bench.set({ mains: false });
    bench.pass(10);
    bench.set({ mains: true });
    bench.pass(5);
    bench.logins('pve');
    bench.pass(300);
    assert.deepEqual(bench.story, ['5 NAS down', '135 off 4', '135 record', '150 on 4']);
    assert.deepEqual(
      bench.records[0]?.record.steps.map(({ result }) => result),
      ['told', 'off', 'notReached'],
    );
  });

  it('leaves a told host its power that still runs with the mains back', () => {
    const rows = [off(4, { low: true, wait: 'hosts', seconds: 60, hosts: 'nas' })];
    const bench = new Bench(planSettings(rows));
    bench.logins('nas');
    bench.set({ mains: false });
    bench.set({ low: true });
    bench.pass(10);
    bench.set({ mains: true });
    bench.pass(300);
    assert.deepEqual(bench.story, ['60 record']);
    assert.equal(bench.records[0]?.record.steps[0]?.result, 'leftOn');
  });

  it('cuts the ports that it needs itself last, after the answers to all others', () => {
    const rows = [off(0, { after: 1 }), off(3, { after: 10 })];
    const bench = new Bench(planSettings(rows, {}, '0'));
    bench.answers = false;
    bench.set({ mains: false });
    bench.pass(15);
    assert.deepEqual(bench.story, ['10 off 3']);
    const [first] = bench.done;
    assert.ok(first?.kind === 'command');
    bench.carryOut(3, false, first.key);
    bench.pass(1);
    assert.deepEqual(bench.story, ['10 off 3', '16 off 0']);
  });

  it('looks again at what is open, and tells a port again only when a reading shows it on', () => {
    const bench = new Bench(planSettings([off(3, { after: 10 })]));
    bench.answers = false;
    bench.set({ mains: false });
    bench.pass(10);
    const [first] = bench.done;
    assert.ok(first?.kind === 'command');
    bench.plan.answer(
      { key: first.key, port: 3, on: null, changed: null, code: 'OUTCOME_UNKNOWN' },
      bench.now,
    );
    bench.reads = false;
    bench.pass(300);
    assert.deepEqual(bench.story, ['10 off 3']);
    bench.reads = true;
    bench.answers = true;
    bench.pass(10);
    assert.deepEqual(bench.story, ['10 off 3', '320 off 3']);
  });

  it('goes on by time when readings stop, and brings nothing back without one', () => {
    const bench = new Bench(planSettings([off(3, { after: 100 })]));
    bench.set({ mains: false });
    bench.reads = false;
    bench.plan.availability(false, bench.now);
    bench.pass(2000);
    assert.deepEqual(bench.story, ['100 off 3']);
    bench.reads = true;
    bench.set({ mains: true });
    bench.pass(100);
    assert.deepEqual(bench.story, ['100 off 3', '2000 record', '2060 on 3']);
  });

  it('goes on over restarts, and does nothing twice', () => {
    const rows = [off(3, { after: 10 }), message('NAS down', { after: 40 }), off(4, { after: 60 })];
    const bench = new Bench(planSettings(rows));
    bench.set({ mains: false });
    for (let n = 0; n < 20; n++) {
      bench.restart();
      bench.pass(5);
    }
    bench.set({ mains: true });
    for (let n = 0; n < 3; n++) {
      bench.restart();
      bench.pass(85);
    }
    assert.deepEqual(
      bench.story.map((line) => line.replace(/^\d+ /, '')),
      ['off 3', 'NAS down', 'off 4', 'record', 'on 4', 'on 3'],
    );
  });

  it('looks for a command that was under way when the process ended', () => {
    const bench = new Bench(planSettings([off(3, { after: 10 })]));
    bench.answers = false;
    bench.set({ mains: false });
    bench.pass(10);
    bench.on[3] = false;
    bench.restart();
    bench.pass(60);
    bench.answers = true;
    bench.set({ mains: true });
    bench.pass(80);
    assert.deepEqual(bench.story, ['10 off 3', '70 record', '130 on 3']);
  });

  it('tells what was written and not handed over again, and says so', () => {
    const bench = new Bench(planSettings([message('NAS down', { after: 0 })]));
    bench.mains = false;
    bench.plan.view(bench.view(), true, bench.now);
    bench.restart();
    bench.flush();
    assert.deepEqual(
      bench.done.map((one) => one.kind === 'message' && [one.text, one.repeated]),
      [['NAS down', true]],
    );
  });

  it('keeps ports that a changed table does not name any more', () => {
    const bench = new Bench(planSettings([off(3, { after: 10 }), off(4, { after: 10 })]));
    bench.set({ mains: false });
    bench.pass(20);
    bench.restart(planSettings([off(4, { after: 10 }), off(5, { after: 100 })]));
    bench.pass(10);
    bench.set({ mains: true });
    bench.pass(100);
    assert.deepEqual(bench.story, ['10 off 3', '10 off 4', '30 record', '90 on 4', '100 on 3']);
  });

  for (const jump of [10 * 3600, -2 * 3600]) {
    it(`tells how long an outage was, though the clock was set by ${jump} s in it`, () => {
      const begun = { wall: Date.UTC(2026, 5, 10), steady: 1000 };
      const at = (s: number, by = jump): typeof begun => ({
        wall: begun.wall + (s + by) * 1000,
        steady: begun.steady + s * 1000,
      });
      const outage = new Outage([], begun.wall, begun);
      outage.end(() => false, at(300));
      const { duration, end } = outage.record(() => undefined, at(400));
      assert.deepEqual([duration, end], [300, '2026-06-10T00:05:00.000Z']);
    });
  }

  it('tells how long an outage was that had ended before a restart', () => {
    const begun = { wall: Date.UTC(2026, 5, 10), steady: 1000 };
    const outage = new Outage([], begun.wall, begun);
    outage.end(() => false, { wall: begun.wall + 300_000, steady: 301_000 });
    for (const later of [400_000, 3 * 86_400_000]) {
      const now = { wall: begun.wall + later, steady: 5 };
      const again = Outage.restored([], JSON.parse(JSON.stringify(outage.state())), now);
      assert.equal(again.record(() => undefined, now).duration, 300);
    }
  });
});
