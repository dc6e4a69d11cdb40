import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';
import { getHeapSpaceStatistics } from 'node:v8';

import { drive, fire, listeners } from './driver';
import { responseCalls } from './ipc';
import type { CpuReading, LoopDelay } from './node-red';
import { startProfile, stopProfile } from './profile';

/** Loaded into a measured process before everything else: tells the bench what the process costs. */

/** ms; what the histogram shows without any delay */
const RESOLUTION = 10;

let histogram: IntervalHistogram | undefined;
let peak = { timer: undefined as NodeJS.Timeout | undefined, rss: 0, mostBefore: 0 };

/** Bytes, the most since the process began. */
function mostEver(): number {
  return process.resourceUsage().maxRSS * 1024;
}

function cpu(): CpuReading {
  const { user, system } = process.cpuUsage();
  return { cpu: user + system, time: performance.now() * 1000 };
}

function heap(): number {
  // Finalisers run between the passes.
  for (let pass = 0; pass < 3; pass++) globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

/** Bytes of the heap that compiled code takes. */
function code(): number {
  return getHeapSpaceStatistics()
    .filter(({ space_name: name }) => /code|trusted/.test(name))
    .reduce((sum, { space_used_size: size }) => sum + size, 0);
}

function startWatching(): void {
  histogram = monitorEventLoopDelay({ resolution: RESOLUTION });
  histogram.enable();
}

function stopWatching(): LoopDelay {
  if (!histogram) throw new Error('not watching');
  histogram.disable();
  const late = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - RESOLUTION);
  return {
    p99: late(histogram.percentile(99)),
    p999: late(histogram.percentile(99.9)),
    max: late(histogram.max),
  };
}

/** Peak memory from here on, in bytes, as the most that was seen. */
function startPeak(): number {
  for (let pass = 0; pass < 3; pass++) globalThis.gc?.();
  const base = process.memoryUsage.rss();
  const look = (): void => {
    peak.rss = Math.max(peak.rss, process.memoryUsage.rss());
  };
  clearInterval(peak.timer);
  peak = { timer: setInterval(look, 5), rss: base, mostBefore: mostEver() };
  return base;
}

function stopPeak(): number {
  clearInterval(peak.timer);
  const most = mostEver();
  // No timer fires while the event loop is blocked.
  return most > peak.mostBefore ? most : Math.max(peak.rss, process.memoryUsage.rss());
}

/** What comes and goes within a turn. */
const PASSING = new Set(['TickObject', 'Immediate', 'FSReqCallback', 'FSReqPromise', 'GetAddrInfoReqWrap']);

/** What is open in the process, by kind, and who listens. */
function kept(): { handles: Record<string, number>; listeners: Record<string, number> } {
  const handles: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo().filter((one) => !PASSING.has(one))) {
    handles[kind] = (handles[kind] ?? 0) + 1;
  }
  return { handles, listeners: listeners() };
}

responseCalls({
  ...{ cpu, heap, code, startWatching, stopWatching, startPeak, stopPeak },
  ...{ drive, fire, startProfile, stopProfile, kept },
});
process.on('disconnect', () => process.exit(1));
