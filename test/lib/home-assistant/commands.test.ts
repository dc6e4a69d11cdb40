import assert from 'node:assert/strict';

import { CommandGate, commandValue } from '../../../lib/home-assistant/commands';
import type { Entity } from '../../../lib/home-assistant/entity';
import { FakeClock } from '../../support/fake-clock';

const entity = (platform: Entity['platform']): Entity => ({
  ...{ key: 'x', platform, name: null },
  ...(platform === 'number' ? { range: { min: 0, max: 100, step: 0.1 } } : {}),
});

describe('a command of Home Assistant', () => {
  it('is read when it is exactly one', () => {
    assert.deepEqual(commandValue(entity('switch'), 'ON'), { value: true });
    assert.deepEqual(commandValue(entity('switch'), 'OFF'), { value: false });
    assert.deepEqual(commandValue(entity('button'), 'PRESS'), { value: null });
    assert.deepEqual(commandValue(entity('number'), '42.5'), { value: 42.5 });
    assert.deepEqual(commandValue(entity('number'), '0'), { value: 0 });
  });

  const wrong: [Entity['platform'], string[]][] = [
    ['switch', ['on', 'On', ' ON', 'ON ', 'TRUE', '1', '', 'ONOFF', 'PRESS', '{"state":"ON"}']],
    ['button', ['press', '', 'ON', 'PRESS ', 'x'.repeat(1000)]],
    [
      'number',
      ['', ' 1', '1 ', '1e2', '0x10', 'NaN', 'Infinity', '-1', '100.01', '1,5', '--1', '.5', 'None'],
    ],
    ['sensor', ['1', 'ON']],
    ['event', ['{}']],
  ];
  for (const [platform, payloads] of wrong) {
    for (const payload of payloads) {
      it(`is none for a ${platform}: ${JSON.stringify(payload.slice(0, 20))}`, () =>
        assert.equal(commandValue(entity(platform), payload), undefined));
    }
  }
});

describe('commands that come together', () => {
  const gate = () => {
    const clock = new FakeClock();
    const own = new CommandGate(clock);
    const given: string[] = [];
    const pass = (topic: string, payload: string): void =>
      own.pass(topic, payload, () => given.push(`${topic} ${payload}`));
    return { clock, own, given, pass };
  };

  it('are one within a second', async () => {
    const { clock, given, pass } = gate();
    pass('a', 'ON');
    pass('a', 'ON');
    pass('b', 'ON');
    assert.deepEqual(given, ['a ON', 'b ON']);
    await clock.advance(1001);
    pass('a', 'ON');
    assert.deepEqual(given, ['a ON', 'b ON', 'a ON']);
  });

  it('leave the newest waiting for its second', async () => {
    const { clock, given, pass } = gate();
    pass('a', '1');
    pass('a', '2');
    pass('a', '3');
    assert.deepEqual(given, ['a 1']);
    await clock.advance(1000);
    assert.deepEqual(given, ['a 1', 'a 3']);
    await clock.advance(5000);
    assert.deepEqual(given, ['a 1', 'a 3']);
  });

  it('that come back to the first leave nothing to do', async () => {
    const { clock, given, pass } = gate();
    pass('a', 'ON');
    pass('a', 'OFF');
    pass('a', 'ON');
    await clock.advance(2000);
    assert.deepEqual(given, ['a ON']);
  });

  it('are forgotten at the end', async () => {
    const { clock, own, given, pass } = gate();
    pass('a', 'ON');
    pass('a', 'OFF');
    own.close();
    await clock.advance(5000);
    assert.deepEqual(given, ['a ON']);
  });
});
