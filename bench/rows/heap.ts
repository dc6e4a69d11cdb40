import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import type { MetersCounters, MetersOptions } from '../servers/meters';
import { Child } from '../support/child';
import {
  type BenchFlow,
  coreFlow,
  emptyFlow,
  hostUrls,
  meterFlow,
  meterUrls,
  pairFlow,
  subflowFlow,
} from '../support/flows';
import { BenchRuntime } from '../support/node-red';
import type { Row } from '../support/row';

/** s: long enough that nothing is in flight while the heap is looked at */
const INTERVAL = 3;

/** What a device costs while it is read: its config node, its meter node, its poller and its last reading. */
export const heap: Row = {
  name: 'heap',
  title: 'Heap per polled device',
  baseline: 'core chain 156 KB; thin nodes that share one client 2.4 KB',
  async run({ quick, say }) {
    const devices = quick ? 200 : 1000;
    const interval = quick ? 1 : INTERVAL;
    const rounds = quick ? 1 : 2;
    const few = devices / 10;
    const all: { name: string; flow: (port: number) => BenchFlow; polled: boolean; count?: number }[] = [
      { name: 'empty', flow: emptyFlow, polled: false },
      {
        name: 'our config node and meter node',
        flow: (port) => meterFlow(meterUrls(port, devices), interval),
        polled: true,
      },
      {
        name: `the same, where there are ${few}`,
        flow: (port) => meterFlow(meterUrls(port, few), interval),
        polled: true,
        count: few,
      },
      {
        name: 'the same with a host, and so a connection, each',
        flow: (port) => meterFlow(hostUrls(port, devices), interval),
        polled: true,
      },
      {
        name: 'the same in an instance of a subflow each',
        flow: (port) => subflowFlow(meterUrls(port, devices), interval),
        polled: true,
      },
      {
        name: 'core chain (`inject`, `http request`, `function`)',
        flow: (port) => coreFlow(meterUrls(port, devices), interval),
        polled: true,
      },
      { name: 'two nodes that do nothing', flow: () => pairFlow(devices), polled: false },
    ];
    // The empty flow and ours are what the figure is made of.
    const ways = quick ? all.slice(0, 3) : all;
    const found: number[][] = ways.map(() => []);
    for (let round = 0; round < rounds; round++) {
      say(`heap: round ${round + 1} of ${rounds}`);
      for (const [index, { flow, polled, count = devices }] of ways.entries()) {
        found[index]?.push(await heapOf(flow, polled ? 2 * count : 0));
      }
    }
    const [empty = [], ours = [], ofFew = []] = found;
    const perDevice = (values: number[], count = devices, base = empty): number[] =>
      values.map((value, round) => (value - (base[round] ?? NaN)) / count / 1024);
    return {
      series: ways.slice(1).map(({ name, count }, index) => ({
        name,
        unit: 'KB',
        values: perDevice(found[index + 1] ?? [], count),
      })),
      figures: [
        { name: 'heap per device', unit: 'KB', values: perDevice(ours), must: 10, aim: 8 },
        {
          name: `heap of each device beyond the first ${few}`,
          unit: 'KB',
          values: perDevice(ours, devices - few, ofFew),
        },
      ],
      notes: [
        `Heap in use after garbage collection, ${devices} devices read twice, less that of an empty flow: what is loaded with the first device is in it. Beyond the first ${few}, it is not.`,
      ],
    };
  },
};

async function heapOf(flow: (port: number) => BenchFlow, requests: number): Promise<number> {
  const server = Child.start(join(__dirname, '..', 'servers', 'meters.js'));
  let runtime: BenchRuntime | undefined;
  try {
    const port = await server.call<number>('listen', { delay: 0 } satisfies MetersOptions);
    runtime = await BenchRuntime.start(flow(port));
    while ((await server.call<MetersCounters>('counters')).requests < requests) await setTimeout(50);
    await setTimeout(500);
    return await runtime.call<number>('heap');
  } finally {
    await Promise.all([server.stop(), runtime?.stop()]);
  }
}
