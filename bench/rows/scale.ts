import { hostUrls, meterFlow } from '../support/flows';
import type { Row, Series } from '../support/row';
import { steady, type Steady } from '../support/steady';

/** Devices, and s from reading to reading. */
const STEPS: readonly (readonly [devices: number, interval: number])[] = [
  [1000, 1],
  [4000, 5],
  [4000, 1],
  [10_000, 10],
  [10_000, 5],
  [10_000, 1],
];

/** How far one Node-RED goes. */
export const scale: Row = {
  name: 'scale',
  title: 'Scale: 1,000, 4,000 and 10,000 devices on one core',
  baseline: 'none',
  async run({ quick, say }) {
    const steps = quick ? [[100, 1] as const] : STEPS;
    const rounds = 1;
    /** ms, whole intervals: devices that began together are due together */
    const spanOf = (interval: number): number => (quick ? 1000 : Math.max(15, 2 * interval) * 1000);
    const found: Steady[][] = steps.map(() => []);
    for (let round = 0; round < rounds; round++) {
      for (const [index, [devices, interval]] of steps.entries()) {
        say(`scale: round ${round + 1} of ${rounds}, ${devices} each ${interval} s`);
        // Each is read once or twice before it counts, and the first readings take their turns.
        const warmUp = quick ? 1500 : Math.max(6000 + 2000 * interval, 3 * devices);
        found[index]?.push(
          await steady((port) => meterFlow(hostUrls(port, devices), interval), warmUp, spanOf(interval)),
        );
      }
    }
    const series = steps.flatMap(([devices, interval], index): Series[] => {
      const all = found[index] ?? [];
      const name = `${devices.toLocaleString('en-GB').replaceAll(',', ' ')} devices each ${interval} s`;
      const wanted = devices / interval;
      const span = spanOf(interval);
      const read = all.map(({ requests }) => (requests / span) * 1000);
      return [
        { name: `${name}: CPU of one core`, unit: '%', values: all.map(({ cpu }) => cpu * 100) },
        {
          name: `${name}: CPU per reading`,
          unit: 'µs',
          values: all.map(({ cpu, requests }) => (cpu * span * 1000) / requests),
        },
        { name: `${name}: event-loop delay p99`, unit: 'ms', values: all.map(({ delay }) => delay.p99) },
        {
          name: `${name}: readings kept of those due`,
          unit: '%',
          values: read.map((one) => (one / wanted) * 100),
        },
        { name: `${name}: heap in use`, unit: 'MB', values: all.map(({ heap }) => heap / 2 ** 20) },
      ];
    });
    return {
      series,
      figures: [],
      notes: [
        `Each device on a loopback address of its own, measured for 15 s, and for two intervals at least; device and Node-RED share two cores with others. What is read late is read less often, and nothing piles up.`,
      ],
    };
  },
};
