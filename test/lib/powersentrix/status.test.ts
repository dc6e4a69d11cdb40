import assert from 'node:assert/strict';

import { type ComplexObject, isIdent, readComplex } from '../../../lib/powersentrix/complex';
import {
  descriptionOf,
  normaliseIdent,
  normaliseStatus,
  portState,
  zoneText,
} from '../../../lib/powersentrix/status';
import { DOCUMENTED_COMPLEX, DOCUMENTED_IDENT } from './documented';

function complexOf(body: unknown): ComplexObject {
  const read = readComplex(body);
  if ('fault' in read) assert.fail(read.fault);
  return read.complex;
}

const DOCUMENTED = complexOf(DOCUMENTED_COMPLEX);
const withData = (upsData: object, config: object = {}): ComplexObject => complexOf({ upsData, config });

describe('normaliseStatus', () => {
  it('reads the documented status', () => {
    const status = normaliseStatus(DOCUMENTED);
    assert.equal(status.powerSource, 'mains');
    assert.deepEqual([status.onBattery, status.lowBattery], [false, false]);
    assert.deepEqual(status.supplies[0], {
      fitted: true,
      mainVoltage: 54.1,
      loadVoltage: 48.1,
      batteryVoltage: 52.2,
      undervoltageLimit: 48,
      cellVoltages: [13.05, 13.08, 13.02, 13.05],
      cellSpread: 0.06,
      onBattery: false,
      lowBattery: false,
      lowBatteryLimit: 49,
      status: { h: { hb: [1], lb: [0] }, l: { hb: [0], lb: [1] } },
    });
    assert.equal(status.supplies.length, 2);
    assert.deepEqual(status.outputs[0], {
      port: 0,
      description: 'Router',
      on: true,
      voltage: 48.1,
      current: 0.15,
      power: 7.22,
    });
    assert.deepEqual(status.temperatures, { board: 42, mcu: 51 });
    assert.equal(status.uptime, 5 * 86_400 + 2 * 3600 + 11 * 60);
    assert.equal(status.forcePowerFromBatteries, false);
    assert.equal(status.ventilation, 0);
    assert.deepEqual(status.extraActions, [{ id: '0', event: 1, baseStatus: 0, action: 1 }]);
    assert.equal(status.ident.serialNumber, 'PSX-2024-001234');
    assert.equal(zoneText(DOCUMENTED), 'CET-1CEST,M3.5.0,M10.5.0/3');
    assert.equal(descriptionOf(DOCUMENTED, 0), 'Router');
  });

  it('reads currents in both units', () => {
    const current = (currentUnit: 'mA' | '10mA'): (number | null)[] =>
      normaliseStatus(DOCUMENTED, { currentUnit })
        .outputs.slice(0, 3)
        .map((output) => output.current);
    assert.deepEqual(current('mA'), [0.15, 0.32, 0.2]);
    assert.deepEqual(current('10mA'), [1.5, 3.2, 2]);
  });

  it('always has twelve ports, and null where something is missing', () => {
    const status = normaliseStatus(withData({ voltages: [4810], currents: [], outputs: [1, 0, 7] }));
    assert.equal(status.outputs.length, 12);
    assert.deepEqual(
      status.outputs.slice(0, 4).map(({ on, voltage, current, power }) => [on, voltage, current, power]),
      [
        [true, 48.1, null, null],
        [false, null, null, null],
        [null, null, null, null],
        [null, null, null, null],
      ],
    );
    assert.equal(status.totalPower, null);
    assert.deepEqual(status.supplies, []);
    assert.deepEqual(
      [status.powerSource, status.uptime, status.ventilation, status.forcePowerFromBatteries],
      ['unknown', null, null, null],
    );
    assert.equal(status.ident.model, null);
  });

  it('adds powers up only when none is missing', () => {
    const data = { voltages: [4810, 1200], currents: [100, 500], outputs: [1, 1] };
    assert.equal(normaliseStatus(withData(data)).totalPower, 10.81);
    assert.equal(normaliseStatus(withData({ ...data, currents: [100] })).totalPower, null);
  });

  it('takes what the live data lack from the configuration', () => {
    const config = { outputs: [{ id: '3', description: 'NAS', status: 'on', voltage: '1200' }] };
    const [output] = normaliseStatus(withData({}, config)).outputs.slice(3);
    assert.deepEqual(output, {
      port: 3,
      description: 'NAS',
      on: true,
      voltage: 12,
      current: null,
      power: null,
    });
  });

  it('tells mains from battery by each limit or by the set one', () => {
    const source = (mains: (number | null)[], mainsThreshold: number | null = null): string =>
      normaliseStatus(withData({ ps: mains.map((main) => ({ main, buv: 4800 })) }), { mainsThreshold })
        .powerSource;
    assert.equal(source([5410, 5400]), 'mains');
    assert.equal(source([5410, 0]), 'battery');
    assert.equal(source([4800, 4800]), 'mains');
    assert.equal(source([4799]), 'battery');
    assert.equal(source([5000], 52), 'battery');
    assert.equal(source([100], 0.5), 'mains');
    assert.equal(source([null]), 'unknown');
    assert.equal(source([null, 5410]), 'mains');
    assert.equal(source([]), 'unknown');
    assert.equal(normaliseStatus(withData({ ps: [{ main: 5410 }] })).powerSource, 'unknown');
  });

  it('has no spread of fewer than two blocks', () => {
    const spread = (cell: unknown[]): unknown =>
      normaliseStatus(withData({ ps: [{ cell }] })).supplies[0]?.cellSpread;
    assert.deepEqual(
      [spread([]), spread([1305]), spread([1305, null]), spread([1305, null, 1299])],
      [null, null, null, 0.06],
    );
  });
});

