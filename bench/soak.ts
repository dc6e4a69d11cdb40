import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { numberOf, say, wholeNumberOf } from '../scripts/support/command-line';
import { newSeed } from '../test/support/seeded';
import type { FlakyCounters, FlakyOptions } from './servers/flaky-meters';
import { Child } from './support/child';
import { meterFlow, meterUrls } from './support/flows';
import { BenchRuntime } from './support/node-red';
import { slope } from './support/stats';

/** A thousand devices that fail and return at random: memory must not grow, and no device may be forgotten. */

/** s between two looks at the heap */
const LOOK = 10;
/** s; the heap is still filling until then */
const SETTLE = 60;
/** s; longer than the longest wait between tries */
const RETURN = 100;
/** KB a minute; what garbage collection leaves by chance is below it in ten minutes */
const MAX_GROWTH = 100;

async function main(): Promise<void> {
  const minutes = numberOf('--minutes', 10);
  const devices = wholeNumberOf('--devices', 1000);
  const seed = wholeNumberOf('--seed', newSeed());
  say(`${devices} devices at 1 s for ${minutes} min, seed ${seed}`);
  const server = Child.start(join(__dirname, 'servers', 'flaky-meters.js'));
  let runtime: BenchRuntime | undefined;
  try {
    const port = await server.call<number>('listen', { devices, seed } satisfies FlakyOptions);
    runtime = await BenchRuntime.start(meterFlow(meterUrls(port, devices), 1));
    const looks: [minute: number, kilobytes: number][] = [];
    const begun = performance.now();
    const elapsed = (): number => (performance.now() - begun) / 60_000;
    while (elapsed() < minutes) {
      await setTimeout(LOOK * 1000);
      const kilobytes = (await runtime.call<number>('heap')) / 1024;
      const { requests, failures, failing } = await server.call<FlakyCounters>('counters');
      say(
        `${elapsed().toFixed(1)} min: heap ${(kilobytes / 1024).toFixed(2)} MB, ${requests} requests, ${failures} failed, ${failing} devices failing`,
      );
      if (elapsed() * 60 > SETTLE) looks.push([elapsed(), kilobytes]);
    }
    await server.call('calm');
    const missed = await missedDevices(server, devices);
    const growth = looks.length > 2 ? slope(looks) : NaN;
    say(`heap after the first minute: ${growth.toFixed(1)} KB a minute over ${looks.length} looks`);
    say(`devices missed after all had returned: ${missed}`);
    if (missed > 0 || growth > MAX_GROWTH) process.exitCode = 1;
  } finally {
    await Promise.all([server.stop(), runtime?.stop()]);
  }
}

/** How many devices are not read again once they answer. */
async function missedDevices(server: Child, devices: number): Promise<number> {
  for (let waited = 0; waited < RETURN; waited++) {
    const { readSinceCalm } = await server.call<FlakyCounters>('counters');
    if (readSinceCalm === devices) return 0;
    await setTimeout(1000);
  }
  return devices - (await server.call<FlakyCounters>('counters')).readSinceCalm;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
