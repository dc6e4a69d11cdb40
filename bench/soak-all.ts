import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { startBroker } from '../simulators/enapter/broker';
import { freePort } from '../simulators/support/free-port';
import { numberOf, say, wholeNumberOf } from '../scripts/support/command-line';
import { projectRoot, readManifest } from '../scripts/support/project-root';
import { startSystems } from '../test/fuzz/systems';
import { newSeed, Seeded } from '../test/support/seeded';
import { emptyFlow } from './support/flows';
import { BenchRuntime, type FlowNode } from './support/node-red';
import { slope } from './support/stats';

/**
 * A node of every type at work for minutes, while what it talks to fails and returns: memory must not grow, and when all
 * nodes are gone nothing of theirs may be left.
 */

/** s between two looks at the heap */
const LOOK = 10;
/** minutes; code is compiled and lists fill until then */
const SETTLE = 2;
/** MB a minute */
const MAX_GROWTH = 0.2;
/** s that some of the answers are spoiled, and then none */
const FAULTS = 20;
/** of the answers, while there are faults */
const RATE = 0.4;
/** s until nothing may be left: a NUT server outlives its node for a minute */
const AFTERMATH = 90;

/** What is open in the process, and who listens for what Node-RED tells all, by name. */
interface Kept {
  handles: Record<string, number>;
  listeners: Record<string, number>;
}

/** The demo's flow, which has every node type, read as often as it may be. */
function everyType(): FlowNode[] {
  const folder = join(projectRoot(), 'scripts', 'demo', 'flows');
  const nodes = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as FlowNode[]);
  const missing = Object.keys(readManifest(projectRoot())['node-red'].nodes).filter(
    (type) => !nodes.some((node) => node.type === type),
  );
  // What the demo cannot show works on its own here.
  if (missing.length > 0) say(`alone, with its defaults: ${missing.join(', ')}`);
  const alone = missing.map((type): FlowNode => ({
    ...{ id: `alone-${type}`, type, z: nodes.find((node) => node.type === 'tab')?.id },
    ...{ x: 1, y: 1, wires: [[], [], []] },
  }));
  return [...nodes, ...alone].map((node) => ({
    ...node,
    ...(/-(device|account|site)$/.test(node.type) && node.interval !== undefined ? { interval: 1 } : {}),
    // Nobody reads them, and the log would fill.
    ...(node.type === 'debug' ? { console: false, tosidebar: false, active: false } : {}),
  }));
}

async function deploy(runtime: BenchRuntime, flows: readonly FlowNode[]): Promise<void> {
  const response = await fetch(`${runtime.url}/flows`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'Node-RED-API-Version': 'v1', connection: 'close' },
    body: JSON.stringify(flows),
  });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`deploy: ${response.status}`);
}

/** What there is more of than before. */
function left(before: Kept, now: Kept): string[] {
  return (['handles', 'listeners'] as const).flatMap((kind) =>
    Object.entries(now[kind])
      .map(([name, count]) => [name, count - (before[kind][name] ?? 0)] as const)
      .filter(([, more]) => more > 0)
      .map(([name, more]) => `${more} ${kind} ${name}`),
  );
}

/** Messages as people send them, to each of our nodes that takes some. */
function messages(nodes: readonly FlowNode[]): { id: string; type: string }[] {
  const types = new Set(Object.keys(readManifest(projectRoot())['node-red'].nodes));
  return nodes
    .filter(({ type, x, wires }) => types.has(type) && x !== undefined && wires !== undefined)
    .map(({ id, type }) => ({ id, type }));
}

