/**
 * `npm start`: Node-RED with the package, a flow that shows every node, and simulated devices. Everything
 * listens on loopback only.
 *
 * Environment: PORT (1880; 0 takes any free port), DEMO_USER_DIR (.demo in the project), and the addresses of
 * real devices (see demo/systems/). `npm start -- --reset` throws the user folder away first.
 */
import type http from 'node:http';
import path from 'node:path';
import { DemoError } from './demo/error';
import { describeReading } from './demo/first-reading';
import { listen, portOf, startNodeRed, stopNodeRed, type SentMessage } from './demo/node-red';
import { SYSTEMS } from './demo/simulators';
import type { DemoSystem } from './demo/system';
import { findProjectRoot, prepareUserFolder } from './demo/user-folder';

const STOP_LIMIT_MS = 2_800;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function readOptions(args: readonly string[]): { reset: boolean } {
  const unknown = args.find((arg) => arg !== '--reset');
  if (unknown !== undefined) {
    throw new DemoError(`Unknown option ${unknown}. The only one is --reset: npm start -- --reset`);
  }
  return { reset: args.includes('--reset') };
}

function readPort(text = '1880'): number {
  const port = Number(text);
  if (text.trim() === '' || !Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new DemoError(`PORT must be a number up to 65535, not "${text}".`);
  }
  return port;
}

/** Prints the first reading, but never before the addresses. */
function firstReading(ready: Promise<void>): (message: SentMessage) => boolean {
  return (message) => {
    const text = describeReading(message);
    if (text === undefined) return false;
    const seconds = (performance.now() / 1000).toFixed(1);
    void ready.then(() => print(`First reading: ${text} after ${seconds} s`));
    return true;
  };
}

async function stop(server: http.Server, systems: readonly DemoSystem[]): Promise<void> {
  const limit = setTimeout(() => {
    print('Something did not stop in time; leaving it behind.');
    process.exit(1);
  }, STOP_LIMIT_MS);
  await stopNodeRed(server);
  await Promise.all(systems.map((system) => system.close()));
  clearTimeout(limit);
}

async function main(): Promise<void> {
  const { reset } = readOptions(process.argv.slice(2));
  const root = await findProjectRoot();
  const folder = path.resolve(process.env.DEMO_USER_DIR ?? path.join(root, '.demo'));
  // First of all: a second demo must not touch the folder that the first one uses.
  const server = await listen(readPort(process.env.PORT));
  await prepareUserFolder(root, folder, reset);
  const systems: DemoSystem[] = [];
  // A device that pushes has to know where to.
  const environment = { ...process.env, DEMO_NODE_RED: `http://127.0.0.1:${portOf(server)}` };
  for (const start of SYSTEMS) systems.push(await start(environment));

  let stopping = false;
  const onSignal = () => {
    // Ctrl-C reaches this process twice when npm passes it on as well.
    if (stopping) return;
    stopping = true;
    print('Stopping ...');
    stop(server, systems).then(() => process.exit(0), fail);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);

  for (const { about, variables } of systems) {
    Object.assign(process.env, variables);
    print(about);
  }
  let addressesPrinted: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => (addressesPrinted = resolve));
  await startNodeRed(server, folder, firstReading(ready));
  const url = `http://127.0.0.1:${portOf(server)}`;
  print(`Editor: ${url}/`);
  print(`Live page: ${url}/live`);
  print('Ctrl-C stops the demo.');
  addressesPrinted();
}

function fail(error: unknown): void {
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const text = error instanceof DemoError ? error.message : `The demo failed: ${trace}`;
  process.stderr.write(`${text}\n`, () => process.exit(1));
}

main().catch(fail);
