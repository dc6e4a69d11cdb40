import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { METRICS } from '../../lib/metrics/definitions';
import { Exposition } from '../../lib/metrics/exposition';
import { readMessage } from '../../lib/metrics/read';
import { projectRoot } from '../../scripts/support/project-root';
import { type PoweroptiSimulator, startPoweropti } from '../../simulators/poweropti';
import { meter, others } from '../support/home-assistant-messages';
import { type Prometheus, promtool, startPrometheus } from '../support/prometheus';
import { type FlowNode, type Runtime, startRuntime } from '../support/runtime';

/** s of scraping: two minutes where somebody asks for it */
const SECONDS = Number(process.env.PROMETHEUS_SECONDS ?? 16);
const DEVICES = 200;
/** Devices that are switched off in the middle. */
const LOST = 10;
const INTERVAL = 2;
const PASSWORD = 'a "password" of its own';
/** ms between the moment that a message is written down and the one at which it is told, on a busy machine */
const SLACK = 250;

/** What a meter's node has sent, in its order. */
interface Told {
  time: number;
  device: string;
  payload: Record<string, unknown>;
}

const FIELDS: Readonly<Record<string, string>> = {
  power: 'energy_device_power_watts',
  importPower: 'energy_device_import_power_watts',
  exportPower: 'energy_device_export_power_watts',
  energyImport: 'energy_device_energy_import_watthours_total',
  energyImportTariff1: 'energy_device_energy_import_tariff_1_watthours_total',
  energyExport: 'energy_device_energy_export_watthours_total',
};

function flowOf(meters: readonly PoweroptiSimulator[], record: string): FlowNode[] {
  const placed = { z: 'tab', x: 100, y: 40 };
  const devices = meters.flatMap(({ host }, i): FlowNode[] => [
    {
      id: `d${i}`,
      type: 'poweropti-device',
      name: `Meter ${i}`,
      host,
      interval: 2 + (i % 4),
      staleAfter: 60,
    },
    {
      ...{
        id: `m${i}`,
        type: 'poweropti-meter',
        ...placed,
        device: `d${i}`,
        topic: '',
        deadband: 0,
        raw: false,
      },
      wires: [
        ['record', 'metrics'],
        ['record', 'metrics'],
      ],
    },
  ]);
  return [
    { id: 'tab', type: 'tab', label: 'metrics' },
    ...devices,
    {
      ...{
        id: 'record',
        type: 'function',
        ...placed,
        name: 'record',
        outputs: 1,
        libs: [],
        wires: [['file']],
      },
      func: 'return { payload: JSON.stringify({ time: Date.now(), device: msg.device.id, payload: msg.payload }) };',
    },
    {
      ...{ id: 'file', type: 'file', ...placed, filename: record, filenameType: 'str', appendNewline: true },
      ...{ overwriteFile: 'false', createDir: false, encoding: 'none', wires: [[]] },
    },
    {
      ...{ id: 'metrics', type: 'energy-metrics', ...placed, prometheus: true, path: 'metrics' },
      ...{ access: 'password', staleAfter: 900, output: 'points', every: 10, wires: [[]] },
    },
  ];
}

