import assert from 'node:assert/strict';

import { Exposition } from '../../../lib/metrics/exposition';
import { lineOf, pointsOf, rowsOf } from '../../../lib/metrics/points';
import { readMessage } from '../../../lib/metrics/read';
import { FakeClock } from '../../support/fake-clock';
import { parseExposition } from '../../support/prometheus-text';
import { newSeed, Seeded } from '../../support/seeded';

/** Texts that somebody may give a device, a signal or an attribute. */
const TEXTS = [
  '"',
  '\\',
  '\n',
  '"} 1\nenergy_device_up{vendor="x',
  'a\\',
  'a,b=c d',
  '#',
  '__proto__',
  'constructor',
  '\u0000\u0007\u001b[31m',
  '\u202eevil',
  '\ud800',
  '😀'.repeat(300),
  'x'.repeat(10_240),
  'ü漢',
  '{}',
  ' ',
];
const NUMBERS = [
  Number.NaN,
  Infinity,
  -Infinity,
  '1e999',
  'NaN',
  '0x10',
  null,
  undefined,
  {},
  [],
  1e300,
  -0,
  5e-324,
  '12.5',
  7,
];
const VENDORS = ['powerfox', 'powersentrix', 'automate-green', 'powerflex', 'enapter', 'energy-devices'];

function anyMessage(random: Seeded): { device: object; payload: unknown } {
  const text = (): string => random.pick(TEXTS) + (random.chance(0.3) ? random.pick(TEXTS) : '');
  const number = (): unknown => random.pick(NUMBERS);
  const own = (): Record<string, unknown> =>
    JSON.parse(`{${JSON.stringify(text())}:{"value":${random.below(100)}},"soc":{"value":1}}`) as Record<
      string,
      unknown
    >;
  const payloads: (() => unknown)[] = [
    () => ({ power: number(), energyImport: number(), timestamp: text() }),
    () => ({ name: text(), maxLoad: number(), maxLoadUnit: random.pick(['A', 'kW', text()]), enabled: true }),
    () => ({
      outputs: Array.from({ length: 200 }, (_, port) => ({ port, power: number(), on: number() })),
      supplies: [{ cellVoltages: Array(500).fill(number()) }],
    }),
    () => ({ outputs: text(), supplies: number(), temperatures: text(), powerSource: text() }),
    () => [
      { evseAddress: text(), spaceNumber: text(), energyDelivered: number(), power: number() },
      text(),
      null,
    ],
    () => ({ type: text(), averagePower: number(), on: number() }),
    () => ({ windowStart: text(), last: text(), monthPeak: number(), average: number() }),
    () => ({ period: text(), start: number(), import: number() }),
    () => ({ day: { import: number() }, year: { import: number() } }),
    () => ({ available: random.chance(0.5), since: text() }),
    own,
  ];
  return {
    device: { vendor: random.pick(VENDORS), id: text(), name: random.chance(0.8) ? text() : number() },
    payload: random.pick(payloads)(),
  };
}

describe('metrics of hostile messages', () => {
  it('are valid and bounded, and nothing of a name reaches the structure', () => {
    const seed = newSeed();
    const random = new Seeded(seed);
    const clock = new FakeClock();
    const exposition = new Exposition(60_000, () => undefined, clock);
    let refused = 0;
    for (let i = 0; i < 3000; i++) {
      const message = anyMessage(random);
      try {
        for (const reading of readMessage(message)) {
          exposition.take(reading);
          for (const point of pointsOf(reading, clock.now())) {
            const line = lineOf(point);
            assert.ok(line.length < 20_000 && !/[\n\r]/.test(line), `seed ${seed}: ${line}`);
            assert.ok(
              Object.values(point.tags).every((tag) => tag !== '' && !tag.endsWith('\\')),
              `seed ${seed}`,
            );
            assert.ok(Object.values(point.fields).every(Number.isFinite), `seed ${seed}`);
          }
          assert.ok(
            rowsOf(reading, clock.now()).every(({ value }) => Number.isFinite(value)),
            `seed ${seed}`,
          );
        }
      } catch (error) {
        if ((error as { code?: string }).code !== 'INVALID_INPUT') throw error;
        refused++;
      }
    }
    const text = exposition.lines().join('');
    const { samples } = parseExposition(text);
    const longest = Math.max(
      ...samples.flatMap(({ labels }) => Object.values(labels).map(({ length }) => length)),
    );
    assert.ok(longest <= 128 && samples.length <= 10_001, `seed ${seed}: ${longest}, ${samples.length}`);
    assert.ok(
      samples.length > 500 && refused > 100,
      `seed ${seed}: ${samples.length} samples, ${refused} refused`,
    );
    assert.equal(Reflect.get({}, 'value'), undefined);
  });

  it('keep devices apart whose long or odd ids begin alike', () => {
    const exposition = new Exposition(60_000, () => undefined, new FakeClock());
    const ids = ['x'.repeat(10_240), `${'x'.repeat(10_240)}y`, 'a\nb', 'a b', '__proto__', 'a\u0000b'];
    for (const id of ids) {
      const message = { device: { vendor: 'powerfox', id }, payload: { power: 1 } };
      for (const reading of readMessage(message)) exposition.take(reading);
    }
    const { samples } = parseExposition(exposition.lines().join(''));
    const told = samples.filter(({ name }) => name === 'energy_device_power_watts');
    assert.equal(new Set(told.map(({ labels }) => labels.device)).size, ids.length);
  });
});
