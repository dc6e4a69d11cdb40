import assert from 'node:assert/strict';

import {
  encode,
  encodeValues,
  type Notice,
  prepareLog,
  prepareValues,
  unixSeconds,
} from '../../../lib/enapter/mqtt/payloads';
import { Usage } from '../../../lib/enapter/mqtt/usage';
import { manifestYaml } from '../../../lib/enapter/mqtt/manifest';

const NOW = Date.UTC(2025, 0, 1) + 789;
const SECONDS = 1_735_689_600;

/** What goes out, and what was noticed. */
function published(
  kind: 'telemetry' | 'properties',
  payload: unknown,
): { body: Record<string, unknown>; notices: Notice[] } {
  const prepared = prepareValues(kind, payload, NOW);
  const body = JSON.parse(encodeValues(prepared)) as Record<string, unknown>;
  return { body, notices: prepared.notices };
}

describe('enapter: payloads', () => {
  it('writes whole seconds, and keeps a time that was given', () => {
    for (const [given, seconds] of [
      [undefined, SECONDS],
      [null, SECONDS],
      [1_700_000_000, 1_700_000_000],
      [1_700_000_000.9, 1_700_000_000],
      [1_700_000_000_900, 1_700_000_000],
      ['2025-01-01T00:00:01.500Z', SECONDS + 1],
      [new Date(NOW), SECONDS],
      [1_700_000_000_900_000, 1_700_000_000],
      ['1700000000', 1_700_000_000],
      [1_700_000_000_900_000_000n, 1_700_000_000],
      ['2025-01-01 00:00:01', SECONDS + 1],
    ] as const) {
      assert.equal(unixSeconds(given, NOW), seconds);
    }
    for (const wrong of [
      ...[1e19, -1e16, 'soon', NaN, true, {}, 0, 5, -1, 5e10, Infinity, '', [], new Date(0), new Date(NaN)],
      '1970-01-01',
    ]) {
      assert.throws(() => unixSeconds(wrong, NOW), { reason: 'enapterTimestamp' });
    }
  });

  it('keeps alerts apart: none, unknown, not said', () => {
    const alerts = (payload: Record<string, unknown>): unknown =>
      published('telemetry', { a: 1, ...payload }).body;
    assert.deepEqual(alerts({ alerts: [] }), { timestamp: SECONDS, alerts: [], a: 1 });
    assert.deepEqual(alerts({ alerts: null }), { timestamp: SECONDS, alerts: null, a: 1 });
    assert.deepEqual(alerts({}), { timestamp: SECONDS, a: 1 });
    assert.deepEqual(alerts({ alerts: ['x', 'y', 'x'] }), { timestamp: SECONDS, alerts: ['x', 'y'], a: 1 });
    for (const wrong of ['x', [7], ['not a name'], {}]) {
      assert.throws(() => alerts({ alerts: wrong }), { reason: 'enapterAlerts' });
    }
  });

  it('sends flat values as they are, and null for no value', () => {
    const { body, notices } = published('telemetry', {
      ...{ power: 0, on: false, text: '', list: ['a'], none: null, left: undefined },
    });
    assert.deepEqual(body, { timestamp: SECONDS, power: 0, on: false, text: '', list: ['a'], none: null });
    assert.deepEqual(notices, []);
  });

  for (const [what, payload] of [
    ['a million keys', () => Object.fromEntries(Array.from({ length: 1_000_000 }, (_, n) => [`k${n}`, 1]))],
    ['keys that cannot be sent', () => Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [n, 1]))],
    ['a text of 100 MB', () => ({ text: 'x'.repeat(100_000_000) })],
    ['a list of a million texts', () => ({ list: new Array(1_000_000).fill('x') })],
    [
      'many texts',
      () => Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`k${n}`, 'x'.repeat(30_000)])),
    ],
  ] as const) {
    it(`does not write ${what}`, () => {
      assert.throws(() => prepareValues('telemetry', payload(), NOW), { reason: 'enapterTooLarge' });
    });
  }

  it('does not look at each byte of a buffer', () => {
    for (const buffer of [Buffer.alloc(1_000_000), new Float64Array(1_000_000)]) {
      assert.throws(() => prepareValues('telemetry', buffer, NOW), { reason: 'enapterNoValues' });
    }
  });

  it('sends no list whose gaps or own form would be something else', () => {
    const gaps = ['x'];
    gaps.length = 2;
    const { body } = published('telemetry', { a: 1, gaps, own: Object.assign(['x'], { toJSON: () => 5 }) });
    assert.deepEqual(body, { timestamp: SECONDS, a: 1 });
  });

  it('leaves out what cannot be declared, and notices it', () => {
    const payload = JSON.parse(
      '{"a":1,"registers":{"1.8.0":5},"1.8.0":5,"__proto__":{"x":1},"alert_details":{},"mixed":[1,"a"]}',
    ) as Record<string, unknown>;
    const { body, notices } = published('telemetry', { ...payload, ['__proto__x']: 1, bad: NaN });
    assert.deepEqual(Object.keys(body), ['timestamp', 'a']);
    assert.deepEqual(notices.map(({ reason, key }) => `${reason} ${key}`).sort(), [
      'enapterKeyName 1.8.0',
      'enapterKeyName __proto__',
      'enapterKeyName __proto__x',
      'enapterKeyReserved alert_details',
      'enapterValueType bad',
      'enapterValueType mixed',
      'enapterValueType registers',
    ]);
  });

  it('has no alerts in properties', () => {
    const { body, notices } = published('properties', { model: 'x', alerts: ['y'], timestamp: SECONDS + 5 });
    assert.deepEqual(body, { timestamp: SECONDS + 5, model: 'x' });
    assert.deepEqual(notices, [{ reason: 'enapterKeyReserved', key: 'alerts' }]);
  });

  it('puts the time first, whether all of the payload goes out or a part', () => {
    const text = (payload: unknown): string => encodeValues(prepareValues('telemetry', payload, NOW));
    assert.equal(text({ a: 'ü"\\' }), `{"timestamp":${SECONDS},"a":"ü\\"\\\\"}`);
    assert.equal(text({ a: 1, timestamp: SECONDS + 5 }), '{"timestamp":1735689605,"a":1}');
    assert.equal(text({ a: 1, 'b c': 1, alerts: null }), `{"timestamp":${SECONDS},"alerts":null,"a":1}`);
  });

  it('sends the values of an object, not what it would rather be as JSON', () => {
    class Reading {
      power = 5;
      toJSON(): unknown {
        return { power: 0, nested: {} };
      }
    }
    assert.deepEqual(published('telemetry', new Reading()).body, { timestamp: SECONDS, power: 5 });
  });

  it('leaves the payload as it was', () => {
    const payload = Object.freeze({ a: 1, timestamp: SECONDS + 5, alerts: ['x'], 'b c': 1 });
    assert.deepEqual(published('telemetry', payload).body, { timestamp: SECONDS + 5, alerts: ['x'], a: 1 });
  });

  it('refuses a payload with nothing to send', () => {
    for (const wrong of [undefined, null, 7, 'x', [1]]) {
      assert.throws(() => prepareValues('telemetry', wrong, NOW), { reason: 'enapterPayload' });
    }
    for (const empty of [{}, { timestamp: SECONDS + 5 }, { nested: {} }]) {
      assert.throws(() => prepareValues('telemetry', empty, NOW), { reason: 'enapterNoValues' });
    }
    assert.deepEqual(published('telemetry', { alerts: [] }).body, {
      timestamp: SECONDS,
      alerts: [],
    });
  });

  it('makes log lines', () => {
    assert.deepEqual(prepareLog('hello', NOW), {
      timestamp: SECONDS,
      message: 'hello',
      severity: 'info',
      persist: false,
    });
    assert.deepEqual(
      prepareLog({ message: 'x', severity: 'error', persist: true, timestamp: SECONDS + 9 }, NOW),
      {
        timestamp: SECONDS + 9,
        message: 'x',
        severity: 'error',
        persist: true,
      },
    );
    assert.throws(() => prepareLog('', NOW), { reason: 'enapterLogMessage' });
    assert.throws(() => prepareLog({ message: 7 }, NOW), { reason: 'enapterLogMessage' });
    assert.throws(() => prepareLog({ message: 'x', severity: 'fatal' }, NOW), { reason: 'enapterSeverity' });
    assert.throws(() => prepareLog({ message: 'x', persist: 'yes' }, NOW), { reason: 'enapterPersist' });
  });

  it('refuses what is no JSON or too long', () => {
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    assert.throws(() => encode(loop), { reason: 'enapterNoJson' });
    const long = { a: 'x'.repeat(300_000) };
    assert.throws(() => encode(long), { reason: 'enapterTooLarge' });
    assert.throws(() => published('telemetry', long), { reason: 'enapterTooLarge' });
  });
});