describe('a real Prometheus', () => {
  const folder = mkdtempSync(join(tmpdir(), 'metrics-'));
  const record = join(folder, 'record');
  const meters: PoweroptiSimulator[] = [];
  let runtime: Runtime;
  let prometheus: Prometheus;

  const told = (): Told[] =>
    readFileSync(record, 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Told);
  const scrape = async (): Promise<string> => {
    const authorization = `Basic ${Buffer.from(`x:${PASSWORD}`).toString('base64')}`;
    const response = await fetch(`${runtime.url}/metrics`, { headers: { authorization } });
    assert.equal(response.status, 200);
    return response.text();
  };

  before(async () => {
    for (let i = 0; i < DEVICES; i++)
      meters.push(await startPoweropti({ apiKey: `key-of-meter-${i}`, seed: i + 1, speed: 60 }));
    const keys = meters.map(({ apiKey }, i) => [`d${i}`, { apiKey }]);
    runtime = await startRuntime({
      flows: flowOf(meters, record),
      credentials: { ...Object.fromEntries(keys), metrics: { password: PASSWORD } } as Record<
        string,
        Record<string, string>
      >,
    });
    const all = (status: { text?: string }): boolean => status.text?.includes(`${DEVICES}`) === true;
    await runtime.waitForStatus('metrics', all, { timeout: 60_000 });
    prometheus = await startPrometheus({
      ...{ address: `127.0.0.1:${runtime.port}`, path: '/metrics', password: PASSWORD, interval: INTERVAL },
    });
  });

  after(async () => {
    await prometheus.close();
    await runtime.stop();
    await Promise.all(meters.map((one) => one.close()));
    rmSync(folder, { recursive: true, force: true });
  });

  it(`has, of ${DEVICES} devices, each value of the moment, and none of a device that is lost`, async () => {
    await pause((SECONDS / 2) * 1000);
    await Promise.all(meters.slice(0, LOST).map((one) => one.close()));
    await pause((SECONDS / 2) * 1000);
    const messages = new Map<string, Told[]>();
    for (const one of told()) {
      const list = messages.get(one.device) ?? [];
      list.push(one);
      messages.set(one.device, list);
    }
    assert.equal(messages.size, DEVICES);

    const range = `[${SECONDS + 60}s]`;
    const series = await prometheus.query(`{__name__=~"energy_device_.*"}${range}`);
    const lasted = await prometheus.query(`scrape_duration_seconds${range}`);
    const scrapes = new Map(lasted.flatMap(({ values }) => values.map(([at, s]) => [at, Number(s) * 1000])));
    assert.ok(scrapes.size >= Math.floor(SECONDS / INTERVAL / 2), `${scrapes.size} scrapes`);
    const found = new Map<string, number>();
    for (const { metric, values } of series) {
      for (const [at, value] of values) found.set(`${metric.__name__} ${metric.device} ${at}`, Number(value));
    }

    let [compared, between, away] = [0, 0, 0];
    for (const [device, list] of messages) {
      for (const [at, duration] of scrapes) {
        const begun = at * 1000;
        // What may have been the newest message while the answer was made.
        const before = list.findLast(({ time }) => time < begun - SLACK);
        const during = list.filter(({ time }) => time >= begun - SLACK && time <= begun + duration + SLACK);
        const candidates = before ? [before, ...during] : during;
        if (!before) continue;
        if (during.length > 0) between += 1;
        const isUp = candidates.map(({ payload }) => payload.available !== false);
        const up = found.get(`energy_device_up ${device} ${at}`);
        assert.ok(up !== undefined && isUp.includes(up === 1), `up ${String(up)} of ${device} at ${at}`);
        for (const [field, name] of Object.entries(FIELDS)) {
          const value = found.get(`${name} ${device} ${at}`);
          const possible = candidates.map(({ payload }) => {
            if (payload.available === false) return undefined;
            // An availability of before the reading says nothing about values.
            const reading = payload.available === true ? undefined : payload[field];
            return typeof reading === 'number' ? reading : undefined;
          });
          assert.ok(
            possible.includes(value),
            `${name} of ${device} at ${at}: ${String(value)}, not ${possible.join(' or ')}`,
          );
          if (value === undefined) away++;
          else compared++;
        }
      }
    }
    console.log(
      `      (${scrapes.size} scrapes, ${compared} values compared, ${between} of a moment with a reading, ${away} rightly absent; ${found.size} samples)`,
    );
    assert.ok(compared > DEVICES * scrapes.size && away >= LOST * 3, `${compared} values, ${away} absent`);

    // One scrape after the loss is known, nothing of the device is there but that it is not up.
    for (const [device, list] of messages) {
      const last = list.at(-1);
      if (last?.payload.available !== false) continue;
      const after = [...scrapes.keys()].filter((at) => at * 1000 > last.time + SLACK);
      for (const at of after) {
        assert.equal(found.get(`energy_device_up ${device} ${at}`), 0);
        for (const name of Object.values(FIELDS))
          assert.equal(found.has(`${name} ${device} ${at}`), false, name);
      }
    }
  });

  it('is content with the format, as promtool is, without a word', async () => {
    assert.deepEqual(promtool(await scrape()), { said: '', status: 0 });
    const all = METRICS.map(
      ({ name, type, help }) => `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name} 1\n`,
    );
    assert.deepEqual(promtool(all.join('')), { said: '', status: 0 });
  });

  it('is content with hostile names, and with messages of all systems', () => {
    const names = [
      '"',
      '\\',
      'a\nb',
      '"} 1\nx{y="',
      '__proto__',
      'x'.repeat(10_240),
      'a\ud800',
      'a\u0000',
      '😀'.repeat(99),
    ];
    const exposition = new Exposition(900_000, () => undefined);
    const hostile = names.flatMap((name): object[] => [
      { device: { vendor: 'powerfox', id: name, name }, payload: { power: Number.NaN, energyImport: 5 } },
      {
        device: { vendor: 'powerflex', id: name, name },
        payload: { name, maxLoad: 5, maxLoadUnit: 'A', enabled: true },
      },
      { device: { vendor: 'enapter', id: `a${name}`, name }, payload: { [name]: { value: 1e300 } } },
    ]);
    for (const message of [meter(), ...others(), ...hostile]) {
      for (const reading of readMessage(message)) exposition.take(reading);
    }
    assert.deepEqual(promtool(exposition.lines().join('')), { said: '', status: 0 });
  });

  it('takes every expression of the dashboard for Grafana, and finds its devices', async () => {
    const file = join(projectRoot(), 'docs/grafana/energy-devices.json');
    const text = readFileSync(file, 'utf8');
    const expressions = [...text.matchAll(/"(?:expr|query)": "((?:[^"\\]|\\.)*)"/g)].map(
      ([, one]) => JSON.parse(`"${String(one)}"`) as string,
    );
    assert.ok(expressions.length >= 10);
    const known = new Set(METRICS.map(({ name }) => name));
    for (const expression of expressions) {
      for (const [name] of expression.matchAll(/energy_device_\w+/g)) assert.ok(known.has(name), name);
      if (/^\w*label_values\(/.test(expression) || expression === 'prometheus') continue;
      const filled = expression
        .replaceAll('$__rate_interval', '1m')
        .replaceAll('$__range', '5m')
        .replaceAll(/\$\w+/g, '.*');
      await prometheus.query(filled);
    }
    const names = await prometheus.query('count(energy_device_up)');
    assert.equal((names as unknown as { value: [number, string] }[])[0]?.value[1], String(DEVICES));
  });
});
