import { join } from 'node:path';

import { Child } from '../support/child';
import type { Driven } from '../support/driver';
import { type BenchFlow, SINK, singleFlow } from '../support/flows';
import { BenchRuntime, type CpuReading, type LoopDelay } from '../support/node-red';
import type { Row } from '../support/row';
import { ratios } from '../support/stats';

interface Read {
  wall: number;
  /** ms of the process, its collector's threads included */
  cpu: number;
  block: number;
  /** MB */
  peak: number;
}

/** rows of an answer before the one that is measured: a login comes once in hours, and is none of a row's cost */
const FIRST = 2000;

/** A PowerFlex time series, from the message that asks to the last message with rows. */
export const measurements: Row = {
  name: 'measurements',
  title: 'A million measurement rows: time, longest block, memory',
  baseline: 'JSON.parse of the whole 2,450 ms, 2,452 ms, 666 MB; cut at row ends 927 ms, 9 ms, 63 MB',
  async run({ quick, say }) {
    const rows = quick ? 20_000 : 1_000_000;
    const rounds = quick ? 1 : 3;
    const server = Child.start(join(__dirname, '..', 'servers', 'series.js'));
    try {
      const port = await server.call<number>('listen');
      const url = `http://127.0.0.1:${port}`;
      const ways: { name: string; flow: BenchFlow; entry: string }[] = [
        {
          name: '`powerflex-measurements`, messages of 1,000 rows',
          entry: 'rows',
          flow: singleFlow(
            [
              { id: 'site', type: 'powerflex-site', name: '', url, tls: '', accId: 1 },
              {
                id: 'rows',
                type: 'powerflex-measurements',
                site: 'site',
                measurement: 'ct_response',
                output: 'messages',
                hours: 0,
                rowsPerMessage: 1000,
                powerUnit: 'kW',
                wires: [[SINK], [SINK]],
              },
            ],
            { site: { username: 'bench', password: 'bench' } },
          ),
        },
        {
          name: 'raw `node:http` and JSON.parse of the whole',
          entry: 'whole',
          flow: singleFlow([{ id: 'whole', type: 'bench-whole-json', url: `${url}/get_measurement_data` }]),
        },
      ];
      const found: Read[][] = ways.map(() => []);
      for (let round = 0; round < rounds; round++) {
        for (const [index, { flow, entry }] of ways.entries()) {
          found[index]?.push(await readOnce(server, flow, entry, rows));
        }
        say(`measurements: round ${round + 1} of ${rounds}`);
      }
      const [ours = [], whole = []] = found;
      const of = (list: Read[], what: keyof Read): number[] => list.map((read) => read[what]);
      return {
        series: ways.flatMap(({ name }, index) => [
          { name: `${name}: time`, unit: 'ms', values: of(found[index] ?? [], 'wall') },
          { name: `${name}: CPU`, unit: 'ms', values: of(found[index] ?? [], 'cpu') },
          { name: `${name}: longest block`, unit: 'ms', values: of(found[index] ?? [], 'block') },
          { name: `${name}: peak memory above the base`, unit: 'MB', values: of(found[index] ?? [], 'peak') },
        ]),
        figures: [
          {
            name: 'time / JSON.parse of the whole',
            unit: '',
            values: ratios(of(ours, 'wall'), of(whole, 'wall')),
            must: 0.75,
            aim: 0.6,
          },
          {
            name: 'CPU / that of JSON.parse of the whole',
            unit: '',
            values: ratios(of(ours, 'cpu'), of(whole, 'cpu')),
            must: 0.75,
          },
          { name: 'longest block', unit: 'ms', values: of(ours, 'block'), must: 50, aim: 20 },
          { name: 'peak memory above the base', unit: 'MB', values: of(ours, 'peak'), must: 120 },
        ],
        notes: [
          `${rows} rows of 17 columns in a process of their own each time, typed and sent as messages; the comparison only counts its rows. Before that ${FIRST} rows: ours logs in with them, and loads got for it.`,
        ],
      };
    } finally {
      await server.stop();
    }
  },
};

async function readOnce(server: Child, flow: BenchFlow, entry: string, rows: number): Promise<Read> {
  const runtime = await BenchRuntime.start(flow);
  const drive = async (count: number): Promise<Driven> => {
    await server.call('serve', count);
    const options = { nodes: [entry], inFlight: 1, count: 1, untilComplete: true };
    return await runtime.call<Driven>('drive', options);
  };
  try {
    await drive(FIRST);
    const base = await runtime.call<number>('startPeak');
    await runtime.call('startWatching');
    const before = await runtime.call<CpuReading>('cpu');
    const driven = await drive(rows);
    const after = await runtime.call<CpuReading>('cpu');
    const { max } = await runtime.call<LoopDelay>('stopWatching');
    const peak = await runtime.call<number>('stopPeak');
    const { rows: got } = driven.last as { rows?: unknown };
    if (got !== rows) throw new Error(`${String(got)} of ${rows} rows`);
    const cpu = (after.cpu - before.cpu) / 1000;
    return { wall: driven.wall, cpu, block: max, peak: (peak - base) / 1024 ** 2 };
  } finally {
    await runtime.stop();
  }
}
