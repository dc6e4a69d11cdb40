import assert from 'node:assert/strict';

import { responseCodes, refuseFailureCodes } from '../../../lib/powercontroller/codes';
import { deviceIn, parseDevice, parseDevices } from '../../../lib/powercontroller/device';
import { identityOf, inOrder, normaliseStatus, parseStatuses } from '../../../lib/powercontroller/status';

const NOTHING = {
  toggleIn: null,
  duration: null,
  current: null,
  voltage: null,
  energy: null,
  averagePower: null,
  temperature: null,
  frequency: null,
  flow: null,
  on: null,
  responseCodes: null,
};
const HEAD = { id: 'xyz890ABC', deviceId: 'abc123def', date: '2018-05-03T12:22:58.807Z', state: 'Active' };
const SEEN = { id: 'xyz890ABC', deviceId: 'abc123def', timestamp: HEAD.date, state: 'Active' };

describe('normaliseStatus', () => {
  it("reads the vendor's update: Wh over its duration, °F, L/min", () => {
    const info = {
      duration: 900,
      current: 10.5,
      voltage: 243.6,
      power: 639.45,
      temperature: 75.2,
      frequency: 60.01,
      flow: 10.0,
      on: true,
      toggleIn: 0,
    };
    assert.deepEqual(normaliseStatus({ ...HEAD, type: 'update', reason: 'auto', info }), {
      ...SEEN,
      type: 'update',
      reason: 'auto',
      on: true,
      toggleIn: 0,
      duration: 900,
      current: 10.5,
      voltage: 243.6,
      energy: 639.45,
      averagePower: 2557.8,
      temperature: 24,
      frequency: 60.01,
      flow: 10,
      responseCodes: null,
    });
  });

  it('reads relay and trigger statuses: what they do not tell is null', () => {
    const relay = { ...HEAD, type: 'relay', reason: 'reboot', info: { on: true, toggleIn: 0 } };
    assert.deepEqual(normaliseStatus(relay), {
      ...NOTHING,
      ...SEEN,
      type: 'relay',
      reason: 'reboot',
      on: true,
      toggleIn: 0,
    });
    const trigger = { ...HEAD, type: 'trigger', reason: 'ffr', info: { frequency: 59.68 } };
    assert.deepEqual(normaliseStatus(trigger), {
      ...NOTHING,
      ...SEEN,
      type: 'trigger',
      reason: 'ffr',
      frequency: 59.68,
    });
  });

  it('passes unknown types and reasons on, with the codes of a function status', () => {
    const info = { update: { on: true }, responseCodes: [102] };
    const status = normaliseStatus({ ...HEAD, type: 'function', reason: 'max_capacity', info });
    assert.equal(status.type, 'function');
    assert.equal(status.reason, 'max_capacity');
    assert.deepEqual(status.responseCodes, [102]);
  });

  it('has no average over no time, and none without an energy', () => {
    const power = (info: object): number | null => normaliseStatus({ ...HEAD, info }).averagePower;
    assert.equal(power({ duration: 0, power: 5 }), null);
    assert.equal(power({ duration: -1, power: 5 }), null);
    assert.equal(power({ power: 5 }), null);
    assert.equal(power({ duration: 900 }), null);
    assert.equal(power({ duration: 900, power: 0 }), 0);
    assert.equal(power({ duration: '900', power: '2.5' }), 10);
  });

  it('converts °F to °C', () => {
    const celsius = (temperature: unknown): unknown =>
      normaliseStatus({ ...HEAD, info: { temperature } }).temperature;
    assert.deepEqual([32, 212, -40, 92.7, '75.2', null, 'warm'].map(celsius), [
      0,
      100,
      -40,
      33.722,
      24,
      null,
      null,
    ]);
  });

  it('reads the later firmware’s moment of switching as seconds from the status', () => {
    const left = (info: object): number | null => normaliseStatus({ ...HEAD, info }).toggleIn;
    assert.equal(left({ toggleAt: Date.parse(HEAD.date) / 1000 + 60 }), 60);
    assert.equal(left({ toggleAt: 0 }), 0);
    assert.equal(left({ toggleAt: 1000 }), 0);
    assert.equal(left({ toggleAt: 0, toggleIn: 5 }), 5);
    assert.equal(normaliseStatus({ info: { toggleAt: 5 } }).toggleIn, null);
  });

  it('survives a record of anything', () => {
    assert.deepEqual(normaliseStatus({}), {
      ...NOTHING,
      id: null,
      deviceId: null,
      timestamp: null,
      state: null,
      type: null,
      reason: null,
    });
    assert.equal(normaliseStatus({ date: 1_436_312_185_098 }).timestamp, '2015-07-07T23:36:25.098Z');
    assert.equal(normaliseStatus({ date: 1e20 }).timestamp, null);
    assert.equal(normaliseStatus({ device: 'abc', info: 7 }).deviceId, 'abc');
  });
});

