/**
 * Reading measurement rows: time, longest block of the event loop and memory, against JSON.parse of the whole answer.
 *
 * `node --expose-gc dist/bench/powerflex-rows.js [rows]` (default 1,000,000). The server runs in a thread of its own.
 * Ends with 1 when a target is missed: no slower than JSON.parse, no block above 50 ms, at most 120 MB above the base.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

import { Transport } from '../lib/core/http/transport';
import { PowerflexClient } from '../lib/powerflex/client';
import { readMeasurements } from '../lib/powerflex/reader';
import type { Row } from '../lib/powerflex/rows';
import { startRowServer } from './support/row-server';

const MB = 1024 * 1024;
const LONGEST_BLOCK = 50;
const MAX_MEMORY = 120;

interface Result {
  ms: number;
  block: number;
  memory: number;
}

/** Runs something and measures it; memory is resident memory above what it was before. */
async function measure(work: () => Promise<unknown>): Promise<Result> {
  globalThis.gc?.();
  const base = process.memoryUsage.rss();
  let peak = base;
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const sampler = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 5);
  delay.enable();
  const begun = performance.now();
  await work();
  const ms = performance.now() - begun;
  await new Promise((resolve) => setTimeout(resolve, 20));
  delay.disable();
  clearInterval(sampler);
  peak = Math.max(peak, process.memoryUsage.rss());
  return { ms, block: delay.max / 1e6, memory: (peak - base) / MB };
}

async function main(): Promise<void> {
  const rows = Number(process.argv[2] ?? 1_000_000);
  const worker = new Worker(__filename, { workerData: rows });
  const url = await new Promise<string>((resolve) => worker.once('message', resolve));
  const transport = new Transport();
  const client = new PowerflexClient({ url, accId: 2, username: 'u', password: 'pass' }, transport);
  const read = (onRows: (some: { row: Row }[]) => void) =>
    readMeasurements(client, { measurement: 'ct_response', onRows });

  // Warms up.
  await read(() => undefined);
  let count = 0;
  const sliced = await measure(() => read((some) => (count += some.length)));
  if (count !== rows) throw new Error(`${count} of ${rows} rows arrived`);
  const parsed = await measure(async () => {
    const response = await fetch(`${url}/x`, { method: 'POST', body: '{}' });
    return JSON.parse(await response.text()) as unknown;
  });
  const kept: Row[] = [];
  const array = await measure(() => read((some) => some.forEach(({ row }) => kept.push(row))));
  transport.close();
  await worker.terminate();

  show(`${rows} typed rows, passed on`, sliced);
  show('the same, JSON.parse of the whole, untyped', parsed);
  show('the same, kept as one array', array);
  console.log(`time against JSON.parse of the whole: ${(sliced.ms / parsed.ms).toFixed(2)}`);
  const missed = sliced.ms > parsed.ms || sliced.block > LONGEST_BLOCK || sliced.memory > MAX_MEMORY;
  process.exitCode = missed ? 1 : 0;
}

function show(what: string, { ms, block, memory }: Result): void {
  console.log(
    `${what.padEnd(44)} ${ms.toFixed(0).padStart(6)} ms  longest block ${block.toFixed(1).padStart(6)} ms  ` +
      `+${memory.toFixed(0)} MB`,
  );
}

if (isMainThread) void main();
else void startRowServer(workerData as number).then(({ url }) => parentPort?.postMessage(url));
