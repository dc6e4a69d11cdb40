import assert from 'node:assert/strict';
import http from 'node:http';
import { startPoweropti, type PoweroptiBody, type PoweroptiSimulator } from '../../../simulators/poweropti';
import { request, type Reply } from './request';

function inject(simulator: PoweroptiSimulator, route: string, json: unknown): Promise<Reply> {
  const url = `http://127.0.0.1:${simulator.port}/_sim/${route}`;
  return request(url, { method: 'POST', body: JSON.stringify(json), contentType: 'application/json' });
}

function register(body: PoweroptiBody, obis: string): number {
  const found = body.values.find((value) => value.obis === obis);
  assert.ok(found, `register ${obis} is missing`);
  assert.equal(typeof found.value, 'number');
  return found.value as number;
}

const HOUR = 3_600_000;
/** A midnight in UTC. */
const MIDNIGHT = Date.UTC(2025, 8, 5);

describe('poweropti simulator', () => {
  let clock: number;
  let simulator: PoweroptiSimulator;
  let value: string;
  const now = () => clock;

  async function read(): Promise<PoweroptiBody> {
    const response = await request(value);
    assert.equal(response.status, 200);
    return JSON.parse(response.body) as PoweroptiBody;
  }

  beforeEach(async () => {
    clock = 1_757_053_304_987;
    simulator = await startPoweropti({ now });
    value = `${simulator.url}/value`;
  });

  afterEach(() => simulator.close());

  describe('answer', () => {
    it('has the body of the vendor document', async () => {
      simulator.setPower(228);
      const response = await request(value);
      assert.deepEqual(JSON.parse(response.body), {
        timestamp: 1_757_053_304,
        values: [
          { obis: '1.7.0', value: 228 },
          { obis: '1.8.0', value: 17_784_955 },
          { obis: '1.8.1', value: 17_784_955 },
          { obis: '1.8.2', value: 0 },
          { obis: '2.8.0', value: 181 },
        ],
      });
    });

    it('has the headers of the vendor document', async () => {
      const { headers } = await request(value, { agent: new http.Agent({ keepAlive: true }) });
      assert.match(String(headers.date), /GMT$/);
      assert.ok(Number(headers['content-length']) > 0);
      // What Node adds by itself.
      delete headers.date;
      delete headers['content-length'];
      delete headers['keep-alive'];
      assert.deepEqual(headers, {
        'content-type': 'application/json; charset=utf-8',
        'cache-control': 'no-cache, no-store, must-revalidate',
        pragma: 'no-cache',
        expires: '0',
        'access-control-allow-origin': '*',
        'access-control-allow-methods': 'GET',
        'access-control-allow-headers': 'Content-Type, X-API-KEY',
        connection: 'keep-alive',
      });
    });

    it('answers 401 to a wrong or missing key, and accepts the literal null where it is the key', async () => {
      assert.equal((await request(value, { key: 'wrong' })).status, 401);
      assert.equal((await request(value, { key: '' })).status, 401);
      const unset = await startPoweropti({ apiKey: 'null' });
      assert.equal((await request(`${unset.url}/value`, { key: 'null' })).status, 200);
      await unset.close();
    });

    it('answers 404 to every other path and method', async () => {
      assert.equal((await request(`${simulator.url}/values`)).status, 404);
      assert.equal((await request(`${simulator.url}/`)).status, 404);
      assert.equal((await request(`${value}/`)).status, 404);
      assert.equal((await request(value, { method: 'POST' })).status, 404);
    });

    it('lies below the base path', async () => {
      const meter = await startPoweropti({ path: '/lan/meter1', now });
      assert.equal(meter.url, `http://127.0.0.1:${meter.port}/lan/meter1`);
      assert.equal((await request(`http://${meter.host}/value`)).status, 200);
      assert.equal((await request(`http://127.0.0.1:${meter.port}/value`)).status, 404);
      await meter.close();
    });
  });

  describe('house', () => {
    it('takes its timestamp from the real clock in whole seconds, whatever the speed', async () => {
      await simulator.close();
      simulator = await startPoweropti({ now, speed: 600 });
      clock += 10_000;
      assert.equal(simulator.measure().timestamp, 1_757_053_314);
    });

    it('imports in the evening, exports at noon, and repeats itself for the same seed', async () => {
      const day = async (seed: number): Promise<number[]> => {
        clock = MIDNIGHT;
        const house = await startPoweropti({ now, seed, speed: 3600 });
        const powers: number[] = [];
        for (let hour = 0; hour < 24; hour += 1) {
          powers.push(register(house.measure(), '1.7.0'));
          clock += 1000;
        }
        await house.close();
        return powers;
      };
      const powers = await day(7);
      assert.ok(powers.every(Number.isInteger));
      assert.ok(Number(powers[3]) > 100 && Number(powers[3]) < 400, 'night');
      assert.ok(Number(powers[7]) > Number(powers[3]), 'morning peak');
      assert.ok(Number(powers[13]) < -3_000, 'noon');
      assert.ok(Number(powers[20]) > 1_500, 'evening peak');
      assert.deepEqual(await day(7), powers);
      assert.notDeepEqual(await day(8), powers);
    });

    it('integrates import and export power, each into its own registers', async () => {
      simulator.setPower(3_600);
      clock += 100_000;
      let body = await read();
      assert.equal(register(body, '1.8.0'), 17_784_955 + 100);
      assert.equal(register(body, '1.8.1'), 17_784_955 + 100);
      assert.equal(register(body, '2.8.0'), 181);
      simulator.setPower(-1_800);
      clock += 100_000;
      body = await read();
      assert.equal(register(body, '1.8.0'), 17_784_955 + 100);
      assert.equal(register(body, '2.8.0'), 181 + 50);
    });

    it('adds what a load behind it draws, to a forced power too, and until it draws nothing', async () => {
      simulator.setPower(-3_600);
      simulator.draw(7_200);
      clock += 100_000;
      let body = await read();
      assert.equal(register(body, '1.7.0'), 3_600);
      assert.equal(register(body, '1.8.0'), 17_784_955 + 100);
      simulator.clear();
      const alone = register(await read(), '1.7.0') - 7_200;
      simulator.draw(0);
      body = await read();
      assert.equal(register(body, '1.7.0'), alone);
    });

    it('reports energies that are the sum of the powers it reported, and never decrease', async () => {
      await simulator.close();
      clock = MIDNIGHT;
      simulator = await startPoweropti({ now, speed: 60 });
      const start = simulator.measure();
      let last = start;
      let imported = 0;
      let exported = 0;
      for (let minute = 0; minute < 24 * 60; minute += 1) {
        const power = register(last, '1.7.0');
        imported += Math.max(power, 0) / 60;
        exported += Math.max(-power, 0) / 60;
        clock += 1000;
        const body = simulator.measure();
        assert.ok(register(body, '1.8.0') >= register(last, '1.8.0'));
        assert.ok(register(body, '2.8.0') >= register(last, '2.8.0'));
        last = body;
      }
      assert.ok(imported > 3_000 && exported > 10_000);
      assert.ok(Math.abs(register(last, '1.8.0') - register(start, '1.8.0') - imported) <= 1);
      assert.ok(Math.abs(register(last, '2.8.0') - register(start, '2.8.0') - exported) <= 1);
    });

    it('counts the same energy whether it is asked every second or once', async () => {
      const often = await startPoweropti({ now });
      for (let second = 0; second < 3600; second += 1) {
        clock += 1000;
        often.measure();
      }
      assert.deepEqual(often.measure(), simulator.measure());
      await often.close();
    });

    it('keeps its registers when the clock is set back', () => {
      simulator.setPower(3_600_000);
      clock += 10_000;
      const before = register(simulator.measure(), '1.8.0');
      clock -= HOUR;
      assert.equal(register(simulator.measure(), '1.8.0'), before);
      clock += HOUR + 1000;
      assert.equal(register(simulator.measure(), '1.8.0'), before + 1000);
    });

    it('splits import over two tariffs at night when asked to', async () => {
      await simulator.close();
      clock = MIDNIGHT + 21 * HOUR;
      simulator = await startPoweropti({ now, nightTariff: true, energyImport: 0, energyExport: 0 });
      simulator.setPower(1_000);
      clock += 3 * HOUR;
      const body = simulator.measure();
      assert.equal(register(body, '1.8.1'), 1_000);
      // A sum of 7200 seconds that each add a third of a Wh or so ends a hair below the whole number.
      assert.ok(register(body, '1.8.2') >= 1_999 && register(body, '1.8.2') <= 2_000);
      assert.equal(register(body, '1.8.0'), register(body, '1.8.1') + register(body, '1.8.2'));
    });
  });

  describe('meter faults', () => {
    it('freezes its clock and measurement', async () => {
      const before = await read();
      simulator.frozenClock = true;
      clock += 60_000;
      assert.deepEqual(await read(), before);
      simulator.setPower(-5);
      assert.equal(register(await read(), '1.7.0'), -5);
      assert.equal((await read()).timestamp, before.timestamp);
      simulator.clear();
      assert.equal((await read()).timestamp, before.timestamp + 60);
    });

    it('drops registers and reports strings', async () => {
      simulator.setPower(7);
      simulator.dropRegisters = ['1.8.2', '2.8.0'];
      simulator.valuesAsStrings = true;
      assert.deepEqual((await read()).values, [
        { obis: '1.7.0', value: '7' },
        { obis: '1.8.0', value: '17784955' },
        { obis: '1.8.1', value: '17784955' },
      ]);
    });
  });

  describe('control routes', () => {
    it('make it fail and work again, without the key and without being counted', async () => {
      assert.equal((await inject(simulator, 'fault', { kind: 'status', status: 401, times: 1 })).status, 200);
      assert.equal((await request(value)).status, 401);
      await inject(simulator, 'fault', { kind: 'setPower', power: 3600 });
      await inject(simulator, 'fault', { kind: 'dropRegisters', registers: ['2.8.0'] });
      await inject(simulator, 'fault', { kind: 'valuesAsStrings' });
      await inject(simulator, 'fault', { kind: 'frozenClock' });
      clock += 5000;
      const body = await read();
      assert.equal(body.timestamp, 1_757_053_304);
      assert.deepEqual(body.values[0], { obis: '1.7.0', value: '3600' });
      assert.equal(body.values.length, 4);
      await inject(simulator, 'fault', { kind: 'hang' });
      assert.equal((await inject(simulator, 'clear', {})).status, 200);
      assert.equal(register(await read(), '1.8.0'), 17_784_955 + 5);
      assert.equal(simulator.http.counters.requests, 3);
      assert.ok(simulator.http.log.every(({ path }) => path === '/value'));
    });

    it('refuse what they do not understand, with a reason', async () => {
      const wrong: [unknown, RegExp][] = [
        [{ kind: 'nonsense' }, /kind.* must be one of status, delay/],
        [{ kind: 'status', status: 99 }, /status.* must be a whole number from 200/],
        [{ kind: 'hang', times: 0 }, /times/],
        [{ kind: 'setPower', power: 1.5 }, /power/],
        [{ kind: 'dropRegisters' }, /registers/],
        [[], /a fault is an object/],
      ];
      for (const [fault, reason] of wrong) {
        const response = await inject(simulator, 'fault', fault);
        assert.equal(response.status, 400);
        assert.match(response.body, reason);
      }
      assert.equal((await inject(simulator, 'other', {})).status, 404);
      // What a foreign web page could send without asking.
      const url = `http://127.0.0.1:${simulator.port}/_sim/fault`;
      const plain = { method: 'POST', body: '{"kind":"hang"}', contentType: 'text/plain' };
      assert.equal((await request(url, plain)).status, 415);
      assert.equal((await request(value)).status, 200);
    });
  });
});