async function main(): Promise<void> {
  const minutes = numberOf('--minutes', 10);
  const seed = wholeNumberOf('--seed', newSeed());
  const random = new Seeded(seed);
  say(`every node type for ${minutes} min, seed ${seed}`);
  const systems = await startSystems(seed);
  const broker = await startBroker();
  const env = Object.assign({}, ...systems.map(({ variables }) => variables)) as Record<string, string>;
  Object.assign(env, {
    ...{ DEMO_MQTT_HOST: '127.0.0.1', DEMO_MQTT_PORT: String(broker.port) },
    ...{ DEMO_NUT_PORT: String(await freePort()), DEMO_NUT_PASSWORD: 'a password of its own' },
  });
  let runtime: BenchRuntime | undefined;
  try {
    runtime = await BenchRuntime.start({ ...emptyFlow(), env });
    const before = await kept(runtime);
    const nodes = everyType();
    await deploy(runtime, [...emptyFlow().flows, ...nodes]);
    const growth = await work(runtime, { minutes, systems, random, targets: messages(nodes) });
    await deploy(runtime, emptyFlow().flows);
    let more: string[] = [];
    for (let waited = 0; waited < AFTERMATH; waited++) {
      more = left(before, await kept(runtime));
      if (more.length === 0) break;
      await setTimeout(1000);
    }
    say(
      `heap after the first ${SETTLE} min: ${growth.data.toFixed(3)} MB a minute, with compiled code ${growth.all.toFixed(3)}`,
    );
    say(`handles and listeners left: ${more.length === 0 ? '0' : more.join(', ')}`);
    if (!(growth.data <= MAX_GROWTH) || more.length > 0) process.exitCode = 1;
  } finally {
    await runtime?.stop();
    await broker.close();
    for (const { proxies, close } of systems) {
      for (const proxy of proxies) proxy.close();
      await close();
    }
  }
}

const kept = (runtime: BenchRuntime): Promise<Kept> => runtime.call<Kept>('kept');

interface Work {
  minutes: number;
  systems: Awaited<ReturnType<typeof startSystems>>;
  random: Seeded;
  targets: readonly { id: string; type: string }[];
}

/** One look at the heap, in KB. */
interface Look {
  minute: number;
  heap: number;
  code: number;
}

/** MB a minute. */
interface Growth {
  /** without compiled code, which V8 goes on making for what runs seldom, and throws away again */
  data: number;
  all: number;
}

async function work(runtime: BenchRuntime, { minutes, systems, random, targets }: Work): Promise<Growth> {
  const looks: Look[] = [];
  const begun = performance.now();
  const elapsed = (): number => (performance.now() - begun) / 60_000;
  let nextLook = LOOK;
  let sent = 0;
  while (elapsed() < minutes) {
    const faulty = Math.floor((elapsed() * 60) / FAULTS) % 2 === 1;
    for (const { proxies } of systems) for (const proxy of proxies) proxy.rate = faulty ? RATE : 0;
    const { id } = targets[random.below(targets.length)] ?? { id: '' };
    // A message without anything in it reads, or is refused: both have to be free of traces.
    const payload = random.chance(0.5) ? {} : { power: random.below(5000) - 2500 };
    const options = { node: id, count: 1, atATime: 1, message: { payload, topic: '' } };
    try {
      await runtime.call('fire', options);
      sent++;
    } catch (error) {
      // The answer to a deploy comes before its nodes are there.
      if (sent > 0) throw error;
    }
    await Promise.allSettled(systems.map(async ({ shoot }) => shoot?.(runtime.url)));
    await setTimeout(100);
    if (elapsed() * 60 < nextLook) continue;
    nextLook += LOOK;
    // Faults leave retries and their errors for a while.
    const heap = (await runtime.call<number>('heap')) / 1024;
    const code = (await runtime.call<number>('code')) / 1024;
    say(
      `${elapsed().toFixed(1)} min: heap ${(heap / 1024).toFixed(2)} MB, ${(code / 1024).toFixed(2)} of it compiled code, ${sent} messages`,
    );
    if (elapsed() > SETTLE) looks.push({ minute: elapsed(), heap, code });
  }
  if (looks.length < 3) return { data: NaN, all: NaN };
  const of = (size: (look: Look) => number): number =>
    slope(looks.map((look) => [look.minute, size(look)] as const)) / 1024;
  return { data: of(({ heap, code }) => heap - code), all: of(({ heap }) => heap) };
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
