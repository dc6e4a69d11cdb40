import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import type { MetersCounters, MetersOptions } from '../servers/meters';
import { Child } from '../support/child';
import { meterFlow, meterUrls } from '../support/flows';
import { BenchRuntime } from '../support/node-red';
import type { Shares } from '../support/profile';
import type { Row, Series } from '../support/row';

/** s between two readings of a device; they are spread, so that few are in flight at a time */
const INTERVAL = 1;

/** A reading by whose code its time is spent in, as a sampling profiler sees it. */
export const where: Row = {
  name: 'where',
  title: 'Where the time of a reading goes',
  baseline: 'none',
  async run({ quick, say }) {
    const devices = quick ? 50 : 800;
    const rounds = quick ? 1 : 5;
    const span = quick ? 1000 : 6000;
    const server = Child.start(join(__dirname, '..', 'servers', 'meters.js'));
    let runtime: BenchRuntime | undefined;
    try {
      const port = await server.call<number>('listen', { delay: 5 } satisfies MetersOptions);
      runtime = await BenchRuntime.start(meterFlow(meterUrls(port, devices), INTERVAL));
      await setTimeout(quick ? 1500 : 10_000);
      const found: Shares[] = [];
      for (let round = 0; round < rounds; round++) {
        const before = await server.call<MetersCounters>('counters');
        await runtime.call('startProfile');
        await setTimeout(span);
        const shares = await runtime.call<Shares>('stopProfile');
        const { requests } = await server.call<MetersCounters>('counters');
        for (const name of Object.keys(shares))
          shares[name] = (shares[name] ?? 0) / (requests - before.requests);
        delete shares.idle;
        found.push(shares);
        say(`where: round ${round + 1} of ${rounds}`);
      }
      const names = [...new Set(found.flatMap((shares) => Object.keys(shares)))];
      const total = (shares: Shares): number => Object.values(shares).reduce((sum, share) => sum + share, 0);
      const series = names
        .map((name): Series => ({
          name,
          unit: '%',
          values: found.map((shares) => ((shares[name] ?? 0) / total(shares)) * 100),
        }))
        .sort((a, b) => Math.max(...b.values) - Math.max(...a.values));
      return {
        series: [{ name: 'all', unit: 'µs', values: found.map(total) }, ...series],
        figures: [],
        notes: [
          'By the clock of the profiler, so that what others did to the machine is in it; the shares count.',
        ],
      };
    } finally {
      await Promise.all([server.stop(), runtime?.stop()]);
    }
  },
};
