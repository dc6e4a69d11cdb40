import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import type { MetersCounters, MetersOptions } from '../servers/meters';
import { Child } from './child';
import type { BenchFlow } from './flows';
import { BenchRuntime, type CpuReading, type LoopDelay } from './node-red';

/** ms of the server */
const DELAY = 20;

/** What devices cost that are read at an interval, once all of them are. */
export interface Steady {
  /** share of a core */
  cpu: number;
  delay: LoopDelay;
  connections: number;
  requests: number;
  /** bytes of heap in use at the end */
  heap: number;
}

/** @param warmUp ms, and `span` ms that are measured */
export async function steady(
  flow: (port: number) => BenchFlow,
  warmUp: number,
  span: number,
): Promise<Steady> {
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
      heap: await runtime.call<number>('heap'),
    };
  } finally {
    await Promise.all([server.stop(), runtime?.stop()]);
  }
}
