import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

import { localToUtc, orderOfTimeText, parseZone, zoneOrUndefined } from '../../../lib/powersentrix/zone';
import { parseUptime } from '../../../lib/powersentrix/uptime';

const CET = 'CET-1CEST,M3.5.0,M10.5.0/3';

function utc(text: string, zone: string): string {
  const time = localToUtc(text, parseZone(zone));
  if (!time) return 'none';
  const { timestamp, ambiguous, skipped } = time;
  return `${timestamp.replace('.000Z', 'Z')}${ambiguous ? ' ambiguous' : ''}${skipped ? ' skipped' : ''}`;
}

describe('device time zones', () => {
  it('load luxon with the first zone that is named', () => {
    const module = join(__dirname, '../../../lib/powersentrix/zone.js');
    const script = `
      const { parseZone } = require(${JSON.stringify(module)});
      const loaded = () => Object.keys(require.cache).some((file) => file.includes('luxon'));
      parseZone('CET-1CEST,M3.5.0,M10.5.0/3');
      const before = loaded();
      parseZone('Europe/Bratislava');
      process.stdout.write(JSON.stringify([before, loaded()]));`;
    assert.equal(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' }), '[false,true]');
  });

  const cases: [zone: string, local: string, expected: string][] = [
    [CET, '2026-05-08 14:32:01', '2026-05-08T12:32:01Z'],
    [CET, '2026-05-08T14:32:01', '2026-05-08T12:32:01Z'],
    [CET, '2026-01-08 14:32:01', '2026-01-08T13:32:01Z'],
    // the hour that comes twice, 25 October 2026
    [CET, '2026-10-25 01:59:59', '2026-10-24T23:59:59Z'],
    [CET, '2026-10-25 02:00:00', '2026-10-25T00:00:00Z ambiguous'],
    [CET, '2026-10-25 02:59:59', '2026-10-25T00:59:59Z ambiguous'],
    [CET, '2026-10-25 03:00:00', '2026-10-25T02:00:00Z'],
    // the hour that does not exist, 29 March 2026
    [CET, '2026-03-29 01:59:59', '2026-03-29T00:59:59Z'],
    [CET, '2026-03-29 02:30:00', '2026-03-29T01:30:00Z skipped'],
    [CET, '2026-03-29 03:00:00', '2026-03-29T01:00:00Z'],
    // summer on the other half of the globe
    ['AEST-10AEDT,M10.1.0,M4.1.0/3', '2026-01-15 12:00:00', '2026-01-15T01:00:00Z'],
    ['AEST-10AEDT,M10.1.0,M4.1.0/3', '2026-07-15 12:00:00', '2026-07-15T02:00:00Z'],
    ['AEST-10AEDT,M10.1.0,M4.1.0/3', '2026-04-05 02:30:00', '2026-04-04T15:30:00Z ambiguous'],
    ['AEST-10AEDT,M10.1.0,M4.1.0/3', '2026-12-31 23:30:00', '2026-12-31T12:30:00Z'],
    ['<+0330>-3:30', '2026-05-08 14:32:01', '2026-05-08T11:02:01Z'],
    ['<-03>3', '2026-05-08 14:32:01', '2026-05-08T17:32:01Z'],
    ['NZST-12NZDT,M9.5.0,M4.1.0/3', '2026-01-01 00:30:00', '2025-12-31T11:30:00Z'],
    ['EST5EDT', '2026-07-01 12:00:00', '2026-07-01T16:00:00Z'],
    ['EST5EDT,M3.2.0,M11.1.0', '2026-11-01 01:30:00', '2026-11-01T05:30:00Z ambiguous'],
    // Julian days: J60 is 1 March in every year, 59 (from zero) is 29 February in a leap year
    ['AAA0BBB,J60/0,J300/0', '2024-03-01 12:00:00', '2024-03-01T11:00:00Z'],
    ['AAA0BBB,J60/0,J300/0', '2024-02-29 12:00:00', '2024-02-29T12:00:00Z'],
    ['AAA0BBB,59/0,300/0', '2024-02-29 12:00:00', '2024-02-29T11:00:00Z'],
    // Greenland changes on the evening before, Lord Howe by half an hour
    ['<-02>2<-01>,M3.5.0/-1,M10.5.0/0', '2026-03-28 22:30:00', '2026-03-29T00:30:00Z'],
    ['<+1030>-10:30<+11>-11,M10.1.0,M4.1.0', '2026-01-01 12:00:00', '2026-01-01T01:00:00Z'],
    ['UTC0', '2026-05-08 14:32:01', '2026-05-08T14:32:01Z'],
    // by name
    ['Europe/Bratislava', '2026-05-08 14:32:01', '2026-05-08T12:32:01Z'],
    ['Europe/Bratislava', '2026-10-25 02:30:00', '2026-10-25T00:30:00Z ambiguous'],
    ['Europe/Bratislava', '2026-03-29 02:30:00', '2026-03-29T01:30:00Z skipped'],
    ['Asia/Tehran', '2026-05-08 14:32:01', '2026-05-08T11:02:01Z'],
    ['Australia/Sydney', '2026-04-05 02:30:00', '2026-04-04T15:30:00Z ambiguous'],
    ['Africa/Casablanca', '2026-05-08 14:32:01', '2026-05-08T13:32:01Z'],
    ['America/St_Johns', '2026-07-01 12:00:00', '2026-07-01T14:30:00Z'],
    // an offset in the text counts more
    [CET, '2026-05-08T14:32:01+05:30', '2026-05-08T09:02:01Z'],
    [CET, '2026-05-08T14:32:01-0100', '2026-05-08T15:32:01Z'],
    [CET, '2026-05-08T14:32:01.250Z', '2026-05-08T14:32:01.250Z'],
    [CET, '2026-05-08 14:32', '2026-05-08T12:32:00Z'],
    [CET, '2026-05-08t14:32:01', '2026-05-08T12:32:01Z'],
    [CET, '2026-05-08 14:32:01z', '2026-05-08T14:32:01Z'],
    [CET, '2026-05-08T14:32:01.000+0000', '2026-05-08T14:32:01Z'],
    [CET, '2026-05-08T14:32:01+02', '2026-05-08T12:32:01Z'],
    [CET, '1778250721', '2026-05-08T14:32:01Z'],
    [CET, '1778250721000', '2026-05-08T14:32:01Z'],
  ];
  for (const [zone, local, expected] of cases) {
    it(`${local} in ${zone}`, () => assert.equal(utc(local, zone), expected));
  }

  it('agrees with the runtime about every hour of three years', () => {
    for (const [posix, iana] of [
      [CET, 'Europe/Bratislava'],
      ['AEST-10AEDT,M10.1.0,M4.1.0/3', 'Australia/Sydney'],
      ['EST5EDT,M3.2.0,M11.1.0', 'America/New_York'],
    ] as const) {
      const [mine, theirs] = [parseZone(posix), parseZone(iana)];
      for (let at = Date.UTC(2024, 0, 1); at < Date.UTC(2027, 0, 1); at += 3_600_000) {
        assert.equal(mine.offsetAt(at), theirs.offsetAt(at), `${posix} at ${new Date(at).toISOString()}`);
      }
    }
  });

  it('refuses what is no zone', () => {
    const texts = [
      '',
      'nonsense',
      'CET-1CEST,M3.5.0',
      'CET-1CEST,M13.1.0,M10.5.0',
      'CET-1CEST,M3.5.0,M10.5.0/3x',
    ];
    texts.push(
      'CET',
      'CET-99',
      'CET-1CEST,J0,J300',
      'CET-1CEST,400,1',
      'CET-1CEST-99',
      'CET-1CEST,M3.5.0/200,M10.5.0',
    );
    for (const text of texts.slice(0, 5)) {
      assert.throws(() => parseZone(text), { code: 'INVALID_INPUT' }, text);
    }
    for (const text of texts) if (text !== 'CET') assert.equal(zoneOrUndefined(text), undefined, text);
    assert.equal(zoneOrUndefined(null), undefined);
  });

  it('never assumes a zone, and takes no nonsense for a time', () => {
    assert.equal(localToUtc('2026-05-08 14:32:01', undefined), null);
    const nonsense = [
      '',
      '2026-13-01 00:00:00',
      '2026-02-30 00:00:00',
      '2026-05-08',
      'yesterday',
      '1970-01-01 00:00:05',
    ];
    for (const text of nonsense) assert.equal(orderOfTimeText(text), null, text);
    assert.equal(localToUtc('yesterday', parseZone(CET)), null);
  });
});

describe('uptimes', () => {
  const cases: [text: unknown, seconds: number | null][] = [
    ['5d 02h 11m', 5 * 86_400 + 2 * 3600 + 11 * 60],
    ['2d 14h 33m', 225_180],
    ['14h 3m 20s', 50_600],
    ['45s', 45],
    ['0d 00h 00m', 0],
    ['', null],
    ['  ', null],
    ['soon', null],
    ['1 1h', null],
    [' 5 d  2h', 439_200],
    [`1d${' '.repeat(70)}`, null],
    ['9'.repeat(60), null],
    [`${' '.repeat(4000)}x`, null],
    [3600, null],
    [null, null],
  ];
  for (const [text, expected] of cases) {
    it(`${JSON.stringify(text)} is ${String(expected)} s`, () => assert.equal(parseUptime(text), expected));
  }
});
