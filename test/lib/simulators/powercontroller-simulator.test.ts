import assert from 'node:assert/strict';

import { type PowercontrollerSimulator, startPowercontroller } from '../../../simulators/powercontroller';
import { type Reply, send } from '../../support/http';

const START = Date.UTC(2025, 5, 1);
const MINUTE = 60_000;
const DAY = 86_400_000;

interface Status {
  date: string;
  type: string;
  reason: string;
  info: { on?: boolean; power?: number; duration?: number; toggleIn?: number; responseCodes?: number[] };
}

describe('powercontroller simulator', () => {
  let clock: number;
  let simulator: PowercontrollerSimulator;
  const now = (): number => clock;

  beforeEach(async () => {
    clock = START;
    simulator = await startPowercontroller({ now, historyDays: 365 });
  });
  afterEach(() => simulator.close());

  function call(method: string, path: string, json?: unknown, token = simulator.token): Promise<Reply> {
    const headers = { authorization: `Bearer ${token}` };
    return send(`${simulator.url}/${path}`, {
      method,
      headers,
      ...(json === undefined ? {} : { body: json }),
    });
  }
  const parsed = (response: Reply): Record<string, unknown> => response.json() as Record<string, unknown>;
  const command = (body: object, query = ''): Promise<Reply> =>
    call('POST', `devices/${simulator.deviceId}/command${query}`, { command: body });
  const inject = (body: unknown): Promise<Reply> =>
    send(`${simulator.http.url}/_sim/fault`, { method: 'POST', body });
  /** What has happened since the start, oldest first. */
  async function events(): Promise<Status[]> {
    const query = `device=${simulator.deviceId}&date[start]=${new Date(START + 1).toISOString()}`;
    const { statuses } = parsed(await call('GET', `statuses?${query}`)) as { statuses: Status[] };
    return statuses.reverse();
  }
  const told = (list: Status[]): unknown[] =>
    list.map(({ date, type, reason, info }) => [(Date.parse(date) - START) / MINUTE, type, reason, info.on]);

  it('signs in, and knows its tokens', async () => {
    const signIn = (password: string): Promise<Reply> =>
      call('POST', 'signin', { user: { email: simulator.email, password }, expires: 60 }, '');
    assert.equal((await signIn('wrong')).status, 401);
    const { token } = parsed(await signIn(simulator.password)) as { token: string };
    assert.equal((await call('GET', 'devices', undefined, token)).status, 200);
    clock += 2 * MINUTE;
    assert.equal((await call('GET', 'devices', undefined, token)).status, 401);
    assert.equal((await call('GET', 'devices', undefined, 'nonsense')).status, 401);
    assert.equal((await call('GET', 'devices')).status, 200);
  });

  it('has a year of quarter hours, and allows ten days of it a request', async () => {
    const ask = (from: number, to: number): Promise<Reply> => {
      const iso = (time: number): string => new Date(time).toISOString();
      return call(
        'GET',
        `statuses?device=${simulator.deviceId}&date[start]=${iso(from)}&date[end]=${iso(to)}`,
      );
    };
    const ten = parsed(await ask(START - 10 * DAY, START)) as { statuses: Status[] };
    assert.equal(ten.statuses.length, 960);
    assert.ok(
      Date.parse(ten.statuses[0]?.date ?? '') > Date.parse(ten.statuses[1]?.date ?? ''),
      'newest first',
    );
    assert.equal((await ask(START - 10 * DAY - 1, START)).status, 400);
    const first = parsed(await ask(START - 366 * DAY, START - 364 * DAY)) as { statuses: Status[] };
    assert.equal(first.statuses.length, 96);
    assert.equal((await call('GET', 'statuses?device=x')).status, 404);
    assert.equal((await call('GET', `statuses?device=${simulator.deviceId}&date=never`)).status, 400);
  });

  it('reports every quarter of an hour, with the energy of that time', async () => {
    await command({ name: 'on' });
    clock += 40 * MINUTE;
    const list = await events();
    assert.deepEqual(told(list), [
      [15, 'update', 'auto', true],
      [30, 'update', 'auto', true],
    ]);
    assert.deepEqual([list[1]?.info.power, list[1]?.info.duration], [639, 900]);
  });

  it('switches by command, by delay and for a time', async () => {
    await command({ name: 'on', delay: 60 });
    clock += 5 * MINUTE;
    await command({ name: 'off_for', time: 120 });
    clock += 4 * MINUTE;
    await command({ name: 'off_at', time: (clock + MINUTE) / 1000 });
    clock += 2 * MINUTE;
    assert.deepEqual(told(await events()), [
      [1, 'relay', 'timer', true],
      [5, 'relay', 'api', false],
      [7, 'relay', 'timer', true],
      [10, 'relay', 'timer', false],
    ]);
  });

  it('limits energy: on, off when it is used up, on again after the time', async () => {
    clock += 1000;
    await command({ name: 'limit_power', power: 213, time: 600 });
    clock += 20 * MINUTE;
    const relays = (await events()).filter(({ type }) => type === 'relay');
    const minutes = relays.map(({ date }) => Math.round((Date.parse(date) - START) / MINUTE));
    assert.deepEqual(minutes, [0, 5, 10]);
    assert.deepEqual(
      relays.map(({ reason, info }) => [reason, info.on]),
      [
        ['api', true],
        ['power_limit', false],
        ['power_limit', true],
      ],
    );
  });

  it('trips when the grid falls, and returns', async () => {
    const ffr = { enable: true, tripThreshold: 59.7, returnThreshold: 59.8, periods: 10, delay: 10 };
    const put = (info: object): Promise<Reply> => call('PUT', `devices/${simulator.deviceId}`, { info });
    assert.deepEqual(parsed(await put({ ffr })), { responseCodes: [108] });
    clock += MINUTE;
    await command({ name: 'on' });
    clock += MINUTE;
    await inject({ kind: 'frequency', hertz: 59.6 });
    clock += MINUTE;
    await inject({ kind: 'frequency', hertz: null });
    assert.deepEqual(told(await events()), [
      [1, 'relay', 'api', true],
      [2, 'trigger', 'ffr', undefined],
      [2, 'relay', 'ffr', false],
      [3, 'relay', 'ffrr', true],
    ]);
    assert.deepEqual(parsed(await put({ ffr: { enable: false } })), { responseCodes: [109] });
  });

  it('carries out its schedule by itself', async () => {
    let ahead = 0;
    const begin = Math.floor(Date.now() / 900_000) * 900_000;
    const other = await startPowercontroller({ now: () => begin + ahead });
    const at = (minutes: number): number => begin / 1000 + minutes * 60;
    const controller = other.controller(other.deviceId);
    controller.setSchedule([
      { name: 'on', when: at(-10) },
      { name: 'on', when: at(15), repeat: 3600 },
      { name: 'off', when: at(30), repeat: 3600 },
      { name: 'limit_power', when: at(45), power: 100, time: 600 },
    ]);
    ahead = 100 * 60_000;
    const relays = controller
      .statuses(begin, begin + ahead)
      .filter(({ type }) => type === 'relay')
      .reverse()
      .map(({ date, info }) => [Math.round((Date.parse(date) - begin) / 60_000), info.on]);
    await other.close();
    assert.deepEqual(relays, [
      [15, true],
      [30, false],
      [45, true],
      [47, false],
      [55, true],
      [75, true],
      [90, false],
    ]);
  });

  it('answers for each configuration, and refuses what it does not know', async () => {
    const put = async (body: object): Promise<unknown> =>
      parsed(await call('PUT', `devices/${simulator.deviceId}`, body)).responseCodes;
    const sets: [object, number][] = [
      [{ info: { flowmeter: { type: 'none' } } }, 110],
      [{ info: { flowmeter: { type: 'euf4315k' } } }, 111],
      [{ info: { flowmeter: { type: 'tuf2000m' } } }, 112],
      [{ info: { flowmeter: { type: 'x' } } }, -999],
      [{ info: { capacity: { enable: false } } }, 113],
      [{ info: { capacity: { enable: true } } }, 114],
      [{ info: { samplePeriod: 300 } }, 120],
      [{ info: { samplePeriod: 0 } }, -985],
      [{ schedule: [{}] }, 117],
      [{ schedule: [] }, 119],
      [{ schedule: Array(40).fill({}) }, -985],
    ];
    for (const [body, code] of sets) assert.deepEqual(await put(body), [code], JSON.stringify(body));
    assert.equal((await call('PUT', `devices/${simulator.deviceId}`, {})).status, 400);
    const codes = [
      [{ name: 'on', delay: -1 }, -992],
      [{ name: 'on_for' }, -992],
      [{ name: 'on_at' }, -992],
      [{ name: 'limit_power' }, -986],
      [{ name: 'reset' }, 10],
    ] as const;
    for (const [body, code] of codes) {
      assert.deepEqual(parsed(await command(body)).responseCodes, [code], JSON.stringify(body));
    }
    assert.equal((await command({ name: 'x' })).status, 400);
    assert.equal((await call('POST', `devices/${simulator.deviceId}/command`, {})).status, 400);
    assert.equal((await call('POST', 'devices/nobody/command', {})).status, 404);
    assert.equal((await call('POST', 'devices', { sn: 'x' })).status, 400);
    assert.equal((await call('DELETE', `devices/${simulator.deviceId}`)).status, 404);
    assert.equal((await send(`${simulator.http.url}/v2/devices`)).status, 404);
    assert.throws(() => simulator.controller('nobody'));
  });

  it('is out of reach, and gets what may wait', async () => {
    await inject({ kind: 'offline' });
    assert.equal((await command({ name: 'on' })).status, 503);
    assert.equal((await command({ name: 'on' }, '?async=true')).status, 202);
    simulator.clear();
    assert.equal((await command({ name: 'on' }, '?async=true')).status, 202);
    clock += 1;
    const functions = (await call('GET', `statuses?device=${simulator.deviceId}`)).text;
    assert.match(functions, /"Unavailable","type":"function"/);
    assert.match(functions, /"responseCodes":\[102\]/);
    assert.equal(simulator.carriedOut.length, 1);
  });

  it('does at the push of a button what its control route says', async () => {
    clock += MINUTE;
    await inject({ kind: 'button' });
    assert.deepEqual(told(await events()), [[1, 'relay', 'manual', true]]);
    await inject({ kind: 'expireTokens' });
    assert.equal((await inject({ kind: 'frequency', hertz: 'low' })).status, 400);
    await inject({ kind: 'status', status: 418, times: 1 });
    assert.equal((await call('GET', 'devices')).status, 418);
  });

  it('reports more often when that is wished', async () => {
    await simulator.close();
    simulator = await startPowercontroller({ now, samplePeriod: 15, speed: 2 });
    clock += MINUTE;
    assert.equal((await events()).length, 8);
  });
});
