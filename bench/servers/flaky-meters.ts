import http from 'node:http';
import type { AddressInfo } from 'node:net';

import { noise } from '../../simulators/support/random';
import { responseCalls } from '../support/ipc';

/** Meters that fail and come back at random, a path each: `/<number>/value`. */

export interface FlakyOptions {
  devices: number;
  seed: number;
}

export interface FlakyCounters {
  requests: number;
  failures: number;
  /** devices that fail at the moment */
  failing: number;
  /** devices that have been read since `calm` */
  readSinceCalm: number;
}

/** What a device does: answer, or one of the ways not to. */
type Mood = 'good' | 'error' | 'nonsense' | 'broken' | 'silent' | 'refused';
const BAD: readonly Mood[] = ['error', 'nonsense', 'broken', 'silent', 'refused'];
const TICK = 250;
/** Chances in each tick: a good device turns bad about once in two minutes, and a bad one good in ten seconds. */
const TURNS_BAD = 1 / 480;
const TURNS_GOOD = 1 / 40;

let moods: Mood[] = [];
let draws = 0;
let seed = 1;
let calm = false;
let second = Math.floor(Date.now() / 1000) - 10_000_000;
const read = new Set<number>();
const counters = { requests: 0, failures: 0 };

/** 0 ≤ x < 1 */
function random(): number {
  return noise(seed, draws++);
}

function change(): void {
  if (calm) return;
  moods = moods.map((mood) => {
    if (mood !== 'good') return random() < TURNS_GOOD ? 'good' : mood;
    return random() < TURNS_BAD ? (BAD[Math.floor(random() * BAD.length)] ?? 'error') : 'good';
  });
}

const server = http.createServer((request, response) => {
  counters.requests++;
  request.resume();
  const device = Number(/^\/(\d+)\//.exec(request.url ?? '')?.[1]);
  const mood = moods[device] ?? 'good';
  if (mood !== 'good') counters.failures++;
  switch (mood) {
    case 'good':
      if (calm) read.add(device);
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(`{"timestamp":${second++},"values":[{"obis":"1.7.0","value":${second % 1000}}]}`);
      return;
    case 'error':
      response.writeHead(503).end('not now');
      return;
    case 'nonsense':
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"timestamp":');
      return;
    case 'broken':
      request.socket.destroy();
      return;
    case 'silent':
      // Until the client gives up.
      return;
    case 'refused':
      response.writeHead(429, { 'retry-after': '5' }).end();
  }
});
server.keepAliveTimeout = 60_000;
server.requestTimeout = 0;

responseCalls({
  listen: (options: FlakyOptions): Promise<number> => {
    ({ seed } = options);
    moods = Array.from({ length: options.devices }, () => 'good');
    setInterval(change, TICK);
    return new Promise((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
    });
  },
  /** From now on every device answers. */
  calm: () => {
    calm = true;
    moods = moods.map(() => 'good');
  },
  counters: (): FlakyCounters => ({
    ...counters,
    failing: moods.filter((mood) => mood !== 'good').length,
    readSinceCalm: read.size,
  }),
});
process.on('disconnect', () => process.exit(1));
