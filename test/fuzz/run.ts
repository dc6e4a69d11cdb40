import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { BenchRuntime } from '../../bench/support/node-red';
import { say, wholeNumberOf } from '../../scripts/support/command-line';
import { newSeed, Seeded } from '../support/seeded';
import type { Driven, DriveOptions } from './clients';
import { drawMessage, fuzzFlow, type FuzzFlow } from './flow';
import type { Memory, Watch } from './probe';
import { type FuzzedSystem, startSystems } from './systems';

/**
 * Throws odd answers, pushes, MQTT commands and messages at the package in a real Node-RED, and holds what they cost
 * against limits: no turn of the event loop above 250 ms of CPU time, and no more than 64 MB kept. Simulators, proxies
 * and generator are in this process, so that what they cost is not counted.
 */

/** ms of CPU */
const LONGEST_BLOCK = 250;
/** MB above what was in use after the first round */
const MAX_GROWTH = 64;
/** MB; a small host's Node-RED */
const HEAP_LIMIT = 512;
/** s that a system is attacked in one go */
const SLICE = 6;
/** how many answers of the attacked system are changed */
const RATE = 0.85;
/** ms between two messages, pushes or commands */
const SHOOT_EVERY = 25;

interface Tally {
  calls: number;
  messages: number;
  shots: number;
  block: number;
  failures: Map<string, number>;
}

interface Options {
  seconds: number;
  seed: number;
  /** attacks this system alone */
  only: string | undefined;
}