describe('enapter: usage and manifest', () => {
  it('tells each notice once', () => {
    const usage = new Usage();
    const send = (payload: unknown): string[] =>
      usage
        .record('telemetry', prepareValues('telemetry', payload, NOW))
        .map(({ reason, key }) => `${reason} ${key}`);
    assert.deepEqual(send({ a: 1, 'b c': 1 }), ['enapterKeyName b c']);
    assert.deepEqual(send({ a: 1, 'b c': 1 }), []);
    assert.deepEqual(send({ a: null }), []);
    assert.deepEqual(send({ a: 'text' }), ['enapterTypeChanged a']);
    assert.deepEqual(send({ a: 'text' }), []);
  });

  it('writes a manifest of what was used', () => {
    const usage = new Usage();
    const record = (kind: 'telemetry' | 'properties', payload: unknown): unknown =>
      usage.record(kind, prepareValues(kind, payload, NOW));
    record('telemetry', {
      status: 'on',
      gridPower: 228,
      unknown: null,
      is_on: true,
      names: ['a'],
      alerts: ['over_load'],
    });
    record('telemetry', { status: 'off "now"', gridPower: 1.5 });
    record('properties', { model: 'UPS: "x"' });
    usage.recordCommand({ id: '1', name: 'set_port', arguments: { port: 3, deep: {}, maybe: null } });
    usage.recordCommand({ id: '2', name: 'not a name', arguments: {} });
    assert.equal(
      manifestYaml(usage, 'My "UPS"', ['reboot']),
      `# Made from what the flow has sent and received since it was started.
# Add descriptions and the units that are missing, put this file into a zip as manifest.yml, and upload that as a blueprint.
blueprint_spec: device/3.0
display_name: "My \\"UPS\\""
runtime:
  type: embedded

properties:
  model:
    display_name: "Model"
    type: string

telemetry:
  gridPower:
    display_name: "Grid Power"
    type: float
  is_on:
    display_name: "Is On"
    type: boolean
  names:
    display_name: "Names"
    type: array_of_strings
  status:
    display_name: "Status"
    type: string
    enum:
      "off \\"now\\"":
        display_name: "Off \\"now\\""
      "on":
        display_name: "On"
  # unknown: only null so far, so its type is not known

alerts:
  over_load:
    display_name: "Over Load"
    severity: warning

command_groups:
  commands:
    display_name: "Commands"

commands:
  reboot:
    display_name: "Reboot"
    group: commands
  set_port:
    display_name: "Set Port"
    group: commands
    arguments:
      port:
        display_name: "Port"
        type: float
`,
    );
  });

  it('writes a manifest of nothing', () => {
    assert.match(manifestYaml(new Usage(), 'x', []), /type: embedded\n$/);
    const usage = new Usage();
    usage.record('telemetry', prepareValues('telemetry', { a: null }, NOW));
    assert.match(manifestYaml(usage, 'x', []), /\n# telemetry\n {2}# a: only null/);
  });
});
