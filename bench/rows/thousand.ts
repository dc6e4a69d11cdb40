import { type BenchFlow, coreFlow, hostUrls, meterFlow, rawMeterFlow, subflowFlow } from '../support/flows';
import type { Row, Series } from '../support/row';
import { ratios } from '../support/stats';
import { steady, type Steady } from '../support/steady';

/** Many devices polled each second, each on a host of its own. */
export const thousand: Row = {
  name: 'thousand',
  title: '1,000 devices at 1 s: CPU, event-loop delay, connections',
  baseline:
    'core 59 % of a core, p99 12.5 ms; staggered around lean got 41 %, 6.4 ms; around raw `node:http` 13 %, 1.9 ms',
  async run({ quick, say }) {
    const devices = quick ? 100 : 1000;
    const rounds = quick ? 1 : 2;
    const warmUp = quick ? 1500 : 8000;
    const span = quick ? 1000 : 15_000;
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
          must: 0.35,
        },
        {
          name: 'event-loop delay p99',
          unit: 'ms',
          values: ours.map(({ delay }) => delay.p99),
          must: 5,
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
