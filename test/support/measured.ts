import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import path from 'node:path';

import { projectRoot } from '../../scripts/support/project-root';

/** What something cost the process that did it. */
export interface Measured<T> {
  outcome: T;
  /** ms, the longest that the event loop was blocked */
  blocked: number;
  /** MB, the most that the heap grew to above what it was before */
  peak: number;
}

/** Runs something, and looks at the event loop and the heap meanwhile. */
export async function measure<T>(work: () => Promise<T>): Promise<Measured<T>> {
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  let most = before;
  const look = setInterval(() => (most = Math.max(most, process.memoryUsage().heapUsed)), 5);
  const delays = monitorEventLoopDelay({ resolution: 5 });
  delays.enable();
  const outcome = await work();
  // What was begun in the last turn counts too.
  await new Promise((resolve) => setImmediate(resolve));
  delays.disable();
  clearInterval(look);
  most = Math.max(most, process.memoryUsage().heapUsed);
  return { outcome, blocked: Math.round(delays.max / 1e6), peak: Math.round((most - before) / 1e6) };
}

/**
 * Runs a compiled script in a Node.js of its own with a small heap.
 *
 * @param script below `dist/`
 * @returns what it wrote, as JSON; throws when it did not end well
 */
export async function inSmallHeap(script: string, ...args: string[]): Promise<unknown> {
  const file = path.join(projectRoot(), 'dist', script);
  const child = execFile(process.execPath, ['--expose-gc', '--max-old-space-size=512', file, ...args], {
    maxBuffer: 16 * 1024 * 1024,
  });
  let said = '';
  let complained = '';
  child.stdout?.on('data', (chunk: string) => (said += chunk));
  child.stderr?.on('data', (chunk: string) => (complained += chunk));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (code !== 0) throw new Error(`ended with ${code ?? signal}: ${complained.slice(-2000)}`);
  return JSON.parse(said);
}
