import assert from 'node:assert/strict';

import { noise } from '../../simulators/support/random';
import { FROM, type TestDevice } from './enapter-device';
import type { Feed } from './feed';

/** What reached the broker. */
export interface Arrived {
  topic: string;
  json: unknown;
}

/** A broker that a scenario can kill, whatever it is. */
export interface KillableBroker {
  arrived: Feed<Arrived>;
  kill: () => Promise<void>;
  /** Starts it again; resolves when the device is subscribed again. */
  restart: () => Promise<void>;
  sendCommand: (body: string) => Promise<void>;
}

/** Logs fit into the queue for the shorter outages, and overflow it in the longer ones. */
const OFFLINE_LOGS = [20, 260];

function sequenceOf({ json }: Arrived, key: string): number | undefined {
  const value: unknown = typeof json === 'object' && json !== null ? Reflect.get(json, key) : undefined;
  return typeof value === 'number' ? value : undefined;
}

/**
 * Kills a broker ten times in the midst of telemetry, logs and commands, at moments that the seed decides, and holds
 * that: the device comes back each time with its subscription; its newest telemetry goes out; each log arrives or is
 * counted and reported as lost; no command runs twice, and each that ran is answered.
 */
export async function killTenTimes(broker: KillableBroker, device: TestDevice, seed: number): Promise<void> {
  const { connection, dropped } = device;
  const runs = new Map<string, number>();
  let telemetry = 0;
  let logs = 0;
  let commands = 0;
  const random = (index: number, below: number): number => Math.floor(noise(seed, index) * below);
  const speak = (): void => {
    connection.publishValues('telemetry', 'source', { seq: ++telemetry });
    connection.publishLog(`log ${++logs}`);
  };
  connection.desk.listen({
    command: '',
    timeout: 60_000,
    take: ({ id }) => {
      runs.set(id, (runs.get(id) ?? 0) + 1);
      connection.desk.respond({ id, state: 'completed', payload: {} });
    },
  });
  const command = async (id: string): Promise<void> => {
    await broker.sendCommand(JSON.stringify({ id, name: 'work' })).catch(() => undefined);
  };

  for (let round = 0; round < 10; round++) {
    const before = broker.arrived.items.length;
    const words = 1 + random(round * 3, 40);
    for (let n = words; n > 0; n--) {
      speak();
      if (n % 5 === 0) await command(`c${++commands}`);
    }
    // Somewhere in the midst of what was just said.
    const some = random(round * 3 + 1, words);
    await broker.arrived.waitFor(() => broker.arrived.items.length >= before + some, 'arrived');
    await broker.kill();
    for (let n = OFFLINE_LOGS[round % 2] ?? 0; n > 0; n--) speak();
    await broker.restart();
    await broker.arrived.waitFor((one) => sequenceOf(one, 'seq') === telemetry, 'arrived');
    // The EMS may send again what it got no answer for.
    for (let n = 1; n <= commands; n++) await command(`c${n}`);
  }

  const last = `log ${++logs}`;
  connection.publishLog(last);
  const isLog = ({ topic }: Arrived): boolean => topic === `${FROM}/v3/logs`;
  const text = ({ json }: Arrived): string => String((json as { message: unknown }).message);
  await broker.arrived.waitFor((one) => isLog(one) && text(one) === last, 'arrived');
  const responseOf = ({ topic, json }: Arrived): string | undefined =>
    topic === `${FROM}/v1/command/responses` ? (json as { id: string }).id : undefined;
  await Promise.all(
    [...runs.keys()].map((id) => broker.arrived.waitFor((one) => responseOf(one) === id, 'arrived')),
  );

  const seen = new Set(broker.arrived.items.filter(isLog).map(text));
  const missing = Array.from({ length: logs }, (_, n) => `log ${n + 1}`).filter((line) => !seen.has(line));
  const sum = (): number => dropped.items.reduce((total, count) => total + count, 0);
  await dropped.waitFor(() => sum() === connection.counts.droppedLogs, 'dropped');
  const reported = sum();
  // A line that arrived just before a kill is not confirmed, so it counts as lost when it has to make room.
  assert.ok(missing.length <= reported, `every lost log is reported (seed ${seed})`);
  assert.ok(reported > 0, 'the queue overflowed');
  assert.ok(
    [...runs.values()].every((count) => count === 1),
    `no command ran twice (seed ${seed})`,
  );
  assert.equal(runs.size, commands, 'all commands ran in the end');
  assert.equal(connection.availability?.available, true);
}
