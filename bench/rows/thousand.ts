import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import type { MetersCounters, MetersOptions } from '../servers/meters';
import { Child } from '../support/child';
import { type BenchFlow, coreFlow, hostUrls, meterFlow, rawMeterFlow, subflowFlow } from '../support/flows';
import { BenchRuntime, type CpuReading, type LoopDelay } from '../support/node-red';
import type { Row, Series } from '../support/row';
import { ratios } from '../support/stats';

/** ms of the server */
const DELAY = 20;

interface Steady {
  cpu: number;
  delay: LoopDelay;
  connections: number;
  requests: number;
}

/** Many devices polled each second, each on a host of its own. */
export const thousand: Row = {
  name: 'thousand',
  title: '1,000 devices at 1 s: CPU, event-loop delay, connections',
  baseline:
    'core 59 % of a core, p99 12.5 ms; staggered around lean got 41 %, 6.4 ms; around raw `node:http` 13 %, 1.9 ms',
  async run({ quick, say }) {
    const devices = quick ? 100 : 1000;
    const rounds = quick ? 1 : 2;
    const warmUp = quick ? 2500 : 8000;
    const span = quick ? 2000 : 15_000;
    const ways: { name: string; flow: (urls: string[]) => BenchFlow }[] = [
      { name: 'our nodes', flow: (urls) => meterFlow(urls, 1) },
      { name: 'our nodes in an instance of a subflow each', flow: (urls) => subflowFlow(urls, 1) },
      { name: 'core chains (`inject`, `http request`, `function`)', flow: (urls) => coreFlow(urls, 1) },
      { name: 'our node on raw `node:http`', flow: (urls) => rawMeterFlow(urls, 1) },
    ];
    const found: Steady[][] = ways.map(() => []);
    for (let round = 0; round < rounds; round++) {
      for (const [index, { name, flow }] of ways.entries()) {
        say(`thousand: round ${round + 1} of ${rounds}, ${name}`);
        found[index]?.push(await steady((port) => flow(hostUrls(port, devices)), warmUp, span));
      }
    }
    const [ours = [], , core = []] = found;
    const cpuOf = (list: Steady[]): number[] => list.map(({ cpu }) => cpu * 100);
    // A way that cannot keep up on a busy machine must not look cheap.
    const cpuPerReading = (list: Steady[]): number[] =>
      list.map(({ cpu, requests }) => (cpu * span * 1000) / requests);
    const series = ways.flatMap(({ name }, index): Series[] => [
      { name: `${name}: CPU of one core`, unit: '%', values: cpuOf(found[index] ?? []) },
      {
        name: `${name}: event-loop delay p99`,
        unit: 'ms',
        values: (found[index] ?? []).map(({ delay }) => delay.p99),
      },
      {
        name: `${name}: event-loop delay p99.9`,
        unit: 'ms',
        values: (found[index] ?? []).map(({ delay }) => delay.p999),
      },
      {
        name: `${name}: readings a second`,
        unit: '',
        values: (found[index] ?? []).map(({ requests }) => (requests / span) * 1000),
      },
    ]);
    if (ours.some(({ requests }) => requests === 0)) throw new Error('nothing was read');
    return {
      series,
      figures: [
        {
          name: 'CPU per reading, our nodes / core',
          unit: '',
          values: ratios(cpuPerReading(ours), cpuPerReading(core)),
          must: 0.6,
          aim: 0.4,
        },
        {
          name: 'event-loop delay p99',
          unit: 'ms',
          values: ours.map(({ delay }) => delay.p99),
          must: 25,
          aim: 10,
        },
        {
          name: 'new connections after the warm-up',
          unit: '',
          values: ours.map(({ connections }) => connections),
          must: 0,
        },
      ],
      notes: [
        `${devices} devices, each on a loopback address of its own; ${span / 1000} s after ${warmUp / 1000} s of warm-up.`,
      ],
    };
  },
};

async function steady(flow: (port: number) => BenchFlow, warmUp: number, span: number): Promise<Steady> {
  const server = Child.start(join(__dirname, '..', 'servers', 'meters.js'));
  let runtime: BenchRuntime | undefined;
  try {
    const port = await server.call<number>('listen', { delay: DELAY } satisfies MetersOptions);
    runtime = await BenchRuntime.start(flow(port));
    await setTimeout(warmUp);
    const before = await server.call<MetersCounters>('counters');
    const from = await runtime.call<CpuReading>('cpu');
    await runtime.call('startWatching');
    await setTimeout(span);
    const delay = await runtime.call<LoopDelay>('stopWatching');
    const to = await runtime.call<CpuReading>('cpu');
    const after = await server.call<MetersCounters>('counters');
    return {
      cpu: (to.cpu - from.cpu) / (to.time - from.time),
      delay,
      connections: after.connections - before.connections,
      requests: after.requests - before.requests,
    };
  } finally {
    await Promise.all([server.stop(), runtime?.stop()]);
  }
}
