import assert from 'node:assert/strict';

import type { CtResponseRow } from '../../../lib/powerflex/rows';
import { type ChargingSession, SessionBuilder } from '../../../lib/powerflex/sessions';

const T0 = Date.UTC(2025, 5, 1, 8);

/** A row `minute` minutes after eight: state, Wh and A. */
function row(
  minute: number,
  state: string | null,
  energy: number | null,
  current: number | null = null,
  at = '01',
) {
  const time = T0 + minute * 60_000;
  const none = { acnId: null, acgId: null, evseType: null, version: null, phases: null };
  const typed: CtResponseRow = {
    timestamp: new Date(time).toISOString(),
    accId: '02',
    acsId: at,
    evseAddress: at,
    spaceNumber: '7',
    chargingState: state,
    energyDelivered: energy,
    current,
    power: current === null ? null : current * 200,
    voltage: 200,
    pilotCurrent: null,
    peakRate: null,
    ...none,
  };
  return { row: typed, time };
}

type Row = ReturnType<typeof row>;

function sessions(rows: Row[]): ChargingSession[] {
  const builder = new SessionBuilder();
  for (const one of rows) builder.add(one);
  return [...[...builder.flush()].flat(), ...builder.finish()];
}

const brief = (all: ChargingSession[]): unknown[] =>
  all.map(({ start, end, startSeen, endSeen, energy, peakCurrent }) => [
    `${start.slice(11, 16)}${startSeen ? '' : '?'}–${end.slice(11, 16)}${endSeen ? '' : '?'}`,
    energy,
    peakCurrent,
  ]);

