import assert from 'node:assert/strict';
import { once } from 'node:events';

import { PacketFilter } from '../../../lib/enapter/mqtt/packet-filter';
import { noise } from '../../../simulators/support/random';
import { newSeed } from '../../support/seeded';

const LONGEST = 300;
const PUBLISH = 0x30;
const PINGRESP = 0xd0;
const SUBACK = 0x90;

/** A packet of MQTT: its first byte, its length, and as many bytes. */
function packet(first: number, length: number, fill = 7): Buffer {
  const head = [first];
  let rest = length;
  do {
    const digit = rest % 128;
    rest = Math.floor(rest / 128);
    head.push(rest > 0 ? digit | 0x80 : digit);
  } while (rest > 0);
  return Buffer.concat([Buffer.from(head), Buffer.alloc(length, fill)]);
}

interface Outcome {
  passed: Buffer;
  skipped: number;
  broken: boolean;
}

async function run(chunks: readonly Buffer[]): Promise<Outcome> {
  const outcome: Outcome = { passed: Buffer.alloc(0), skipped: 0, broken: false };
  const passed: Buffer[] = [];
  const filter = new PacketFilter({
    longest: LONGEST,
    onSkipped: () => outcome.skipped++,
    onBroken: () => (outcome.broken = true),
  });
  filter.on('data', (chunk: Buffer) => passed.push(chunk));
  for (const chunk of chunks) if (!outcome.broken) filter.write(chunk);
  filter.end();
  await once(filter, 'end');
  return { ...outcome, passed: Buffer.concat(passed) };
}

describe('enapter: packets that the MQTT client must not see', () => {
  it('passes on what is short enough, byte for byte', async () => {
    const all = Buffer.concat([
      packet(PUBLISH, 5),
      packet(PINGRESP, 0),
      packet(PUBLISH, LONGEST),
      packet(SUBACK, 3),
    ]);
    const { passed, skipped } = await run([all]);
    assert.deepEqual(passed, all);
    assert.equal(skipped, 0);
  });

  it('leaves out a publication that is longer, and nothing else', async () => {
    const { passed, skipped } = await run([
      Buffer.concat([
        packet(SUBACK, 3),
        packet(PUBLISH, LONGEST + 1),
        packet(PUBLISH | 1, 70_000),
        packet(PINGRESP, 0),
      ]),
    ]);
    assert.deepEqual(passed, Buffer.concat([packet(SUBACK, 3), packet(PINGRESP, 0)]));
    assert.equal(skipped, 2);
  });

  it('leaves out what the client would keep until the broker says that it is delivered', async () => {
    const [atLeastOnce, exactlyOnce, again] = [PUBLISH | 2, PUBLISH | 4, PUBLISH | 0xc];
    const { passed, skipped } = await run([
      Buffer.concat([packet(exactlyOnce, 5), packet(atLeastOnce, 6), packet(again, 0), packet(PUBLISH, 7)]),
    ]);
    assert.deepEqual(passed, Buffer.concat([packet(atLeastOnce, 6), packet(PUBLISH, 7)]));
    assert.equal(skipped, 2);
  });

  it('says of any other packet that the connection is of no use', async () => {
    assert.equal((await run([packet(SUBACK, LONGEST + 1)])).broken, true);
  });

  it('does so however the bytes are cut', async () => {
    const seed = newSeed();
    console.log(`        seed ${seed} (SEED repeats it)`);
    let index = 0;
    const random = (below: number): number => Math.floor(noise(seed, index++) * below);
    for (let round = 0; round < 300; round++) {
      const kept: Buffer[] = [];
      const all: Buffer[] = [];
      let skipped = 0;
      for (let n = 0; n < 10; n++) {
        const length = [0, random(5), random(200), LONGEST, LONGEST + 1, random(40_000)][random(6)] ?? 0;
        const one = packet(length > LONGEST || random(2) ? PUBLISH : PINGRESP, length, n);
        all.push(one);
        if (length <= LONGEST) kept.push(one);
        else skipped++;
      }
      const stream = Buffer.concat(all);
      const chunks: Buffer[] = [];
      for (let at = 0; at < stream.length;) {
        const length = 1 + random([1, 3, 500, 20_000][random(4)] ?? 1);
        chunks.push(stream.subarray(at, at + length));
        at += length;
      }
      const outcome = await run(chunks);
      assert.deepEqual(outcome.passed, Buffer.concat(kept), `round ${round}`);
      assert.equal(outcome.skipped, skipped);
    }
  });
});