/** Sends odd messages to the nodes of a system, and what reaches it unasked, until the time is over. */
async function shoot(
  system: FuzzedSystem,
  { inputs }: FuzzFlow,
  url: string,
  { tally, random, ms }: { tally: Tally; random: Seeded; ms: number },
): Promise<void> {
  const places = inputs
    .map((input, place) => ({ ...input, place }))
    .filter(({ system: of }) => of === system.name);
  const end = performance.now() + ms;
  while (performance.now() < end) {
    const { type, place } = places[random.below(places.length)] ?? { type: '', place: 0 };
    const message = fetch(`${url}/fuzz/${place}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(drawMessage(type, random)),
      signal: AbortSignal.timeout(10_000),
    }).then((response) => response.arrayBuffer());
    tally.messages++;
    const shots: Promise<unknown>[] = [message];
    if (system.shoot) shots.push(system.shoot(url));
    tally.shots += shots.length - 1;
    // One after the other: many that wait for a busy machine would be read in one turn, and no one of them be to blame.
    await Promise.allSettled(shots);
    await pause(SHOOT_EVERY);
  }
}

async function attack(
  system: FuzzedSystem,
  flow: FuzzFlow,
  runtime: BenchRuntime,
  { ms, rate, tally, random }: { ms: number; rate: number; tally: Tally; random: Seeded },
): Promise<string[]> {
  const { name, variables, proxies } = system;
  for (const proxy of proxies) proxy.rate = rate;
  const [driven] = await Promise.all([
    runtime.call<Driven>('drive', { system: name, variables, ms } satisfies DriveOptions),
    shoot(system, flow, runtime.url, { tally, random, ms }),
  ]);
  for (const proxy of proxies) proxy.rate = 0;
  tally.calls += driven.calls;
  for (const [failure, count] of Object.entries(driven.failures)) {
    tally.failures.set(failure, (tally.failures.get(failure) ?? 0) + count);
  }
  const { block, where, unhandled, polluted } = await runtime.call<Watch>('take');
  tally.block = Math.max(tally.block, block);
  const found = [...driven.faults.map((fault) => `${name}: ${fault}`), ...unhandled];
  if (polluted) found.push(`${name}: Object.prototype was changed`);
  if (block > LONGEST_BLOCK) {
    const last = proxies.flatMap(({ traffic }) => traffic.last).join(', ');
    found.push(
      `${name}: blocked for ${Math.round(block)} ms; the last answers: ${last}${where.map((line) => `\n    ${line}`).join('')}`,
    );
  }
  return found;
}

async function run({ seconds, seed, only }: Options): Promise<string[]> {
  const systems = await startSystems(seed);
  const flow = fuzzFlow();
  const random = new Seeded(seed);
  const env = Object.assign({}, ...systems.map(({ variables }) => variables)) as Record<string, string>;
  const tallies = new Map<string, Tally>();
  const found: string[] = [];
  const { nodes: flows, credentials } = flow;
  const probe = join(__dirname, 'probe.js');
  const runtime = await BenchRuntime.start({
    flows,
    credentials,
    env,
    probe,
    heapLimit: HEAP_LIMIT,
    benchNodes: false,
  });
  try {
    const begun = performance.now();
    let base = 0;
    let most = 0;
    for (let round = 0; performance.now() - begun < seconds * 1000; round++) {
      // The first round loads and compiles what the others use, so that it is not counted.
      const ms = round === 0 ? 1000 : Math.min(SLICE, seconds / 10) * 1000;
      const rate = round === 0 ? 0.3 : RATE;
      for (const system of systems.filter(({ name }) => only === undefined || name === only)) {
        const tally = tallies.get(system.name) ?? newTally();
        tallies.set(system.name, tally);
        const faults = await attack(system, flow, runtime, { ms, rate, tally, random });
        const counted = round > 0 || !faults.every((fault) => fault.includes('blocked for'));
        if (counted) found.push(...faults);
        else tally.block = 0;
        if (counted) for (const fault of faults) say(`  ${fault}`);
      }
      const { heap, external } = await runtime.call<Memory>('heap');
      if (round === 0) base = heap + external;
      most = Math.max(most, heap + external - base);
      const elapsed = Math.round((performance.now() - begun) / 1000);
      say(`${elapsed} s: heap ${heap.toFixed(1)} MB, outside of it ${external.toFixed(1)} MB`);
    }
    for (const system of systems) {
      const tally = tallies.get(system.name);
      if (tally) report(system, tally);
    }
    say(`most heap above the ${base.toFixed(1)} MB of the first round: ${most.toFixed(1)} MB`);
    if (most > MAX_GROWTH) found.push(`the heap grew by ${most.toFixed(1)} MB`);
  } catch (error) {
    found.push(`Node-RED ended: ${String(error)}\n${runtime.log.slice(-30).join('\n')}`);
  } finally {
    await runtime.stop();
    for (const { proxies, close } of systems) {
      for (const proxy of proxies) proxy.close();
      await close();
    }
  }
  return found;
}

function newTally(): Tally {
  return { calls: 0, messages: 0, shots: 0, block: 0, failures: new Map() };
}

function report({ name, proxies }: FuzzedSystem, { calls, messages, shots, block, failures }: Tally): void {
  const responses = proxies.reduce((sum, { traffic }) => sum + traffic.responses, 0);
  const attacks = new Map<string, number>();
  for (const { traffic } of proxies) {
    for (const [kind, count] of traffic.attacks) attacks.set(kind, (attacks.get(kind) ?? 0) + count);
  }
  const changed = [...attacks.values()].reduce((sum, count) => sum + count, 0);
  say(
    `${name}: ${responses} answers, ${changed} of them changed in ${attacks.size} ways; ${calls} calls, ${messages} messages, ` +
      `${shots} pushes or commands; longest block ${Math.max(0, Math.round(block))} ms`,
  );
  const top = [...failures].sort(([, a], [, b]) => b - a).slice(0, 8);
  say(`  ${top.map(([failure, count]) => `${failure} ${count}`).join(', ')}`);
}

const only = process.argv.indexOf('--only');
const options: Options = {
  seconds: wholeNumberOf('--seconds', 600),
  seed: wholeNumberOf('--seed', newSeed()),
  only: only < 0 ? undefined : process.argv[only + 1],
};
say(`${options.seconds} s, seed ${options.seed}: at most ${LONGEST_BLOCK} ms and ${MAX_GROWTH} MB`);
run(options).then(
  (found) => {
    say(found.length === 0 ? 'nothing found' : `found:\n${[...new Set(found)].join('\n')}`);
    process.exit(found.length === 0 ? 0 : 1);
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
