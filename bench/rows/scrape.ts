import { BenchRuntime, type CpuReading, type LoopDelay } from '../support/node-red';
import { singleFlow } from '../support/flows';
import type { Row, Series } from '../support/row';

/** Devices and values of each: with `up` they are the most that one answer holds. */
const DEVICES = 100;
const VALUES = 99;
const LINES = 10_000;
const WARM_UP = 5;

/** A UPS of many ports that is told anew all the time, one device after the other. */
const FEED = `const values = Object.fromEntries(Array.from({ length: ${VALUES} }, (_, i) => ['value' + i, { value: i + Math.random() }]));
const tell = (i) => node.send({ device: { vendor: 'enapter', id: 'device-' + i, name: 'Device ' + i }, payload: values });
for (let i = 0; i < ${DEVICES}; i++) tell(i);
let next = 0;
const timer = setInterval(() => tell(next++ % ${DEVICES}), 20);
context.set('timer', timer);`;

/** What Prometheus asks for, while readings come. */
export const scrape: Row = {
  name: 'scrape',
  title: 'A scrape of 10,000 values: time, longest block',
  baseline: 'not measured',
  async run({ quick, say }) {
    const rounds = quick ? 3 : 30;
    const flow = singleFlow([
      {
        id: 'feed',
        type: 'function',
        func: 'return null;',
        initialize: FEED,
        outputs: 1,
        libs: [],
        wires: [['metrics']],
      },
      {
        ...{ id: 'metrics', type: 'energy-metrics', prometheus: true, path: 'metrics', access: 'open' },
        ...{ staleAfter: 900, output: 'points', every: 10, wires: [[]] },
      },
    ]);
    const runtime = await BenchRuntime.start(flow);
    try {
      const time: Series = { name: 'from the request to the last byte', unit: 'ms', values: [] };
      const cpu: Series = { name: 'CPU of Node-RED', unit: 'ms', values: [] };
      const block: Series = { name: 'longest block of the event loop', unit: 'ms', values: [] };
      for (let round = -WARM_UP; round < rounds;) {
        await runtime.call('startWatching');
        const before = await runtime.call<CpuReading>('cpu');
        const begun = performance.now();
        const text = await (await fetch(`${runtime.url}/metrics`)).text();
        const took = performance.now() - begun;
        const after = await runtime.call<CpuReading>('cpu');
        const { max } = await runtime.call<LoopDelay>('stopWatching');
        // Readings come after the flow has started.
        if (text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length <= LINES) continue;
        if (round++ < 0) continue;
        time.values.push(took);
        cpu.values.push((after.cpu - before.cpu) / 1000);
        block.values.push(max);
      }
      say(`scrape: ${rounds} rounds`);
      return {
        series: [time, cpu, block],
        figures: [
          { name: 'time of a scrape', unit: 'ms', values: time.values, must: 100, aim: 30 },
          { name: 'longest block', unit: 'ms', values: [Math.max(...block.values)], must: 50, aim: 20 },
        ],
        notes: [
          `${DEVICES} devices with ${VALUES + 1} values each; every 20 ms one of them tells all of its values anew.`,
        ],
      };
    } finally {
      await runtime.stop();
    }
  },
};