describe('SessionBuilder', () => {
  it('finds start, end, energy and peaks of a session', () => {
    const all = sessions([
      row(0, 'UNPLUGGED', 9000),
      row(10, 'READY', 0),
      row(20, 'ADAPTIVE', 1000, 16),
      row(30, 'ADAPTIVE', 3000, 30),
      row(40, 'IDLE', 3500, 0),
      row(50, 'UNPLUGGED', 3500, 0),
      row(60, 'UNPLUGGED', 3500, 0),
    ]);
    assert.deepEqual(all, [
      {
        start: '2025-06-01T08:10:00.000Z',
        end: '2025-06-01T08:50:00.000Z',
        startSeen: true,
        endSeen: true,
        energy: 3500,
        peakCurrent: 30,
        peakPower: 6000,
        evseAddress: '01',
        accId: '02',
        acsId: '01',
        spaceNumber: '7',
      },
    ]);
  });

  it('says when it saw no start or no end, and guesses no energy', () => {
    assert.deepEqual(brief(sessions([row(0, 'ADAPTIVE', 500, 5), row(10, 'ADAPTIVE', 900, 5)])), [
      ['08:00?–08:10?', null, 5],
    ]);
  });

  it('parts sessions where the energy counter falls, without an UNPLUGGED between', () => {
    const all = sessions([
      row(0, 'UNPLUGGED', 0),
      row(10, 'ADAPTIVE', 5000, 20),
      row(20, 'ADAPTIVE', 100, 10),
      row(30, 'ADAPTIVE', 4000, 12),
      row(40, 'UNPLUGGED', 4000),
    ]);
    assert.deepEqual(brief(all), [
      ['08:10–08:10', 5000, 20],
      ['08:20–08:40', 4000, 12],
    ]);
  });

  it('never counts the energy of one session in the next', () => {
    const all = sessions([
      row(0, 'ADAPTIVE', 5000, 20),
      row(10, 'UNPLUGGED', 5000),
      row(60, 'UNPLUGGED', 5000),
      row(70, 'ADAPTIVE', 200, 20),
      row(80, 'UNPLUGGED', 200),
    ]);
    assert.deepEqual(brief(all), [
      ['08:00?–08:10', 5000, 20],
      ['09:10–09:20', 200, 20],
    ]);
  });

  it('takes a short UNPLUGGED after which the counter goes on for a glitch', () => {
    const all = sessions([
      row(0, 'UNPLUGGED', 0),
      row(1, 'ADAPTIVE', 1000, 20),
      row(2, 'UNPLUGGED', 1000),
      row(3, 'UNPLUGGED', 1000),
      row(4, 'ADAPTIVE', 1200, 21),
      row(5, 'UNPLUGGED', 1300),
    ]);
    assert.deepEqual(brief(all), [['08:01–08:05', 1300, 21]]);
  });

  it('takes a short UNPLUGGED after which the counter starts anew for another car', () => {
    const all = sessions([
      row(1, 'ADAPTIVE', 1000, 20),
      row(2, 'UNPLUGGED', 1000),
      row(3, 'ADAPTIVE', 20, 9),
    ]);
    assert.deepEqual(brief(all), [
      ['08:01?–08:02', 1000, 20],
      ['08:03–08:03?', 20, 9],
    ]);
  });

  it('takes a long UNPLUGGED for the end, whatever the counter says', () => {
    const rest = Array.from({ length: 60 }, (_, i) => row(2 + i, 'UNPLUGGED', 1000));
    const first = [row(0, 'UNPLUGGED', 0), row(1, 'ADAPTIVE', 1000, 20)];
    const all = sessions([...first, ...rest, row(62, 'ADAPTIVE', 1500, 9)]);
    assert.deepEqual(brief(all), [
      ['08:01–08:02', 1000, 20],
      ['09:02–09:02?', 500, 9],
    ]);
  });

  const ordered = [
    row(0, 'UNPLUGGED', 0),
    row(10, 'ADAPTIVE', 1000, 20),
    row(20, 'UNPLUGGED', 1000),
    row(30, 'UNPLUGGED', 1000),
    row(40, 'ADAPTIVE', 50, 10),
    row(50, 'ADAPTIVE', 700, 12),
    row(60, 'UNPLUGGED', 700),
  ];

  it('brings rows into the order of time, as of a server that parts its series by charging state', () => {
    const expected = [
      ['08:10–08:20', 1000, 20],
      ['08:40–09:00', 700, 12],
    ];
    assert.deepEqual(brief(sessions(ordered)), expected);
    const parted = [...ordered].sort((a, b) =>
      String(a.row.chargingState) < String(b.row.chargingState) ? -1 : 1,
    );
    assert.deepEqual(brief(sessions(parted)), expected);
    assert.deepEqual(brief(sessions([...ordered].reverse())), expected);
  });

  it('follows a session from window to window', () => {
    for (let cut = 1; cut < ordered.length; cut++) {
      const builder = new SessionBuilder();
      const all: ChargingSession[] = [];
      for (const some of [ordered.slice(0, cut), ordered.slice(cut)]) {
        for (const one of some) builder.add(one);
        all.push(...[...builder.flush()].flat());
      }
      assert.deepEqual([...all, ...builder.finish()], sessions(ordered), `cut before row ${cut}`);
    }
  });

  it('counts nothing twice when the energy is missing after a glitch', () => {
    const all = sessions([
      row(0, 'UNPLUGGED', 0),
      row(1, 'ADAPTIVE', 5000, 20),
      row(2, 'UNPLUGGED', 5000),
      row(3, 'ADAPTIVE', null, 32),
      row(4, 'ADAPTIVE', 5100, 21),
      row(5, 'UNPLUGGED', null),
    ]);
    assert.deepEqual(brief(all), [['08:01–08:05', 5100, 32]]);
  });

  it('parts two cars when the energy is missing at first', () => {
    const all = sessions([
      row(1, 'ADAPTIVE', 5000, 20),
      row(2, 'UNPLUGGED', 5000),
      row(3, 'ADAPTIVE', null, 32),
      row(9, 'ADAPTIVE', 300, 30),
      row(10, 'UNPLUGGED', null),
      row(11, 'ADAPTIVE', null, 6),
      row(12, 'UNPLUGGED', null),
    ]);
    assert.deepEqual(brief(all), [
      ['08:01?–08:02', 5000, 20],
      ['08:03–08:10', 300, 32],
      ['08:11–08:12', null, 6],
    ]);
  });

  it('does not give a car the energy of the one before, which its station shows at first', () => {
    const all = sessions([
      row(0, 'ADAPTIVE', 5000, 20),
      row(10, 'UNPLUGGED', 5000),
      row(60, 'UNPLUGGED', 5000),
      row(70, 'READY', 5000, 0),
      row(80, 'ADAPTIVE', 200, 20),
      row(90, 'ADAPTIVE', 400, 20),
      row(100, 'UNPLUGGED', 400),
    ]);
    assert.deepEqual(brief(all), [
      ['08:00?–08:10', 5000, 20],
      ['09:10–09:40', 400, 20],
    ]);
  });

  it('keeps stations apart', () => {
    const all = sessions([
      row(-1, 'UNPLUGGED', 0, null, '01'),
      row(0, 'ADAPTIVE', 1000, 20, '01'),
      row(0, 'UNPLUGGED', 0, null, '02'),
      row(1, 'ADAPTIVE', 10, 5, '02'),
      row(1, 'ADAPTIVE', 1100, 20, '01'),
      row(2, 'UNPLUGGED', 10, null, '02'),
    ]);
    assert.deepEqual(
      all.map(({ evseAddress, energy }) => [evseAddress, energy]),
      [
        ['01', 1100],
        ['02', 10],
      ],
    );
  });

  it('keeps null where nothing was told, and passes over rows without time or state', () => {
    assert.deepEqual(brief(sessions([row(0, 'READY', null), row(1, 'UNPLUGGED', null)])), [
      ['08:00?–08:01', null, null],
    ]);
    const { row: typed } = row(0, 'READY', 5);
    assert.deepEqual(sessions([row(0, null, 5), { row: { ...typed, timestamp: null }, time: T0 }]), []);
  });

  it('tells stations without an address by their ids', () => {
    const nameless = ['01', '02'].map((id) => {
      const one = row(0, 'ADAPTIVE', 1, 1, id);
      return { ...one, row: { ...one.row, evseAddress: null } };
    });
    assert.equal(sessions(nameless).length, 2);
  });
});