describe('portState', () => {
  it('compares the two states', () => {
    const both = (live: unknown, status: unknown) => (): boolean =>
      portState(withData({ outputs: [live] }, { outputs: [{ id: 0, status }] }), 0);
    assert.equal(both(1, 'ON')(), true);
    assert.equal(both(0, 'OFF')(), false);
    assert.throws(both(1, 'STANDBY'), { code: 'BAD_RESPONSE' });
    assert.throws(both(65_535, 'ON'), { code: 'BAD_RESPONSE' });
    assert.equal(both(1, null)(), true);
    // A place without a state, which a bare `nan` leaves too, is not the same as no place.
    assert.throws(both(null, 'OFF'), { code: 'BAD_RESPONSE' });
    assert.throws(both(undefined, 'ON'), { code: 'BAD_RESPONSE' });
    for (const outputs of [undefined, null, [], [1]])
      assert.equal(portState(withData({ outputs }, { outputs: [{ id: 1, status: 'OFF' }] }), 1), false);
    assert.throws(both(1, 'OFF'), { code: 'CONFLICT' });
    assert.throws(both(0, 'ON'), { code: 'CONFLICT' });
    assert.throws(both(null, null), { code: 'BAD_RESPONSE' });
    assert.throws(both(2, 'STANDBY'), { code: 'BAD_RESPONSE' });
    assert.throws(both('nan', 'ON'), { code: 'BAD_RESPONSE' });
    assert.throws(both(2, 'OFF'), { code: 'BAD_RESPONSE' });
    assert.throws(both(1, ['ON']), { code: 'BAD_RESPONSE' });
    const noList = { config: { outputs: [{ id: 0, status: 'ON' }] }, upsData: { outputs: '1' } };
    assert.throws(() => portState(complexOf(noList), 0), { code: 'BAD_RESPONSE' });
  });
});

