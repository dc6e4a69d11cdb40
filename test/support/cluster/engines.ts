import assert from 'node:assert/strict';

import type { Letter } from '../../../lib/cluster/engine';
import { RedisEngine } from '../../../lib/cluster/redis';
import { clusterSettings } from '../../../lib/cluster/settings';
import type { DeviceError } from '../../../lib/core/errors';
import type { RedisServer } from '../redis';

/** What a member tells of itself. */
export const OWN = { name: 'a', digest: 'd', ready: true };
const running: RedisEngine[] = [];

/** Ends all engines that a test has made. */
export async function closeEngines(): Promise<void> {
  for (const engine of running.splice(0)) await engine.close();
}

export interface Connected {
  engine: RedisEngine;
  letters: Letter[];
  problems: DeviceError[];
}

export function engineOf(server: RedisServer, holder: string, more: Record<string, unknown> = {}): Connected {
  const settings = clusterSettings({ url: server.url, name: 'test', takeover: 4, ...more }, {});
  assert.ok(settings);
  const letters: Letter[] = [];
  const problems: DeviceError[] = [];
  const engine = new RedisEngine({ settings, holder, onLost: (reason) => problems.push(reason) });
  engine.start((letter) => letters.push(letter));
  running.push(engine);
  return { engine, letters, problems };
}

export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}

export async function connected(...given: Parameters<typeof engineOf>): Promise<Connected> {
  const made = engineOf(...given);
  await until(() => made.engine.connected);
  return made;
}
