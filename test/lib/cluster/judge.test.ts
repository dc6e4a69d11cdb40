import assert from 'node:assert/strict';

import type { Act } from '../../support/cluster/acts';
import { CLOCK_PORTS, SLOT, UPSES } from '../../support/cluster/flow';
import {
  clientsAtOnce,
  httpIn,
  isLogRight,
  lastAct,
  logsIn,
  longestGap,
  longestOverlap,
  slotsIn,
  takeOver,
} from '../../support/cluster/judge';
import type { Asked } from '../../support/cluster/load';
import type { Note } from '../../support/cluster/notes';

/** What the tests of several Node-REDs hold against their records has to see what is wrong. */
describe('judging several Node-REDs', () => {
  const START = SLOT * 1000;
  const toggle = (at: number, by = 'a', device: string = UPSES[0], port = 0): Act => ({
    ...{ at, by, device, port, what: 'toggle' },
  });
  const reads = (by: string, from: number, to: number, device = 'meter1'): Act[] =>
    Array.from({ length: Math.floor((to - from) / 1000) + 1 }, (_, n) => ({
      ...{ at: from + n * 1000, by, device, what: 'read' },
    }));
  const whole = { from: 0, to: 1e9 };

  it('counts each slot by its port, early and late', () => {
    const port = (START / SLOT) % CLOCK_PORTS;
    const acts = [
      toggle(START - 300, 'a', 'ups1', port),
      toggle(START + 5000, 'b', 'ups2', port),
      toggle(START + 5100, 'c', 'ups2', port),
      // The next turn of the port.
      toggle(START + CLOCK_PORTS * SLOT - 100, 'a', 'ups1', port),
    ];
    const notes: Note[] = [
      { at: START, by: 'b', what: 'refused', ups: 'ups1', slot: START / SLOT + 1, code: 'UNREACHABLE' },
    ];
    const verdicts = slotsIn({ from: START - 10, to: START + SLOT + 10 }, acts, notes);
    assert.deepEqual(
      verdicts.map(({ ups, slot, times, refused, late }) => [ups, slot - START / SLOT, times, refused, late]),
      [
        ['ups1', 0, 1, [], -300],
        ['ups2', 0, 2, [], 5000],
        ['ups1', 1, 0, ['UNREACHABLE'], undefined],
        ['ups2', 1, 0, [], undefined],
      ],
    );
  });

  const asked: Asked = {
    ...{ from: 1000, answered: 3000, to: 5000, ups: 'ups1', port: 7, asked: ['a'], status: 200 },
    ...{ code: undefined, text: '', wasOpen: false },
  };
  const HTTP: [what: string, change: Partial<Asked>, times: number, isRight: boolean][] = [
    ['done once', {}, 1, true],
    ['done and not seen', {}, 0, false],
    ['done twice', {}, 2, false],
    ['refused and not done', { status: 409, code: 'UNREACHABLE' }, 0, true],
    ['refused and done', { status: 409, code: 'UNREACHABLE' }, 1, false],
    ['open and done', { status: 409, code: 'OUTCOME_UNKNOWN', wasOpen: true }, 1, true],
    ['open and done twice', { status: 409, code: 'OUTCOME_UNKNOWN', wasOpen: true }, 2, false],
    ['done when asked again', { asked: ['a', 'b'], wasOpen: true }, 1, true],
    ['done again when asked again', { asked: ['a', 'b'], wasOpen: true }, 2, false],
    ['broken at a victim', { asked: ['v'], status: 0, wasOpen: true }, 1, true],
    ['broken at somebody to whom nothing was done', { status: 0, wasOpen: true }, 0, false],
    ['an answer without a code', { status: 404 }, 0, false],
  ];
  for (const [what, change, times, isRight] of HTTP) {
    it(`takes an HTTP command ${what} as ${isRight ? 'right' : 'wrong'}`, () => {
      const acts = Array.from({ length: times }, (_, n) => toggle(2000 + n, 'b', 'ups1', 7));
      acts.push(toggle(6000, 'b', 'ups1', 7), toggle(2000, 'b', 'ups1', 8), toggle(2000, 'b', 'ups2', 7));
      const [verdict] = httpIn(whole, acts, [{ ...asked, ...change }], new Set(['v']));
      assert.deepEqual([verdict?.times, verdict?.isRight], [times, isRight]);
    });
  }

  const OVERLAPS: [what: string, acts: Act[], ms: number][] = [
    ['one after the other', [...reads('a', 0, 9000), ...reads('b', 9500, 20_000)], 0],
    [
      'back again after a while',
      [...reads('a', 0, 9000), ...reads('b', 9500, 15_000), ...reads('a', 15_500, 20_000)],
      0,
    ],
    ['two at once', [...reads('a', 0, 9000), ...reads('b', 6000, 20_000)], 3000],
    [
      'one act in the middle of another’s',
      [...reads('a', 0, 9000), { ...toggle(4500, 'b'), device: 'meter1' }],
      0,
    ],
    ['at two devices', [...reads('a', 0, 9000), ...reads('b', 0, 9000, 'meter2')], 0],
  ];
  for (const [what, acts, ms] of OVERLAPS) {
    it(`sees two at a device for ${ms} ms: ${what}`, () => {
      acts.sort((one, other) => one.at - other.at);
      assert.equal(longestOverlap(whole, acts).ms, ms);
    });
  }

  it('sees the longest time without an owner, of any part', () => {
    const own = (at: number, ups: string): Note => ({ at, by: 'a', what: 'own', ups });
    const notes = [0, 250, 500, 4500, 4750, 5000].map((at) => own(at, 'ups1'));
    const others = [0, 1000, 2000, 3000, 4000, 5000].map((at) => own(at, 'ups2'));
    assert.equal(longestGap({ from: 0, to: 5000 }, [...notes, ...others]), 4000);
    assert.equal(longestGap({ from: 0, to: 5000 }, notes), 5000, 'a part that nobody owned at all');
  });

  it('sees the last act of a victim, and the first of who takes over', () => {
    const acts = [toggle(1000, 'a'), toggle(2500, 'a'), toggle(6000, 'b'), toggle(9000, 'a')];
    assert.equal(lastAct('a', { from: 2000, to: 8000 }, acts)?.at, 2500);
    assert.equal(takeOver('a', 2000, [UPSES[0]], acts).ms, 4000);
    assert.equal(takeOver('a', 2000, ['ups2'], acts).ms, Infinity);
  });

  it('holds each record of a log to once, and those that were not taken to once at the most', () => {
    const notes = ['x', 'y', 'y'].map((text): Note => ({ at: 1, by: 'a', what: 'log', text }));
    const logs = [
      { at: 1, text: 'x', status: 200 },
      { at: 1, text: 'y', status: 200 },
      { at: 1, text: 'z', status: 200 },
      { at: 1, text: 'w', status: 503 },
    ];
    assert.deepEqual(
      logsIn(whole, logs, notes).map((one) => isLogRight(one)),
      [true, false, false, true],
    );
  });

  it('sees two clients at the broker, but for the time in which one of them stood still', () => {
    const held = [
      { by: 'a', from: 0, to: 9000 },
      { by: 'b', from: 6000, to: 20_000 },
      { by: 'b', from: 21_000, to: Infinity },
    ];
    assert.equal(clientsAtOnce(whole, held), 3000);
    assert.equal(clientsAtOnce({ from: 0, to: 7000 }, held), 1000);
    assert.equal(clientsAtOnce(whole, held, { by: 'a', from: 2000, to: 8500 }), 500, 'after it went on');
    assert.equal(clientsAtOnce(whole, held, { by: 'a', from: 6500, to: 30_000 }), 500, 'before it stood');
    assert.equal(clientsAtOnce(whole, held, { by: 'c', from: 0, to: 30_000 }), 3000, 'a third one');
    assert.equal(clientsAtOnce(whole, held.slice(1)), 0, 'one after the other, or alone');
  });
});
