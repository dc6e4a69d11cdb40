/**
 * Answers of a time series that are meant to stop whoever reads them: how long each blocks the event loop, and how much
 * memory it takes. Runs as a process of its own, since the heap is bounded there:
 *
 * `node --max-old-space-size=512 dist/test/support/series-attacks.js [name]`
 *
 * Prints a line of JSON for each: `{ name, form, ms, blocked, heap, end }`.
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

import { Transport } from '../../lib/core/http/transport';
import { PowerflexClient } from '../../lib/powerflex/client';
import { readMeasurements } from '../../lib/powerflex/reader';
import { rowFields } from '../../lib/powerflex/rows';
import { SessionBuilder } from '../../lib/powerflex/sessions';
import { rowOutput } from '../../nodes/powerflex/row-output';

const MB = 1024 * 1024;
/** Bytes that the server sends of what has no end. */
const ENOUGH = Number(process.env.ENOUGH_MB ?? 30) * MB;
const HEAD = '{"results":[{"series":[{"columns":["time","charging_state","energy_delivered"],"values":[';

type Form = 'messages' | 'array' | 'columns' | 'sessions';

/** What is sent first, and what again and again behind it. */
const ATTACKS: Record<string, { head: string; again?: string; forms: Form[] }> = {
  'rows of one value below 300,000 columns': {
    head: `{"results":[{"series":[{"columns":[${'"x",'.repeat(299_999)}"x"],"values":[${'[1],'.repeat(50_000)}[1]]}]}]}`,
    forms: ['array'],
  },
  'rows of one value below 200 columns': {
    head: `{"results":[{"series":[{"columns":[${'"x",'.repeat(199)}"x"],"values":[[1]`,
    again: ',[1]'.repeat(1000),
    forms: ['array', 'columns', 'messages'],
  },
  'rows of 50,000 values below one column': {
    head: '{"results":[{"series":[{"columns":["time"],"values":[[1]',
    again: `,[${'1,'.repeat(49_999)}1]`,
    forms: ['array', 'messages'],
  },
  'rows without end': {
    head: `${HEAD}[1700000000,"READY",0]`,
    again: ',[1700000000,"READY",0]'.repeat(1000),
    forms: ['array', 'columns', 'messages', 'sessions'],
  },
  'rows backwards in time': {
    head: `${HEAD}[1800000000,"READY",0]`,
    again: Array.from({ length: 1000 }, (_, i) => `,[${1_799_999_999 - i},"READY",${i}]`).join(''),
    forms: ['sessions'],
  },
  'one row without end': { head: `${HEAD}[1`, again: ',1'.repeat(30_000), forms: ['array'] },
  'one text without end': { head: `${HEAD}["`, again: 'x'.repeat(60_000), forms: ['array'] },
  'empty series without end': {
    head: '{"results":[{"series":[{"columns":["time"],"values":[]}',
    again: ',{"columns":["time"],"values":[]}'.repeat(1000),
    forms: ['array'],
  },
  'empty series without end, written with blanks': {
    head: '{"results":[{"series":[{"columns":["time"],"values":[ ] }',
    again: ',{"columns":["time"],"values":[ [1] ] }'.repeat(1000),
    forms: ['array'],
  },
  'results without end': { head: '{"results":[{}', again: ',{}'.repeat(10_000), forms: ['array'] },
  'documents without end': {
    head: '',
    again: '{"results":[{"series":[]}]}\n'.repeat(1000),
    forms: ['array'],
  },
  'blanks without end': { head: '', again: ' '.repeat(60_000), forms: ['array'] },
  'lists in lists': { head: '{"a":', again: '['.repeat(60_000), forms: ['array'] },
  'lists in lists in a row': { head: `${HEAD}[`, again: '['.repeat(60_000), forms: ['array'] },
  'bare nan without end': {
    head: `${HEAD}[1700000000,"READY",nan]`,
    again: ',[1700000000,"READY",nan]'.repeat(1000),
    forms: ['messages'],
  },
  'rows that are none, without end': { head: `${HEAD}null`, again: ',null'.repeat(10_000), forms: ['array'] },
  'long texts': {
    head: `${HEAD}[1700000000,"${'x'.repeat(50_000)}",0]`,
    again: `,[1700000000,"${'x'.repeat(50_000)}",0]`,
    forms: ['array', 'messages'],
  },
};

