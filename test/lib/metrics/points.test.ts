import assert from 'node:assert/strict';

import { Collector } from '../../../lib/metrics/collector';
import { lineOf, pointsOf, rowsOf } from '../../../lib/metrics/points';
import { readMessage } from '../../../lib/metrics/read';
import { FakeClock } from '../../support/fake-clock';

const NOW = Date.UTC(2026, 0, 1);
const TIME = '2026-01-01T00:00:05.250Z';
const UPS = { vendor: 'powersentrix', id: 'u 1', name: 'Room, 2=a' };

const readings = (device: object, payload: unknown) => [...readMessage({ device, payload })];

describe('points, lines and rows', () => {
  const [status] = readings(UPS, {
    timestamp: TIME,
    totalPower: 60.5,
    outputs: [{ port: 3, power: 60.5, current: null, on: true }],
    ident: { cpuLoad: 12 },
  });
  assert.ok(status);

  it('are one point for values of the same labels, in base units, at the time of the reading', () => {
    const tags = { vendor: 'powersentrix', device: 'u 1', name: 'Room, 2=a' };
    const timestamp = Date.parse(TIME);
    assert.deepEqual(pointsOf(status, NOW), [
      {
        measurement: 'energy_device',
        tags,
        fields: { total_power_watts: 60.5, ident_cpu_load_ratio: 0.12 },
        timestamp,
      },
      {
        measurement: 'energy_device',
        tags: { ...tags, port: '3' },
        fields: { port_power_watts: 60.5, port_on: 1 },
        timestamp,
      },
    ]);
  });

  it('are lines whose signs are escaped', () => {
    assert.deepEqual(pointsOf(status, NOW).map(lineOf), [
      'energy_device,vendor=powersentrix,device=u\\ 1,name=Room\\,\\ 2\\=a total_power_watts=60.5,ident_cpu_load_ratio=0.12 1767225605250',
      'energy_device,vendor=powersentrix,device=u\\ 1,name=Room\\,\\ 2\\=a,port=3 port_power_watts=60.5,port_on=1 1767225605250',
    ]);
  });

  it('are rows in the units of the message, named by their places', () => {
    const row = { time: TIME, vendor: 'powersentrix', device: 'u 1' };
    assert.deepEqual(rowsOf(status, NOW), [
      { ...row, name: 'totalPower', value: 60.5, unit: 'W' },
      { ...row, name: 'ident.cpuLoad', value: 12, unit: '%' },
      { ...row, name: 'outputs[0].power', value: 60.5, unit: 'W' },
      { ...row, name: 'outputs[0].on', value: 1, unit: null },
    ]);
  });

  it('tell what is over, too, each time as the same point', () => {
    const site = { vendor: 'powerflex', id: 's', name: 'Garage' };
    const session = {
      start: TIME,
      end: '2026-01-01T03:00:00Z',
      energy: 5300,
      peakCurrent: 16,
      peakPower: null,
    };
    const [point] = readings(site, [{ ...session, evseAddress: '7', spaceNumber: '12' }]).flatMap((one) =>
      pointsOf(one, NOW),
    );
    assert.ok(point);
    assert.deepEqual(point.fields, { session_energy_watthours: 5300, session_peak_current_amperes: 16 });
    assert.deepEqual([point.tags.device, point.timestamp], ['s_7', Date.parse(TIME)]);
  });

  it('take availability as a value, and now as the time of what tells none', () => {
    const [reading] = readings(UPS, { available: false });
    assert.ok(reading);
    assert.deepEqual(
      pointsOf(reading, NOW).map(({ fields, timestamp }) => [fields, timestamp]),
      [[{ up: 0 }, NOW]],
    );
  });
});

describe('the collector', () => {
  it('sends together what comes within its time, and 5,000 at once at the most', async () => {
    const clock = new FakeClock();
    const sent: number[][] = [];
    const collector = new Collector<number>(10_000, (entries) => sent.push(entries), clock);
    collector.add([1, 2]);
    await clock.advance(9999);
    collector.add([3]);
    assert.deepEqual(sent, []);
    await clock.advance(1);
    assert.deepEqual(sent, [[1, 2, 3]]);
    collector.add(Array.from({ length: 12_001 }, (_, i) => i));
    assert.deepEqual(
      sent.slice(1).map(({ length }) => length),
      [5000, 5000],
    );
    collector.flush();
    await clock.advance(20_000);
    assert.deepEqual(
      sent.slice(3).map(({ length }) => length),
      [2001],
    );
  });

  it('waits for nothing where it has no time', () => {
    const sent: number[][] = [];
    const collector = new Collector<number>(0, (entries) => sent.push(entries), new FakeClock());
    collector.add([1]);
    collector.flush();
    collector.flush();
    assert.deepEqual(sent, [[1]]);
  });
});