describe('parseStatuses', () => {
  it('takes a list, wrapped or bare, and nothing else', () => {
    assert.equal(parseStatuses({ statuses: [HEAD, 7, HEAD] }).length, 2);
    assert.equal(parseStatuses([HEAD]).length, 1);
    for (const body of [null, { statuses: null }, []]) assert.deepEqual(parseStatuses(body), []);
    for (const body of [{}, 'x', 7, { statuses: {} }, { statuses: 'x' }]) {
      assert.throws(() => parseStatuses(body), { code: 'BAD_RESPONSE', reason: 'powercontrollerNoStatuses' });
    }
  });

  it('orders by time and drops repeats, also of records without an id', () => {
    const at = (date: string, id?: string): object => ({ date, type: 'update', ...(id ? { id } : {}) });
    const list = parseStatuses([
      at('2025-01-02', 'b'),
      at('2025-01-01', 'a'),
      at('2025-01-02', 'b'),
      { type: 'odd' },
      at('2025-01-03'),
      at('2025-01-03'),
    ]);
    const days = inOrder(list).map(({ status }) => status.timestamp?.slice(8, 10) ?? null);
    assert.deepEqual(days, ['01', '02', '03', null]);
    assert.equal(new Set(list.map(identityOf)).size, 4);
  });
});

describe('inOrder', () => {
  it('keeps the order of what happened at one moment, whichever way round the list came', () => {
    const happened = parseStatuses([
      { id: 'a', date: '2025-01-01T00:00:00Z' },
      { id: 'b', date: '2025-01-01T00:00:01Z' },
      { id: 'c', date: '2025-01-01T00:00:01Z' },
    ]);
    for (const list of [happened, [...happened].reverse()]) {
      assert.deepEqual(
        inOrder(list).map(({ status }) => status.id),
        ['a', 'b', 'c'],
      );
    }
  });
});

