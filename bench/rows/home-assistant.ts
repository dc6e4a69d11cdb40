import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { Child } from '../support/child';
import { type BenchFlow, singleFlow } from '../support/flows';
import { BenchRuntime, type CpuReading } from '../support/node-red';
import type { Row, Series } from '../support/row';
import { ratios } from '../support/stats';

const WARM_UP = 3;
/** ms; longer than the pause between two publications */
const PAUSE = 1200;

const READING = {
  topic: 'Meter',
  device: { id: 'meter-1', vendor: 'powerfox', model: 'poweropti', name: 'Meter' },
  payload: {
    ...{ timestamp: '2026-01-01T00:00:00.000Z', age: 0, power: 412, importPower: 412, exportPower: 0 },
    ...{
      energyImport: 17_784_955,
      energyImportTariff1: 17_784_955,
      energyImportTariff2: 0,
      energyExport: 181,
    },
    registers: { '1.7.0': 412, '1.8.0': 17_784_955, '1.8.1': 17_784_955, '1.8.2': 0, '2.8.0': 181 },
  },
};

/** What a user writes to publish a device's newest values, once a second at the most. */
const FUNCTION = `const { device, payload } = msg;
if (device?.vendor !== 'powerfox') return null;
const known = context.get('known') || {};
for (const name of ['power', 'importPower', 'exportPower', 'energyImport', 'energyImportTariff1', 'energyImportTariff2', 'energyExport']) {
  const value = Number(payload[name]);
  if (Number.isFinite(value)) known[name] = value;
}
context.set('known', known);
const now = Date.now();
if (now - (context.get('sent') || 0) < 1000) return null;
context.set('sent', now);
return { topic: 'bench/' + device.id + '/state', payload: JSON.stringify(known), retain: true };`;

const BROKER = {
  ...{ id: 'broker', type: 'mqtt-broker', broker: '127.0.0.1', clientid: '' },
  ...{ birthTopic: 'bench/status', birthQos: '1', birthRetain: 'true', birthPayload: 'online' },
  ...{ willTopic: 'bench/status', willQos: '1', willRetain: 'true', willPayload: 'offline' },
};

/** Readings of a meter that are shown in Home Assistant. */
export const homeAssistant: Row = {
  name: 'home-assistant',
  title: 'Home Assistant, a meter’s readings, published each second: CPU per reading',
  baseline: 'none',
  async run({ quick, say }) {
    const count = quick ? 500 : 20_000;
    const rounds = quick ? 1 : 7;
    const server = Child.start(join(__dirname, '..', 'servers', 'broker.js'));
    const runtimes: BenchRuntime[] = [];
    try {
      const port = await server.call<number>('listen');
      const broker = {
        ...{ ...BROKER, port: String(port), autoConnect: true, usetls: false },
        ...{ protocolVersion: '4', keepalive: '60', cleansession: true },
      };
      const ways: { name: string; entry: string; flow: BenchFlow }[] = [
        {
          name: '`home-assistant-device`',
          entry: 'shown',
          flow: singleFlow([
            broker,
            // The end of its type is that of config nodes, which have no place on a tab.
            {
              ...{ id: 'shown', type: 'home-assistant-device', broker: 'broker', every: 1, watch: 15 },
              ...{ z: 'bench-tab', x: 1, y: 1, wires: [[]] },
            },
          ]),
        },
        {
          name: 'core `function` + `mqtt out`',
          entry: 'function',
          flow: singleFlow([
            broker,
            {
              ...{ id: 'function', type: 'function', func: FUNCTION, outputs: 1 },
              libs: [],
              wires: [['out']],
            },
            {
              ...{ id: 'out', type: 'mqtt out', topic: '', qos: '1', retain: '', broker: 'broker' },
              wires: [],
            },
          ]),
        },
      ];
      const series = ways.map(({ name }): Series => ({ name, unit: 'µs', values: [] }));
      for (const { flow } of ways) runtimes.push(await BenchRuntime.start(flow));
      await setTimeout(3000);
      for (let round = quick ? -1 : -WARM_UP; round < rounds; round++) {
        for (const [index, { entry, name }] of ways.entries()) {
          const runtime = runtimes[index];
          if (!runtime) continue;
          const first = await server.call<number>('published');
          const before = await runtime.call<CpuReading>('cpu');
          await runtime.call('fire', {
            ...{ node: entry, count, atATime: 20, message: READING, varies: 'power' },
          });
          await setTimeout(PAUSE);
          const after = await runtime.call<CpuReading>('cpu');
          if (round >= 0 && (await server.call<number>('published')) === first)
            throw new Error(`${name} published nothing`);
          if (round >= 0) series[index]?.values.push((after.cpu - before.cpu) / count);
        }
        say(`home-assistant: round ${round + 1} of ${rounds}`);
      }
      const [ours = [], core = []] = series.map(({ values }) => values);
      return {
        series,
        figures: [{ name: '`home-assistant-device` / core', unit: '', values: ratios(ours, core) }],
        notes: [
          'Ours finds out what to announce of any device of this package, watches its availability and bounds what it keeps; the `function` knows this one device.',
        ],
      };
    } finally {
      await Promise.all([server.stop(), ...runtimes.map((runtime) => runtime.stop())]);
    }
  },
};
