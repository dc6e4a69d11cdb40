import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import type { MetersCounters, MetersOptions } from '../servers/meters';
import { Child } from '../support/child';
import type { Driven, DriveOptions } from '../support/driver';
import {
  type BenchFlow,
  coreFlow,
  meterFlow,
  meterUrls,
  rawMeterFlow,
  thinMeterFlow,
} from '../support/flows';
import { BenchRuntime } from '../support/node-red';
import type { Row, Series } from '../support/row';
import { ratios } from '../support/stats';

const IN_FLIGHT = 16;
/** ms from round to round at the least: no device may be asked twice within a second */
const ROUND = 1100;
/** s: nothing is read but what the bench asks for */
const NEVER = 86_400;

/** One meter reading, from the message that asks to the message that answers. */
export const polling: Row = {
  name: 'polling',
  title: 'One meter reading, 16 in flight: CPU',
  baseline: 'core 389 µs; a node around lean got 239 µs, its stream 170 µs, raw `node:http` 43 µs',
  async run({ quick, say }) {
    // Each way has as many nodes, and each node is asked once a round.
    const devices = quick ? 200 : 800;
    const warmUp = quick ? 1 : 6;
    const rounds = quick ? 2 : 40;
    const server = Child.start(join(__dirname, '..', 'servers', 'meters.js'));
    const runtimes: BenchRuntime[] = [];
    try {
      const port = await server.call<number>('listen', { delay: 0 } satisfies MetersOptions);
      const urls = meterUrls(port, devices);
      const ways: { name: string; flow: BenchFlow }[] = [
        { name: 'our node', flow: meterFlow(urls, NEVER) },
        { name: 'core `http request` + `function`', flow: coreFlow(urls) },
        { name: 'our node on raw `node:http`', flow: rawMeterFlow(urls, NEVER) },
        { name: 'bare node on raw `node:http`', flow: thinMeterFlow(urls) },
      ];
      const series = ways.map(({ name }): Series => ({ name, unit: 'µs', values: [] }));
      for (const { flow } of ways) runtimes.push(await BenchRuntime.start(flow));
      // Each device has its first reading by itself.
      for (let seen = 0; ;) {
        await setTimeout(1500);
        const { requests } = await server.call<MetersCounters>('counters');
        if (requests > 0 && requests === seen) break;
        seen = requests;
      }
      for (let round = -warmUp; round < rounds; round++) {
        const over = setTimeout(ROUND);
        for (const [index, { name, flow }] of ways.entries()) {
          const options: DriveOptions = { nodes: flow.entries, inFlight: IN_FLIGHT, count: devices };
          const driven = await runtimes[index]?.call<Driven>('drive', { ...options });
          if (!driven) throw new Error('no runtime');
          checkReading(name, driven.last);
          if (round >= 0) series[index]?.values.push(driven.cpuPerMessage);
        }
        if (round % 5 === 0) say(`polling: round ${round} of ${rounds}`);
        await over;
      }
      const [ours, core, raw, bare] = series.map(({ values }) => values) as [
        number[],
        number[],
        number[],
        number[],
      ];
      return {
        series,
        figures: [
          { name: 'our node / core', unit: '', values: ratios(ours, core), must: 0.42, aim: 0.35 },
          {
            name: 'our node / the same on raw `node:http`',
            unit: '',
            values: ratios(ours, raw),
            must: 1.4,
          },
        ],
        notes: [
          `CPU of the Node-RED process per reading, user and system, after ${warmUp * devices} readings of warm-up; ${devices} devices each way.`,
          `A bare node on raw \`node:http\`, without availability, status and sharing: our node costs ${ratioText(ours, bare)} times as much.`,
        ],
      };
    } finally {
      await Promise.all([server.stop(), ...runtimes.map((runtime) => runtime.stop())]);
    }
  },
};

function ratioText(over: number[], under: number[]): string {
  const each = ratios(over, under).sort((a, b) => a - b);
  return (each[Math.floor(each.length / 2)] ?? NaN).toFixed(1);
}

/** A fast wrong answer is no response. */
function checkReading(name: string, payload: unknown): void {
  const { power, energyImport } = (payload ?? {}) as { power?: unknown; energyImport?: unknown };
  if (typeof power !== 'number' || energyImport !== 17_784_955) {
    throw new Error(`${name} gave ${JSON.stringify(payload)}`);
  }
}
