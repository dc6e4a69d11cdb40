import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { Child } from '../support/child';
import { type BenchFlow, singleFlow } from '../support/flows';
import { BenchRuntime, type CpuReading } from '../support/node-red';
import type { Row, Series } from '../support/row';
import { ratios } from '../support/stats';

/** rounds until the compiler has settled: what is measured runs for years */
const WARM_UP = 3;
const VALUES = { voltage: 229.8, current: 4.2, power: 965.2, energy: 17_784.9, state: 'on', alarm: false };

/** Values that a device publishes over MQTT, QoS 0. */
export const telemetry: Row = {
  name: 'telemetry',
  title: 'MQTT telemetry: CPU per message',
  baseline: 'core `mqtt out` 6.1 µs, mqtt.js alone 3.4 µs',
  async run({ quick, say }) {
    const count = quick ? 500 : 20_000;
    const rounds = quick ? 2 : 7;
    const broker = Child.start(join(__dirname, '..', 'servers', 'broker.js'));
    const runtimes: BenchRuntime[] = [];
    try {
      const port = await broker.call<number>('listen');
      const config = JSON.stringify({
        mqtt_protocol: 'MQTT',
        mqtt_host: '127.0.0.1',
        mqtt_port: port,
        hardware_id: 'BENCH',
        channel_id: 'bench',
        mqtt_credentials: { username: 'bench', password: 'bench' },
      });
      const ways: { name: string; flow: BenchFlow; entry: string }[] = [
        {
          name: '`enapter-telemetry`',
          entry: 'telemetry',
          flow: singleFlow(
            [
              {
                id: 'connection',
                type: 'enapter-connection',
                name: '',
                host: '',
                propertiesTopic: 'register',
              },
              {
                id: 'telemetry',
                type: 'enapter-telemetry',
                connection: 'connection',
                operation: 'telemetry',
              },
            ],
            { connection: { config } },
          ),
        },
        {
          name: 'core `function` + `mqtt out`',
          entry: 'function',
          flow: singleFlow([
            {
              ...{ id: 'broker', type: 'mqtt-broker', broker: '127.0.0.1', port: String(port), clientid: '' },
              ...{
                autoConnect: true,
                usetls: false,
                protocolVersion: '4',
                keepalive: '60',
                cleansession: true,
              },
            },
            {
              id: 'function',
              type: 'function',
              func: 'msg.payload = { timestamp: Math.floor(Date.now() / 1000), ...msg.payload };\nreturn msg;',
              outputs: 1,
              libs: [],
              wires: [['out']],
            },
            {
              id: 'out',
              type: 'mqtt out',
              topic: 'bench/telemetry',
              qos: '0',
              retain: 'false',
              broker: 'broker',
              wires: [],
            },
          ]),
        },
        {
          name: 'core `mqtt out` alone',
          entry: 'out',
          flow: singleFlow([
            {
              ...{ id: 'broker', type: 'mqtt-broker', broker: '127.0.0.1', port: String(port), clientid: '' },
              ...{
                autoConnect: true,
                usetls: false,
                protocolVersion: '4',
                keepalive: '60',
                cleansession: true,
              },
            },
            {
              id: 'out',
              type: 'mqtt out',
              topic: 'bench/telemetry',
              qos: '0',
              retain: 'false',
              broker: 'broker',
              wires: [],
            },
          ]),
        },
      ];
      const series = ways.map(({ name }): Series => ({ name, unit: 'µs', values: [] }));
      for (const { flow } of ways) runtimes.push(await BenchRuntime.start(flow));
      await setTimeout(quick ? 1000 : 3000);
      for (let round = quick ? 0 : -WARM_UP; round < rounds; round++) {
        for (const [index, { name, entry }] of ways.entries()) {
          const runtime = runtimes[index];
          if (!runtime) continue;
          const first = await broker.call<number>('published');
          const before = await runtime.call<CpuReading>('cpu');
          await runtime.call('fire', { node: entry, count, atATime: 20, message: { payload: VALUES } });
          await arrive(broker, first + count, name);
          const after = await runtime.call<CpuReading>('cpu');
          if (round >= 0) series[index]?.values.push((after.cpu - before.cpu) / count);
        }
        say(`telemetry: round ${round + 1} of ${rounds}`);
      }
      const [ours = [], chain = [], alone = []] = series.map(({ values }) => values);
      return {
        series,
        figures: [
          {
            name: '`enapter-telemetry` / core `mqtt out`',
            unit: '',
            values: ratios(ours, alone),
            must: 1.1,
            aim: 1,
          },
          {
            name: '`enapter-telemetry` / core `function` + `mqtt out`',
            unit: '',
            values: ratios(ours, chain),
            must: 1.1,
            aim: 1,
          },
        ],
        notes: [
          'Ours adds the time, checks each value and remembers the newest for a new connection; `mqtt out` alone sends what it gets.',
        ],
      };
    } finally {
      await Promise.all([broker.stop(), ...runtimes.map((runtime) => runtime.stop())]);
    }
  },
};

/** Waits until the broker has read what was sent. */
async function arrive(broker: Child, expected: number, name: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const published = await broker.call<number>('published');
    if (published >= expected) return;
    if (Date.now() > deadline) throw new Error(`${name}: ${expected - published} messages did not arrive`);
    await setTimeout(20);
  }
}
