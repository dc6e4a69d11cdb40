import assert from 'node:assert/strict';

import { drawAttack } from '../../fuzz/attacks';
import { drawMessage, fuzzFlow } from '../../fuzz/flow';
import { changedJson } from '../../fuzz/values';
import { newSeed, Seeded } from '../../support/seeded';

const VALID = JSON.stringify({ timestamp: 1757053304, values: [{ obis: '1.7.0', value: 228 }] });

describe('what the fuzz draws', () => {
  const seed = newSeed();

  it('is the same for the same seed', () => {
    const draw = (): string[] => {
      const random = new Seeded(seed);
      return Array.from({ length: 300 }, () => {
        const { name, status, body, pieces } = drawAttack(VALID, random);
        return `${name} ${status ?? ''} ${body?.length ?? ''} ${pieces?.most ?? ''}`;
      });
    };
    const drawn = draw();
    assert.deepEqual(draw(), drawn, `seed ${seed}`);
    assert.ok(new Set(drawn.map((line) => line.split(' ')[0])).size > 15, `seed ${seed}`);
  });

  it('is mostly JSON, since what is none is refused at the door', () => {
    const random = new Seeded(seed);
    const texts = Array.from({ length: 500 }, () => changedJson(VALID, random));
    const readable = texts.filter((text) => {
      try {
        JSON.parse(text);
        return true;
      } catch {
        return false;
      }
    });
    assert.ok(readable.length > 400, `${readable.length}, seed ${seed}`);
    assert.ok(new Set(texts).size > 200, `seed ${seed}`);
    assert.ok(
      texts.some((text) => text.includes('"__proto__":{"polluted"')),
      `seed ${seed}`,
    );
  });

  it('reaches every node that takes messages, with messages that can be sent', () => {
    const { inputs, nodes, credentials } = fuzzFlow();
    assert.equal(new Set(inputs.map(({ system }) => system)).size, 5);
    assert.ok(nodes.every((node) => node.credentials === undefined));
    assert.ok(Object.keys(credentials).length > 4);
    const random = new Seeded(seed);
    for (const { type } of inputs)
      for (let i = 0; i < 50; i++) assert.equal(typeof drawMessage(type, random), 'string');
  });
});