describe('devices', () => {
  const device = {
    id: '6ItNKFLm_mS',
    address: '1234567890qwertyuiopasdf',
    sn: 'PC-ZXCVBNMASDF-001',
    country: 'US',
    type: { id: 'power-controller-v10', profile: 'power-controller', desc: 'Power Controller' },
    status: {
      state: 'Active',
      info: { duration: 900, power: 590.59, temperature: 92.7, on: true, firmware: 80 },
      date: '2018-05-08T15:03:15.000Z',
    },
    info: {
      ffr: { enabled: false, tripThreshold: 59.7, returnThreshold: 60, periods: 10, maxBackOff: 10 },
      capacity: { enabled: false, lossPerLiter: 0 },
      flowmeter: { type: 'none' },
      samplePeriod: 300,
    },
  };

  it('reads a device, wrapped or bare, and its configuration as it is read back', () => {
    for (const body of [{ device }, device]) {
      const { device: read, raw } = parseDevice(body);
      assert.equal(read.id, '6ItNKFLm_mS');
      assert.equal(read.serialNumber, 'PC-ZXCVBNMASDF-001');
      assert.equal(read.firmware, '80');
      assert.equal(read.status.averagePower, 2362.36);
      assert.equal(read.status.deviceId, '6ItNKFLm_mS');
      assert.deepEqual(read.configuration, {
        ffr: { enable: false, tripThreshold: 59.7, returnThreshold: 60, periods: 10, delay: 10 },
        flowmeter: { type: 'none' },
        capacity: { enable: false, lossPerLiter: 0 },
        samplePeriod: 300,
        schedule: null,
      });
      assert.deepEqual(raw, device);
    }
    const written = { id: 'x', info: { ffr: { enable: true, delay: 5 }, capacity: { enable: true } } };
    const { configuration } = parseDevice(written).device;
    assert.equal(configuration.ffr?.enable, true);
    assert.equal(configuration.ffr.delay, 5);
    assert.equal(configuration.capacity?.enable, true);
  });

  it('lists the controllers only, and those of an untold type', () => {
    const switchDevice = { id: 's', type: { profile: 'switch' } };
    const body = { devices: [{ device }, { device: switchDevice }, { id: 'bare' }, { device: {} }, 7] };
    assert.deepEqual(
      parseDevices(body).map(({ device: { id } }) => id),
      ['6ItNKFLm_mS', 'bare'],
    );
    const [, bare] = parseDevices(body);
    assert.deepEqual(bare?.device.configuration, {
      ffr: null,
      flowmeter: null,
      capacity: null,
      samplePeriod: null,
      schedule: null,
    });
    const schedule = [{ name: 'on', when: 1_571_076_135 }];
    for (const told of [{ schedule }, { info: { schedule } }]) {
      assert.deepEqual(parseDevice({ id: 'x', ...told }).device.configuration.schedule, schedule);
    }
    assert.equal(parseDevices([device]).length, 1);
  });

  it('refuses answers that hold no device', () => {
    assert.throws(() => parseDevice({}), {
      code: 'BAD_RESPONSE',
      reason: 'powercontrollerNoDeviceInResponse',
    });
    assert.throws(() => parseDevices({}), { code: 'BAD_RESPONSE', reason: 'powercontrollerNoDevices' });
    assert.equal(deviceIn(undefined), undefined);
  });
});

describe('response codes', () => {
  it('finds them wherever they have been seen', () => {
    assert.deepEqual(responseCodes({ responseCodes: [102, 1001] }), [102, 1001]);
    assert.deepEqual(responseCodes({ response: { code: 10 } }), [10]);
    assert.deepEqual(responseCodes([-999]), [-999]);
    assert.deepEqual(responseCodes({ responses: [{ code: 108 }] }), [108]);
    assert.deepEqual(responseCodes({ code: 'x', other: 5 }), []);
    assert.deepEqual(responseCodes({ responseCodes: ['102', ' -999 ', 'x', ''] }), [102, -999]);
    assert.deepEqual(responseCodes({ status: { info: { responseCodes: ['-992'] } } }), [-992]);
    assert.deepEqual(responseCodes({ data: { device: { status: { info: { code: -991 } } } } }), [-991]);
    assert.deepEqual(responseCodes({ command: { result: -986 } }), [-986]);
    assert.deepEqual(responseCodes({ data: [{ code: -5 }, 7], error: { code: -6 } }), [-6, -5]);
    assert.deepEqual(responseCodes(undefined), []);
    assert.deepEqual(responseCodes(5), []);
    assert.deepEqual(responseCodes({ status: 200, info: -1, data: [-2], device: '-3' }), []);
  });

  it('makes an error with its number of every code below 0', () => {
    refuseFailureCodes([10, 102, 122, 1001]);
    for (let code = -999; code <= -985; code++) {
      assert.throws(() => refuseFailureCodes([102, code]), {
        code: 'REJECTED',
        reason: `powercontrollerDeviceCode${-code}`,
        params: { code },
      });
    }
    assert.throws(() => refuseFailureCodes([-5]), { code: 'REJECTED', reason: 'powercontrollerDeviceCode' });
  });
});