function serve(): void {
  const flood = (response: ServerResponse, piece: Buffer): void => {
    let sent = 0;
    const more = (): void => {
      while (sent < ENOUGH && !response.destroyed) {
        sent += piece.length;
        if (!response.write(piece)) {
          response.once('drain', more);
          return;
        }
      }
      response.end();
    };
    more();
  };
  const server = createServer((request, response) => {
    if (request.url === '/login') {
      response.end('{"access_token":"t"}');
      return;
    }
    const attack = ATTACKS[decodeURIComponent(request.url?.split('/')[1] ?? '')];
    response.write(attack?.head ?? '');
    if (attack?.again) flood(response, Buffer.from(attack.again));
    else response.end();
  });
  server.listen(0, '127.0.0.1', () => parentPort?.postMessage((server.address() as AddressInfo).port));
}

async function attack(port: number, name: string, form: Form, tell = true): Promise<void> {
  const transport = new Transport();
  const url = `http://127.0.0.1:${port}/${encodeURIComponent(name)}`;
  globalThis.gc?.();
  const base = process.memoryUsage().heapUsed;
  let heap = base;
  const sampler = setInterval(() => (heap = Math.max(heap, process.memoryUsage().heapUsed)), 5);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const begun = performance.now();
  let end: string;
  try {
    const client = new PowerflexClient({ url, accId: 1, username: 'u', password: 'p' }, transport);
    // The login stands at the root.
    Reflect.set(client, 'login', () => Promise.resolve('t'));
    const builder = new SessionBuilder();
    const RED = { util: { generateId: () => 'id' } } as Parameters<typeof rowOutput>[0];
    const output =
      form === 'sessions'
        ? undefined
        : rowOutput(RED, () => ({ _msgid: '' }), {
            ...{ form, perMessage: 1000, columns: rowFields('ct_response'), send: () => undefined },
          });
    const { rows } = await readMeasurements(client, {
      measurement: 'ct_response',
      onRows: (some, bytes) => {
        if (output) {
          output.add(
            some.map(({ row }) => ({ value: row })),
            bytes,
          );
        } else for (const one of some) builder.add(one);
      },
      onWindow: async () => {
        const steps = builder.flush();
        while (!steps.next().done) await new Promise((resolve) => setImmediate(resolve));
      },
    });
    end = `${rows} rows`;
  } catch (error) {
    end = error instanceof Error ? `${String(Reflect.get(error, 'code'))} ${error.message}` : String(error);
  }
  const ms = performance.now() - begun;
  await new Promise((resolve) => setTimeout(resolve, 10));
  delay.disable();
  clearInterval(sampler);
  transport.close();
  const blocked = Math.round(delay.max / 1e6);
  const figures = { name, form, ms: Math.round(ms), blocked, heap: Math.round((heap - base) / MB), end };
  if (tell) console.log(JSON.stringify(figures));
}

async function main(): Promise<void> {
  const worker = new Worker(__filename, {
    workerData: 'server',
    resourceLimits: { maxOldGenerationSizeMb: 256 },
  });
  const port = await new Promise<number>((resolve) => worker.once('message', resolve));
  const only = process.argv[2];
  // Loads what a first reading loads.
  await attack(port, 'blanks without end', 'array', false);
  for (const [name, { forms }] of Object.entries(ATTACKS)) {
    if (only !== undefined && !name.includes(only)) continue;
    for (const form of forms) await attack(port, name, form);
  }
  await worker.terminate();
}

if (isMainThread) void main();
else if (workerData === 'server') serve();
