import assert from 'node:assert/strict';

import type { CtResponseRow } from '../../../lib/powerflex/rows';
import { type ChargingSession, SessionBuilder } from '../../../lib/powerflex/sessions';
import { newSeed, Seeded } from '../../support/seeded';

const T0 = Date.UTC(2025, 5, 1);
const MINUTE = 60_000;

interface Given {
  /** min */
  at: number;
  state: string;
  /** Wh */
  energy: number | null;
  /** A */
  current?: number | null;
  station?: string | null;
  acsId?: string | null;
}

function typed({ at, state, energy, current = null, station = 'A1', acsId = '01' }: Given) {
  const time = T0 + at * MINUTE;
  const row: CtResponseRow = {
    timestamp: new Date(time).toISOString(),
    ...{ acnId: null, accId: '02', acgId: null, acsId, evseAddress: station, evseType: null },
    ...{ spaceNumber: null, chargingState: state, version: null, energyDelivered: energy, current },
    ...{ pilotCurrent: null, power: null, voltage: null, phases: null, peakRate: null },
  };
  return { row, time };
}

function sessionsOf(rows: readonly Given[], cuts: readonly number[] = []): ChargingSession[] {
  const builder = new SessionBuilder();
  const all: ChargingSession[] = [];
  rows.forEach((one, index) => {
    if (cuts.includes(index)) all.push(...[...builder.flush()].flat());
    builder.add(typed(one));
  });
  all.push(...[...builder.flush()].flat(), ...builder.finish());
  return all.sort((a, b) => (a.start < b.start ? -1 : 1));
}

/** `0 UNPLUGGED 0; 1 READY 0`: minute, state (its first letter will do), Wh or `-`, and A where it matters. */
function parse(text: string): Given[] {
  const states = new Map<string, string>([
    ...[['U', 'UNPLUGGED'] as const, ['R', 'READY'] as const],
    ...[['A', 'ADAPTIVE'] as const, ['I', 'IDLE'] as const],
  ]);
  return text.split(';').map((part) => {
    const [at = '', state = '', energy = '', current] = part.trim().split(' ');
    return {
      at: Number(at),
      state: states.get(state) ?? state,
      energy: energy === '-' ? null : Number(energy),
      current: current === undefined ? null : Number(current),
    };
  });
}

const FIRST = '0 U 0; 1 R 0; 60 A 27000; 61 U 27000';
const DENSE = '0 U 0; 1 R 0; 2 A 100; 3 A 200; 4 A 300';

