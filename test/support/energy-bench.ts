import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import helper from 'node-red-node-test-helper';

import { settle } from './fake-clock';
import type { Feed } from './feed';
import { unloadFlow } from './flow';

/** ms */
const DAY = 86_400_000;
const seen = new WeakMap<object, number>();

/** The next thing that comes, one after the other. */
export function next<T>(feed: Feed<T>): Promise<T> {
  const from = seen.get(feed) ?? 0;
  seen.set(feed, from + 1);
  return feed.waitFor(() => true, `item ${from}`, { from });
}

/** Epoch ms as ISO 8601. */
export const iso = (ms: number): string => new Date(ms).toISOString();

/** Noon of the day before, in UTC and epoch ms: some hours around it lie in the past, and in one day, week and month. */
export const lastNoon = (): number => Math.floor(Date.now() / DAY) * DAY - DAY / 2;

/** Timers that are planned. */
const planned = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

/**
 * Gives each test of a suite a user folder of its own; its flow ends before the folder goes, and leaves no timer behind.
 *
 * @returns the folder
 */
export function useUserFolder(): () => string {
  let folder: string;
  let before: number;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'energy-nodes-'));
    helper.settings({ userDir: folder });
    before = planned();
  });
  afterEach(async () => {
    await unloadFlow();
    helper.settings({});
    // What was under way when the node was closed ends.
    await settle();
    assert.ok(planned() <= before, `${planned() - before} timers are left`);
    await rm(folder, { recursive: true, force: true });
  });
  return () => folder;
}
