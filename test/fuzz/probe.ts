import { Session, type Profiler } from 'node:inspector/promises';

import { responseCalls } from '../../bench/support/ipc';
import { type DriveOptions, drive } from './clients';

/** Loaded into the Node-RED under attack before everything else: tells what the attacks did to it. */

/** ms between two looks at the clocks */
const LOOK = 5;

export interface Watch {
  /** ms of CPU, the longest turn of the event loop */
  block: number;
  /** epoch ms of it */
  at: number;
  /** the functions that ran in it, where `FUZZ_PROFILE` is set: their share of it and their callers */
  where: string[];
  unhandled: string[];
  polluted: boolean;
}

/** MB */
export interface Memory {
  heap: number;
  external: number;
}

let longest = { block: 0, at: 0, where: [] as string[] };
let measuring = true;
const unhandled: string[] = [];

function cpu(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/**
 * Others use this machine too, so a turn that took long by the clock says nothing by itself. What counts is the CPU time
 * that the process spent in it, at most the time that passed.
 */
let last = { time: performance.now(), cpu: cpu() };
setInterval(() => {
  const now = { time: performance.now(), cpu: cpu() };
  const block = Math.min(now.time - last.time, now.cpu - last.cpu) - LOOK;
  last = now;
  if (!measuring || block <= longest.block) return;
  longest = { block, at: Date.now(), where: [] };
  if (profiler && block > WORTH_A_LOOK) void name(longest, profiler);
}, LOOK);

/** ms; shorter turns are not looked into */
const WORTH_A_LOOK = 150;
let profiler: Session | undefined;

async function profile(): Promise<void> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 5000 });
  await session.post('Profiler.start');
  profiler = session;
}

/** Finds out what ran in a turn that has just ended. */
async function name(turn: { block: number; where: string[] }, session: Session): Promise<void> {
  measuring = false;
  const { profile: samples } = await session.post('Profiler.stop');
  turn.where = heaviest(samples, turn.block);
  await session.post('Profiler.start');
  last = { time: performance.now(), cpu: cpu() };
  measuring = true;
}

/** The functions at the end of a profile, by their share of it. */
function heaviest({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile, ms: number): string[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const shares = new Map<string, number>();
  let left = ms * 1000;
  for (let at = samples.length - 1; at >= 0 && left > 0; at--) {
    const delta = timeDeltas[at] ?? 0;
    left -= delta;
    const stack: string[] = [];
    for (let id = samples[at]; id !== undefined && stack.length < 6; id = parents.get(id)) {
      const frame = byId.get(id)?.callFrame;
      const file = frame?.url.split('/').slice(-2).join('/') ?? '';
      stack.push(`${frame?.functionName ?? ''} ${file}:${(frame?.lineNumber ?? 0) + 1}`);
    }
    const key = stack.join(' < ');
    shares.set(key, (shares.get(key) ?? 0) + delta);
  }
  return [...shares]
    .sort(([, a], [, b]) => b - a)
    .slice(0, 4)
    .map(([stack, share]) => `${Math.round(share / 1000)} ms ${stack}`);
}

if (process.env.FUZZ_PROFILE) void profile();

// Node-RED ends at these by itself; the reason has to be known all the same.
process.on('uncaughtExceptionMonitor', (error, origin) => {
  unhandled.push(`${origin}: ${error.stack ?? error.message}`);
  process.stderr.write(`FUZZ ${origin}: ${error.stack ?? error.message}\n`);
});

function take(): Watch {
  const watch = { ...longest, unhandled: [...unhandled], polluted: 'polluted' in {} };
  longest = { block: 0, at: 0, where: [] };
  return watch;
}

/** MB, after everything that can go has gone. */
async function heap(): Promise<Memory> {
  // The collections are our own doing.
  measuring = false;
  for (let pass = 0; pass < 3; pass++) {
    globalThis.gc?.();
    // Finalisers run between the passes.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { heapUsed, external } = process.memoryUsage();
  measuring = true;
  last = { time: performance.now(), cpu: cpu() };
  return { heap: heapUsed / 2 ** 20, external: external / 2 ** 20 };
}

responseCalls({ take, heap, drive: (options: DriveOptions) => drive(options) });
process.on('disconnect', () => process.exit(1));
