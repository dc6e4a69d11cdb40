import assert from 'node:assert/strict';

import { parseIsoText, readTime, readTimeIso } from '../../../lib/core/time';

const NOON = '2025-09-05T12:00:00.000Z';
const NOON_MS = Date.parse(NOON);
const seconds = NOON_MS / 1000;

/** What is told, and the moment that it is. */
const READ: [unknown, string][] = [
  ['2025-09-05T12:00:00Z', NOON],
  ['2025-09-05t12:00:00z', NOON],
  ['2025-09-05 12:00:00', NOON],
  ['2025-09-05 12:00:00Z', NOON],
  ['2025-09-05 12:00:00 Z', NOON],
  ['2025-09-05  12:00:00', NOON],
  ['2025-09-05T12:00:00.000000000001Z', NOON],
  [`${seconds}.0000000001`, NOON],
  ['2025-09-05T12:00:00', NOON],
  ['2025-09-05T12:00', NOON],
  [' 2025-09-05T12:00:00Z\r\n', NOON],
  ['2025-09-05', '2025-09-05T00:00:00.000Z'],
  ['2025-09-05T14:00:00+02:00', NOON],
  ['2025-09-05T14:00:00+0200', NOON],
  ['2025-09-05T14:00:00+02', NOON],
  ['2025-09-05 14:00:00 +02:00', NOON],
  ['2025-09-05 12:00:00 +0000 UTC', NOON],
  ['2025-09-05 14:00:00 +0200 CEST', NOON],
  ['2025-09-05T12:00:00 UTC', NOON],
  ['2025-09-05T12:00:00 GMT', NOON],
  ['2025-09-05T12:00:00-00:00', NOON],
  ['2025-09-05T02:30:00-09:30', NOON],
  ['2025-09-05T17:45:00+05:45', NOON],
  ['2025-09-06T02:00:00+14:00', NOON],
  ['2025-09-05T12:00:00.1Z', '2025-09-05T12:00:00.100Z'],
  ['2025-09-05T12:00:00,123Z', '2025-09-05T12:00:00.123Z'],
  ['2025-09-05T12:00:00.123456789Z', '2025-09-05T12:00:00.123Z'],
  ['2025-09-05T12:00:00.9999999Z', '2025-09-05T12:00:00.999Z'],
  ['2025-09-05T12:00:00.123456789+02:00', '2025-09-05T10:00:00.123Z'],
  ['2025-09-05T24:00:00Z', '2025-09-06T00:00:00.000Z'],
  ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z'],
  ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
  ['2001-01-01T00:00:00Z', '2001-01-01T00:00:00.000Z'],
  [seconds, NOON],
  [NOON_MS, NOON],
  [NOON_MS * 1000, NOON],
  [NOON_MS * 1e6, NOON],
  [seconds + 0.5, '2025-09-05T12:00:00.500Z'],
  [String(seconds), NOON],
  [`${seconds}.250`, '2025-09-05T12:00:00.250Z'],
  [`${seconds}.123456789`, '2025-09-05T12:00:00.123Z'],
  [String(NOON_MS), NOON],
  [`${NOON_MS}000`, NOON],
  [`${NOON_MS}000000`, NOON],
  [` ${seconds} `, NOON],
  [BigInt(NOON_MS) * 1_000_000n, NOON],
  [BigInt(seconds), NOON],
];

/** What is no time, or cannot be the time of a reading. */
const REFUSED: unknown[] = [
  ...[null, undefined, true, false, {}, [], [NOON], { time: NOON }, Symbol('x'), () => NOON],
  ...[NaN, Infinity, -Infinity, 0, -0, -1, -seconds, 1, 86_400, 1e300, Number.MAX_SAFE_INTEGER * 1000],
  ...[0n, -1n, 10n ** 40n, BigInt(-seconds)],
  // 1970, the year before any device, and the year 57,648.
  ...['1970-01-01T00:00:00Z', '2000-12-31T23:59:59Z', '+057648-01-01T00:00:00Z', '57648-01-01', 5e18, '0'],
  ...['', ' ', 'now', 'nan', 'null', 'Z', 'T', '-', ':', '2025', '20250905', '20250905T120000Z'],
  ...['2025-09', '2025-9-5', '2025-09-05T', '2025-09-05T12', '2025-09-05T12:0', '12:00:00'],
  ...['2025-02-29', '2025-02-30T00:00:00Z', '2025-13-01', '2025-00-10', '2025-09-31', '2025-09-00'],
  ...['2025-09-05T24:00:01Z', '2025-09-05T25:00:00Z', '2025-09-05T12:60:00Z', '2025-09-05T12:00:61Z'],
  ...[
    '2025-09-05T12:00:00+25:00',
    '2025-09-05T12:00:00+02:60',
    '2025-09-05T12:00:00+2',
    '2025-09-05T12:00:00+',
  ],
  ...['2025-09-05T12:00:00 CEST', '2025-09-05T12:00:00 Europe/Berlin', '2025-09-05T12:00:00ZZ'],
  ...['2025-09-05T12:00:00 +0200 UTC', '2025-09-05T12:00:00Z+02:00', '2025-09-05_12:00:00'],
  ...[
    '2025-09-05T12:00:00.Z',
    '2025-09-05T12:00:00.1234567890123456Z',
    '2025-09-05T-1:00:00Z',
    '05.09.2025 12:00',
  ],
  ...['9/5/2025', 'Fri, 05 Sep 2025 12:00:00 GMT', 'Fri Sep 05 2025', '+2025-09-05T12:00:00Z', '-2025-09-05'],
  ...['0x68babd80', '1.757e9', `-${seconds}`, `+${seconds}`, `${seconds}.`, `${seconds} s`, '1'.repeat(21)],
  ...['１７５７０７３６００', '٢٠٢٥-٠٩-٠٥', `2025-09-05T12:00:00${' '.repeat(60)}Z`, '2'.repeat(1_000_000)],
  ...[' '.repeat(1_000_000), `${' '.repeat(100_000)}x`, '2025-09-05T12:00:00.'.repeat(100_000)],
];

describe('the time of a reading', () => {
  for (const [told, moment] of READ) {
    it(`reads ${typeof told} ${JSON.stringify(String(told))}`, () => {
      assert.equal(readTimeIso(told), moment);
      assert.equal(readTime(told), Date.parse(moment));
    });
  }

  for (const told of REFUSED) {
    it(`takes no ${typeof told} ${JSON.stringify(String(told).slice(0, 40))} for one`, () => {
      assert.equal(readTime(told), null);
      assert.equal(readTimeIso(told), null);
    });
  }

  it('does not change with the zone of the machine', () => {
    const before = process.env.TZ;
    try {
      for (const zone of ['Europe/Berlin', 'America/St_Johns', 'Pacific/Kiritimati']) {
        process.env.TZ = zone;
        for (const [told, moment] of READ) assert.equal(readTimeIso(told), moment, `${zone} ${String(told)}`);
      }
    } finally {
      if (before === undefined) delete process.env.TZ;
      else process.env.TZ = before;
    }
  });

  it('reads older moments as text, where a flow gives them', () => {
    assert.equal(parseIsoText('1970-01-01T00:00:00Z'), 0);
    assert.equal(parseIsoText('1969-12-31T23:00:00-01:00'), 0);
    assert.equal(parseIsoText('0000-01-01'), null);
    assert.equal(parseIsoText('0099-01-01'), null);
  });
});