const TABLE: readonly [what: string, rows: string, energies: (number | null)[]][] = [
  ['a car that takes nothing after one that did', `${FIRST}; 100 R 27000; 120 U 27000`, [27000, 0]],
  ['the same, with current', `${FIRST}; 100 R 27000; 110 A 27000 16; 120 U 27000`, [27000, null]],
  ['ten minutes without a car, and on', `${FIRST}; 71 R 27000; 90 A 30000; 91 U 30000`, [27000, 3000]],
  ['the same, without a row before charging', `${FIRST}; 71 A 30000`, [27000, 3000]],
  [
    'a counter of a lifetime',
    '0 U 100000; 10 R 100000; 70 A 110000; 71 U 110000; 90 A 112000; 120 A 115000; 121 U 115000',
    [10000, 5000],
  ],
  [
    'a counter of a lifetime, two minutes between two cars',
    '0 U 100000; 1 A 110000; 2 U 110000; 4 A 115000; 5 U 115000',
    [10000, 5000],
  ],
  [
    'a counter that begins anew as the car leaves',
    '0 U 0; 9 A 5000; 10 U 0; 20 A 4000; 30 U 0',
    [5000, 4000],
  ],
  ['as the next car comes', '0 U 0; 9 A 5000; 10 U 5000; 20 R 0; 30 A 4000; 40 U 4000', [5000, 4000]],
  [
    'as the next car is charged',
    '0 U 0; 9 A 5000; 10 U 5000; 20 R 5000; 21 A 100; 30 A 4000; 40 U 4000',
    [5000, 4000],
  ],
  ['in the middle', '0 U 0; 9 A 5000; 18 A 100; 30 A 4000; 40 U 4000', [5000, 4000]],
  ['a zero in the middle', `${DENSE}; 5 A 0; 6 A 500; 7 A 600; 8 U 600`, [600]],
  ['several zeros in the middle', `${DENSE}; 5 A 0; 6 A 0; 7 A 0; 8 A 700; 9 A 800; 10 U 800`, [800]],
  ['a zero before the car leaves', `${DENSE}; 5 A 0; 6 U 300; 20 U 300`, [300]],
  ['a zero between two cars', '0 U 9000; 1 U 0; 2 R 9000; 60 A 12000; 61 U 12000', [3000]],
  ['a zero while the next car waits', `${FIRST}; 100 R 27000; 101 R 0; 102 R 27000; 120 U 27000`, [27000, 0]],
  ['a spike', `${DENSE}; 5 A 4294967; 6 A 500; 7 U 500`, [500]],
  ['a spike at the end', `${DENSE}; 5 A 4294967`, [null]],
  ['a correction by a little', '0 U 0; 60 A 5000; 61 A 4990; 62 A 4995; 63 A 5010; 64 U 5010', [5010]],
  ['missing readings within', '0 U 0; 9 A 1000; 10 A -; 11 A -; 20 A 3000; 21 U -', [3000]],
  ['missing readings at the end', '0 U 0; 9 A 1000; 10 A -; 11 A -; 21 U -', [null]],
  ['missing readings, told as the car leaves', '0 U 0; 9 A 1000; 10 A -; 11 A -; 21 U 3000', [3000]],
  ['missing readings of a car that waits', '0 U 0; 9 A 1000 16; 10 I - 0; 21 U -', [1000]],
  [
    'energy that is told only with the next car',
    '0 U 0; 9 A 1000; 10 A -; 60 U -; 90 R 5000; 91 U 5000',
    [null, null],
  ],
  ['no reading at all', '0 U -; 9 A - 16; 10 U -', [null]],
  ['a negative reading', '0 U 0; 9 A -5; 10 A 1000; 11 U 1000', [1000]],
  ['a start that was not seen', '0 A 500 16; 10 A 900 16; 20 U 900', [null]],
  [
    'the same of a counter that begins anew',
    '0 A 500 16; 10 A 900 16; 20 U 900; 60 R 0; 80 A 400; 81 U 400',
    [900, 400],
  ],
  [
    'the same of a counter of a lifetime',
    '0 A 100000 16; 10 A 110000 16; 20 U 110000; 60 A 115000; 61 U 115000',
    [null, 5000],
  ],
  [
    'a counter that shows more than any car takes, and begins anew later',
    '0 A 634000 16; 10 A 634669 16; 20 U 634669; 60 R 0; 80 A 400; 81 U 400',
    [null, 400],
  ],
  [
    'a car that may be another one, of a counter that begins anew',
    '0 U 0; 9 A 5000; 10 U 0; 20 A 44; 21 U -; 23 R -; 24 A 750; 60 A 9000; 61 U 9000',
    [5000, null],
  ],
  [
    'a counter that begins anew, and is beyond the last car at once',
    '0 U 0; 9 A 5000; 10 U 5000; 20 R 0; 21 A 184; 22 U 184; 40 R 184; 41 A 1981; 42 A 4233; 43 U 4233',
    [5000, 184, null],
  ],
  ['a car that waits at the beginning', '0 R 27000; 20 U 27000', [null]],
  ['the same, and is charged then', '0 R 27000; 20 A 100 16; 40 A 4000 16; 41 U 4000', [4000]],
  ['a counter that shows nothing at the beginning', '0 R 0; 20 A 4000 16; 41 U 4000', [4000]],
  ['an end that was not seen', '0 U 0; 9 A 5000', [5000]],
  [
    'what is counted as the car leaves',
    '0 U 0; 9 A 5000; 10 U 5100; 30 U 5100; 40 R 5100; 50 U 5100',
    [5100, 0],
  ],
  ['a state that nobody documents', '0 U 0; 9 A 5000; 10 CHARGING 6000; 11 FAULTED 6000; 12 U 6000', [6000]],
  ['such a state without a car', '0 U 5000; 1 FAULTED 5000; 2 U 5000', []],
  ['such a state, charging', '0 U 5000; 1 CHARGING 5100 16; 2 CHARGING 5200 16; 3 U 5200', [200]],
  ['small letters and blanks', '0 unplugged 0; 9 adaptive 5000; 10 unplugged 5000', [5000]],
  ['rows that come twice', '0 U 0; 0 U 0; 9 A 5000; 9 A 5000; 10 U 5000; 10 U 5000', [5000]],
];

