import assert from 'node:assert/strict';

import {
  begunWith,
  type HeardCommand,
  HeardCommands,
  readBegun,
} from '../../../lib/home-assistant/heard-commands';

const KEPT = 5500;
const command = (topic: string, payload: string, at: number): HeardCommand => ({ topic, payload, at });

describe('commands that are heard while another instance owns the devices', () => {
  const left = (heard: HeardCommand[], begun: HeardCommand[], now: number): string[] => {
    const commands = new HeardCommands(() => KEPT);
    for (const one of heard) commands.add(one);
    return commands.left(begun, now).map(({ topic, payload }) => `${topic} ${payload}`);
  };

  for (const [what, heard, begun, now, expected] of [
    ['that nobody has begun are left', [command('a', 'ON', 1000)], [], 5000, ['a ON']],
    [
      'that are longer than any command are not',
      [command('a', 'ON'.repeat(51), 1000), command('a'.repeat(1001), 'ON', 1000)],
      [],
      5000,
      [],
    ],
    ['of a clock that has been put back since are not', [command('a', 'ON', 3_600_000)], [], 1000, []],
    ['that are too old are not', [command('a', 'ON', 1000)], [], 1000 + KEPT, []],
    [
      'that were begun are not, though the two clocks differ a little',
      [command('a', 'ON', 1000), command('b', 'ON', 2000)],
      [command('a', 'ON', 2400), command('b', 'ON', 600)],
      5000,
      [],
    ],
    [
      'that only look like one that was begun earlier are left',
      [command('a', 'ON', 4000)],
      [command('a', 'ON', 1000)],
      5000,
      ['a ON'],
    ],
    [
      'of another topic or with other words are left',
      [command('a', 'ON', 1000), command('b', 'OFF', 1000)],
      [command('b', 'ON', 1000), command('c', 'ON', 1000)],
      2000,
      ['a ON', 'b OFF'],
    ],
    [
      'in whose place a newer one came are not',
      [command('a', 'ON', 1000), command('a', 'OFF', 1300)],
      [],
      2000,
      ['a OFF'],
    ],
    [
      'in whose place one came that only the owner heard are not',
      [command('a', 'ON', 1000)],
      [command('a', 'OFF', 3000)],
      4000,
      [],
    ],
  ] as const) {
    it(what, () => assert.deepEqual(left([...heard], [...begun], now), expected));
  }

  it('are as many as one remembers at the most, the newest', () => {
    const heard = Array.from({ length: 150 }, (_, i) => command(`t${i}`, 'ON', 1000 + i));
    assert.deepEqual(left(heard, [], 2000).length, 100);
    assert.equal(left(heard, [], 2000).at(-1), 't149 ON');
  });
});

describe('commands that an owner has begun', () => {
  it('are kept with those of the last minute, and read whatever stands there', () => {
    const first = begunWith(undefined, command('a', 'ON', 0));
    const second = begunWith(first, command('b', 'ON', 30_000));
    assert.deepEqual(second, [command('a', 'ON', 0), command('b', 'ON', 30_000)]);
    assert.deepEqual(begunWith(second, command('c', 'ON', 70_000)), [
      command('b', 'ON', 30_000),
      command('c', 'ON', 70_000),
    ]);
    for (const odd of [null, 1, 'x', {}, [null, 1, { topic: 1 }, { topic: 'a', payload: 'x' }]])
      assert.deepEqual(readBegun(odd), []);
  });
});
