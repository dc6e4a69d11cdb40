import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { say, wholeNumberOf } from '../scripts/support/command-line';
import { Engine, findRedis } from '../test/support/cluster/engine';
import type { MetersCounters, MetersOptions } from './servers/meters';
import { Child } from './support/child';
import { type BenchFlow, meterFlow, meterUrls, SINK } from './support/flows';
import { BenchRuntime, type CpuReading } from './support/node-red';

/**
 * Ten thousand meters, each read once a minute, by three instances and by one beside them, in one run: what each costs, and
 * how much they say to the engine. `npm run bench:cluster`, with `-- --meters 1000 --seconds 30` something smaller.
 */

/** s between two readings of a meter */
const INTERVAL = 60;
/** s */
const TAKEOVER = 10;
const NAMES = ['a', 'b', 'c'];
/** s in which everything is to be read after a start */
const PATIENCE = 300;

/** Each meter is a unit of its own, so none may lead to a node that another leads to. */
function apart({ flows, credentials }: BenchFlow): Pick<BenchFlow, 'flows' | 'credentials'> {
  const nodes = flows.filter(({ id }) => id !== SINK);
  return { flows: nodes.map((node) => ('wires' in node ? { ...node, wires: [[], []] } : node)), credentials };
}

interface Measured {
  /** s from the start of the process to the moment its flows run */
  start: number;
  /** share of a core */
  cpu: number;
  /** MB */
  heap: number;
}

async function cpuOf(runtimes: readonly BenchRuntime[]): Promise<CpuReading[]> {
  return Promise.all(runtimes.map((runtime) => runtime.call<CpuReading>('cpu')));
}

class Run {
  private readonly runtimes: BenchRuntime[] = [];

  constructor(
    private readonly server: Child,
    private readonly meters: number,
    private readonly seconds: number,
    private readonly engine: Engine,
  ) {}

  /** @param names of the members of a cluster; none: one instance without */
  async measure(flow: Pick<BenchFlow, 'flows' | 'credentials'>, names: readonly string[]): Promise<void> {
    const envs: Record<string, string>[] = names.map((name) => ({
      ENERGY_DEVICES_CLUSTER: `redis://127.0.0.1:${this.engine.port}`,
      ENERGY_DEVICES_CLUSTER_TAKEOVER: String(TAKEOVER),
      ENERGY_DEVICES_CLUSTER_SPREAD: 'flow',
      ENERGY_DEVICES_CLUSTER_INSTANCE: name,
    }));
    try {
      const before = await this.requests();
      for (const env of names.length === 0 ? [{}] : envs) {
        this.runtimes.push(await BenchRuntime.start({ ...flow, env, benchNodes: false }));
      }
      const readAfter = await this.allRead(before);
      say(`  all meters were read ${readAfter.toFixed(0)} s after the last start`);
      // Whoever joins later gets its share a while after.
      await setTimeout((TAKEOVER + 10) * 1000);
      await this.watch(names);
    } finally {
      await Promise.all(this.runtimes.splice(0).map((runtime) => runtime.stop()));
    }
  }

  private async watch(names: readonly string[]): Promise<void> {
    const requests = await this.requests();
    const calls = await this.calls();
    const from = await cpuOf(this.runtimes);
    await setTimeout(this.seconds * 1000);
    const to = await cpuOf(this.runtimes);
    const said = (await this.calls()) - calls;
    const read = (await this.requests()) - requests;
    const measured = await Promise.all(
      this.runtimes.map(async (runtime, index): Promise<Measured> => {
        const [a, b] = [from[index], to[index]];
        const cpu = a && b ? (b.cpu - a.cpu) / (b.time - a.time) : NaN;
        const heap = (await runtime.call<number>('heap')) / 1024 / 1024;
        return { start: runtime.startTime / 1000, cpu, heap };
      }),
    );
    for (const [index, { start, cpu, heap }] of measured.entries()) {
      say(
        `  ${names[index] ?? 'alone'}: ${(cpu * 100).toFixed(1)} % of a core, heap ${heap.toFixed(0)} MB, started in ${start.toFixed(1)} s`,
      );
    }
    const total = measured.reduce((sum, { cpu }) => sum + cpu, 0) * 100;
    say(
      `  together ${total.toFixed(1)} % of a core; ${(read / this.seconds).toFixed(1)} readings a second, ${(this.meters / INTERVAL).toFixed(1)} expected`,
    );
    if (names.length > 0) {
      say(
        `  ${(said / this.seconds).toFixed(1)} calls a second to the engine, those within scripts not counted`,
      );
    }
  }

  private async requests(): Promise<number> {
    return (await this.server.call<MetersCounters>('counters')).requests;
  }

  /** What the members have asked the engine for, and not what a script does there. */
  private async calls(): Promise<number> {
    const calls = await this.engine.calls();
    const asked = [
      'evalsha',
      'eval',
      'xread',
      'xadd',
      'xtrim',
      'expire',
      'set',
      'get',
      'mget',
      'zrange',
      'ping',
    ];
    return asked.reduce((sum, name) => sum + (calls.get(name) ?? 0), 0);
  }

  private async allRead(before: number): Promise<number> {
    const begun = Date.now();
    while ((await this.requests()) - before < this.meters) {
      if (Date.now() - begun > PATIENCE * 1000)
        throw new Error(`not every meter was read within ${PATIENCE} s`);
      await setTimeout(500);
    }
    return (Date.now() - begun) / 1000;
  }
}

async function main(): Promise<void> {
  const meters = wholeNumberOf('--meters', 10_000);
  const seconds = wholeNumberOf('--seconds', 2 * INTERVAL);
  const redis = findRedis();
  if (typeof redis === 'string') {
    say(`skipped: ${redis}`);
    return;
  }
  say(`${meters} meters every ${INTERVAL} s, ${seconds} s watched; ${redis.version}`);
  const server = Child.start(join(__dirname, 'servers', 'meters.js'));
  const engine = new Engine(redis);
  try {
    const port = await server.call<number>('listen', { delay: 5 } satisfies MetersOptions);
    await engine.start();
    const flow = apart(meterFlow(meterUrls(port, meters), INTERVAL));
    const run = new Run(server, meters, seconds, engine);
    say('one instance, no cluster');
    await run.measure(flow, []);
    say('three instances');
    await run.measure(flow, NAMES);
  } finally {
    await server.stop();
    await engine.close();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