describe('The energy of charging sessions', () => {
  for (const [what, text, energies] of TABLE) {
    it(`is right after ${what}`, () => {
      const rows = parse(text);
      const told = (all: ChargingSession[]): unknown[] => all.map(({ energy }) => energy);
      assert.deepEqual(told(sessionsOf(rows)), energies);
      // Of rows with the same time nobody knows the order.
      if (new Set(rows.map(({ at }) => at)).size === rows.length) {
        assert.deepEqual(told(sessionsOf([...rows].reverse())), energies, 'in another order');
      }
      for (let cut = 1; cut < rows.length; cut++) {
        assert.deepEqual(told(sessionsOf(rows, [cut])), energies, `in two answers, cut before row ${cut}`);
      }
    });
  }

  it('tells two stations apart whose rows are mixed, and knows one whose address is missing at times', () => {
    const one = parse(`${FIRST}; 100 R 27000; 120 U 27000`);
    const other = parse('0 U 100000; 10 R 100000; 70 A 110000; 71 U 110000');
    const mixed = [
      ...one.map((row, i): Given => ({ ...row, station: i % 2 === 0 ? null : 'A1' })),
      ...other.map((row): Given => ({ ...row, station: 'A2', acsId: '02' })),
    ].sort((a, b) => a.at - b.at);
    assert.deepEqual(
      sessionsOf(mixed).map(({ evseAddress, energy }) => [evseAddress, energy]),
      [
        ['A1', 27000],
        ['A2', 10000],
        ['A1', 0],
      ],
    );
  });

  const MODES = ['as it leaves', 'as it comes', 'as it is charged', 'never'] as const;

  interface Truth {
    start: number;
    energy: number;
  }

  /** Sessions of one station as it shows them, and what each has taken in truth. */
  function history(random: Seeded, mode: (typeof MODES)[number]): { rows: Given[]; truth: Truth[] } {
    const rows: Given[] = [];
    const truth: Truth[] = [];
    let at = 0;
    // What a counter shows that began anew within one row, and has come further by then, nobody can tell from going on.
    let counter = mode === 'never' ? random.below(1e6) : random.chance(0.5) ? 0 : 500 + random.below(30_000);
    const show = (state: string, current: number): void => {
      rows.push({ at, state, energy: counter, current });
      at++;
    };
    const wait = (state: string, minutes: number): void => {
      for (let i = 0; i < minutes; i++) show(state, 0);
    };
    wait('UNPLUGGED', 6 + random.below(20));
    for (let n = 0; n < 5; n++) {
      if (mode === 'as it comes') counter = 0;
      const session = { start: at, energy: 0 };
      wait('READY', random.below(10) + 1);
      // The shortest charging is more than one row takes: what begins and ends between two rows nobody can see.
      const minutes = random.chance(0.2) ? 0 : 10 + random.below(120);
      if (minutes > 0 && mode === 'as it is charged') counter = 0;
      const step = 50 + random.below(250);
      for (let i = 0; i < minutes; i++) {
        counter += step;
        session.energy += step;
        show('ADAPTIVE', step / 4);
      }
      wait('IDLE', random.below(20));
      truth.push(session);
      if (mode === 'as it leaves') counter = 0;
      wait('UNPLUGGED', 6 + random.below(60));
    }
    return { rows, truth };
  }

  it('is never wrong for random sessions, whatever the counter does between them', () => {
    const seed = newSeed();
    console.log(`      seed ${seed}`);
    const random = new Seeded(seed);
    let [told, unknown] = [0, 0];
    for (let run = 0; run < 400; run++) {
      const mode = MODES[run % MODES.length] ?? 'never';
      const { rows, truth } = history(random, mode);
      const faulty = rows.map((row, i): Given => {
        const inside = i > 0 && i < rows.length - 1;
        if (run % 3 === 1 && inside && random.chance(0.02)) return { ...row, energy: null };
        if (run % 3 === 2 && inside && random.chance(0.01)) return { ...row, energy: 0 };
        return row;
      });
      const cuts = Array.from({ length: random.below(4) }, () => random.below(rows.length));
      const found = sessionsOf(faulty, cuts);
      const label = `seed ${seed}, run ${run}, counter begins anew ${mode}`;
      assert.equal(found.length, truth.length, label);
      found.forEach(({ start, energy }, i) => {
        assert.equal(Date.parse(start), T0 + (truth[i]?.start ?? NaN) * MINUTE, label);
        if (energy === null) unknown++;
        else {
          told++;
          assert.equal(energy, truth[i]?.energy, `${label}, session ${i}`);
        }
      });
    }
    console.log(`      ${told} energies told, ${unknown} unknown`);
    assert.ok(unknown < told / 10, 'hardly any is unknown');
  });
});