describe('the form of a status', () => {
  const wrong: [what: string, body: unknown][] = [
    ['no object', []],
    ['null', null],
    ['neither part', {}],
    ['config no object', { config: [], upsData: {} }],
    ['upsData no object', { config: {}, upsData: 'x' }],
    ['upsData null', { upsData: null }],
    ['voltages no list', { upsData: { voltages: 'abc' } }],
    ['a current no number', { upsData: { currents: [{}] } }],
    ['temps a list', { upsData: { temps: [] } }],
    ['a supply no object', { upsData: { ps: [4] } }],
    ['cells no list', { upsData: { ps: [{ cell: 5 }] } }],
    ['an output no object', { config: { outputs: [7] } }],
    ['a serial number neither text nor number', { config: { ident: { sn: {} } } }],
  ];
  for (const [what, body] of wrong) it(`refuses: ${what}`, () => assert.ok('fault' in readComplex(body)));

  const good = { main: 0, load: 4800, batt: 5100, buv: 4800, cell: [1300] };
  const oddities: [what: string, body: unknown, odd: string[]][] = [
    ['a voltage', { upsData: { ps: [good], voltages: [4810, 'nan', 1200] } }, ['upsData.voltages[1]']],
    ['a current', { upsData: { ps: [good], currents: [{}, 5] } }, ['upsData.currents[0]']],
    ['a state', { upsData: { ps: [good], outputs: [1, 'inf'] } }, ['upsData.outputs[1]']],
    ['all voltages', { upsData: { ps: [good], voltages: 'abc' } }, ['upsData.voltages']],
    ['a temperature', { upsData: { ps: [good], temps: { board: [], mcu: 5 } } }, ['upsData.temps.board']],
    ['all temperatures', { upsData: { ps: [good], temps: [1] } }, ['upsData.temps']],
    ['a supply', { upsData: { ps: [good, 7] } }, ['upsData.ps[1]']],
    ['a block', { upsData: { ps: [{ ...good, cell: [1300, 'nan'] }] } }, ['upsData.ps[0].cell[1]']],
    ['a limit', { upsData: { ps: [good, { ...good, buv: 'nan' }] } }, ['upsData.ps[1].buv']],
    ['a port', { config: { outputs: [7, { id: 1 }] }, upsData: { ps: [good] } }, ['config.outputs[0]']],
    ['an action', { config: { extraActions: [7, {}] }, upsData: { ps: [good] } }, ['config.extraActions[0]']],
    ['the identity', { config: { ident: [] }, upsData: { ps: [good] } }, ['config.ident']],
    ['the configuration', { config: 5, upsData: { ps: [good] } }, ['config']],
  ];
  for (const [what, body, odd] of oddities) {
    it(`does not lose a mains failure because of ${what}`, () => {
      const read = readComplex(body);
      assert.ok('complex' in read);
      assert.deepEqual(read.odd, odd);
      assert.equal(normaliseStatus(read.complex).powerSource, 'battery');
    });
  }

  it('names eight oddities at most, and holds eight supplies and short labels', () => {
    const long = '\u{1f50b}'.repeat(40_000);
    const body = {
      config: { ident: { sn: `x${long}`, type: long, info: long }, settings: { timezone: long } },
      upsData: { voltages: [1, ...Array.from({ length: 5000 }, () => 'x')], ps: Array(3000).fill(good) },
    };
    const read = readComplex(body);
    assert.ok('complex' in read);
    assert.equal(read.odd.length, 8);
    const { supplies, ident } = normaliseStatus(read.complex);
    assert.equal(supplies.length, 8);
    assert.deepEqual([ident.serialNumber?.length, ident.model?.length, ident.info?.length], [127, 128, 128]);
    assert.equal(zoneText(read.complex), null);
  });

  it('keeps its place when the entry before it is odd', () => {
    const { supplies, powerSource, outputs } = normaliseStatus(
      withData({ ps: [null, { main: 5410, buv: 4800 }] }, { outputs: [null, { id: 1, status: 'ON' }] }),
    );
    assert.deepEqual(
      [supplies[0]?.mainVoltage, supplies[1]?.mainVoltage, powerSource],
      [null, 54.1, 'mains'],
    );
    assert.equal(outputs[1]?.on, true);
  });

  it('is bounded', () => {
    const many = <T>(one: T): T[] => Array.from({ length: 5000 }, () => one);
    const long = 'x'.repeat(60_000);
    const status = normaliseStatus(
      withData(
        {
          ps: many({ main: 5410, buv: 4800, cell: many(1305) }),
          voltages: many(1),
          uptime: ' '.repeat(60_000),
        },
        {
          outputs: many({ id: 0, description: long, status: long }),
          extraActions: many({}),
          ident: { sn: long, info: long },
        },
      ),
    );
    const { supplies, outputs, extraActions, ident } = status;
    assert.deepEqual([supplies.length, supplies[0]?.cellVoltages.length, outputs.length], [8, 24, 12]);
    assert.deepEqual(
      [outputs[0]?.description?.length, ident.serialNumber?.length, ident.info?.length],
      [128, 128, 128],
    );
    assert.equal(extraActions.length, 16);
  });

  it('takes a UPS that writes a detail in another form', () => {
    const body = {
      config: {
        settings: { timezone: 1, forcePowerFromBatteries: true },
        ident: { sn: 2024001234, type: '', mainFirmware: 3.2 },
        outputs: [{ id: 0, description: 5, status: 'ON', voltage: 'n/a' }],
      },
      upsData: { uptime: 4711, ventilation: 'off', temps: { board: '-', mcu: 51 }, outputs: [1] },
    };
    const read = readComplex(body);
    if ('fault' in read) assert.fail(read.fault);
    const { ident, temperatures, uptime, ventilation, outputs } = normaliseStatus(read.complex);
    assert.deepEqual([ident.serialNumber, ident.model, ident.mainFirmware], ['2024001234', null, '3.2']);
    assert.deepEqual([temperatures, uptime, ventilation], [{ board: null, mcu: 51 }, null, null]);
    assert.deepEqual([outputs[0]?.on, outputs[0]?.description, outputs[0]?.voltage], [true, null, null]);
  });

  it('knows an identity', () => {
    assert.ok(isIdent(DOCUMENTED_IDENT));
    for (const body of [{}, null, [], { sn: 5 }, { comFirmware: 'v1' }]) assert.ok(!isIdent(body));
    assert.deepEqual(normaliseIdent(DOCUMENTED_IDENT), {
      serialNumber: 'PSX-2024-001234',
      model: 'PWX-12-4422',
      comFirmware: 'v3.2.1',
      mainFirmware: 'v2.1.0',
      comUptime: 225_180,
      mainUptime: 439_860,
      cpuLoad: 12,
      totalRamSize: 327_680,
      freeRamSize: 218_340,
      info: '',
    });
  });
});
