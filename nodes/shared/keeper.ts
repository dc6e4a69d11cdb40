import { createHash } from 'node:crypto';
import { join } from 'node:path';

import type { Node, NodeAPI } from 'node-red';

import { type Clock, systemClock } from '../../lib/core/clock';
import { toDeviceError } from '../../lib/core/errors';
import { StateFile } from '../../lib/core/state-file';
import { sharedMemory } from './cluster-face';
import { askStore } from './context-store';
import { onClose } from './on-close';
import { noticeText } from './text';

/** What a node has kept, with what it was computed with. */
interface Kept {
  version: 1;
  /** of the settings that a state depends on */
  settings: string;
  /** of the state: what somebody or something has changed is none */
  digest: string;
  state: unknown;
  /** when it was kept, epoch ms; missing: before there was this field */
  at?: number;
}

export interface KeeperOptions<S> {
  /** what the state depends on: with anything else it is not used any more */
  settings: unknown;
  /** the state as it is now */
  state: () => S;
  /** ms between two writes that nothing urgent asks for */
  every: number;
  clock?: Clock;
}

const KEY = 'energyDevicesState';
const FOLDER = 'energy-devices';
/** Stores of Node-RED that lose what was written last when the process ends at once. */
const FORGETFUL = ['memory', 'localfilesystem'];

interface RuntimeSettings {
  userDir?: string;
  contextStorage?: Record<string, string | { module?: string }>;
}

/** Where a node's state is kept. */
export type Place =
  /** `name` below Node-RED's user folder */
  | { kind: 'file'; name: string }
  /** the default context store */
  | { kind: 'context'; name: string }
  /** in memory: there is no user folder */
  | { kind: 'memory'; name: '' };

export function placeOf(RED: NodeAPI, id: string): Place {
  const settings = RED.settings as RuntimeSettings;
  const store = persistentStore(settings);
  if (store !== undefined) return { kind: 'context', name: store };
  // The id names a file, and may come from a flow file that somebody wrote.
  const name = `${FOLDER}/${id.replace(/[^\w-]/g, '_').slice(0, 100)}.json`;
  return settings.userDir ? { kind: 'file', name } : { kind: 'memory', name: '' };
}

/**
 * Keeps a node's state over a restart: in its context where the store forgets nothing, else in a file of our own below
 * Node-RED's user folder. What goes wrong is told once, and the node goes on without.
 */
export class Keeper<S> {
  private readonly file: StateFile | undefined;
  private readonly fingerprint: string;
  private readonly clock: Clock;
  private cancelTimer: (() => void) | undefined;
  private told = '';
  /** before it is loaded nothing may take its place */
  private loaded = false;

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    private readonly options: KeeperOptions<S>,
  ) {
    this.clock = options.clock ?? systemClock;
    this.fingerprint = digestOf(options.settings);
    const place = placeOf(RED, node.id);
    const { userDir } = RED.settings as RuntimeSettings;
    if (place.kind === 'file' && userDir) this.file = new StateFile(join(userDir, place.name));
    onClose(node, async (removed) => {
      this.cancelTimer?.();
      if (removed) await this.file?.remove();
      else if (this.loaded) await this.save();
    });
  }

  /**
   * Reads the state, and puts it to use.
   *
   * @param use throws for a state that cannot be used, which is then set aside; `at`: when it was kept, epoch ms, `null` where
   * nobody knows
   * @returns `anew`: it was computed with other settings; `lost`: there was one, and it cannot be used
   */
  async load(use: (state: S, at: number | null) => void): Promise<{ anew: boolean; lost: boolean }> {
    const kept = (await this.read()) as Partial<Kept> | null | undefined;
    let anew = false;
    if (kept !== undefined && kept !== null) {
      if (kept.version !== 1 || kept.digest !== digestOf(kept.state)) await this.setAside();
      else if (kept.settings !== this.fingerprint) anew = true;
      else {
        try {
          use(kept.state as S, typeof kept.at === 'number' ? kept.at : null);
        } catch {
          await this.setAside();
        }
      }
    }
    this.loaded = true;
    return { anew, lost: this.told !== '' };
  }

  /** Writes soon, and nothing more often than it has to. */
  saveLater(): void {
    this.cancelTimer ??= this.clock.after(this.options.every, () => {
      this.cancelTimer = undefined;
      void this.save();
    });
  }

  /** Resolves when the state is where it survives. */
  async save(): Promise<void> {
    const state = this.options.state();
    const kept: Kept = {
      version: 1,
      settings: this.fingerprint,
      digest: digestOf(state),
      state,
      at: this.clock.now(),
    };
    const shared = sharedMemory(this.node);
    if (shared) {
      try {
        await shared.set(KEY, kept);
      } catch (thrown) {
        // The owner now goes on from what was kept before.
        const { reason } = toDeviceError(thrown);
        if (reason !== 'clusterLost') this.tell('stateUnwritable', reason);
      }
      return;
    }
    if (this.file) {
      const problem = await this.file.write(kept);
      if (problem) this.tell(problem.reason, problem.code);
      // What goes wrong another time is news again.
      else this.told = '';
      return;
    }
    try {
      await this.ask((answer) => this.node.context().set(KEY, kept, answer));
    } catch {
      this.tell('stateUnwritable', '');
    }
  }

  private async read(): Promise<unknown> {
    // What was kept here before there was a cluster is taken over once.
    const shared = sharedMemory(this.node)?.get(KEY);
    if (shared !== undefined) return shared;
    if (this.file) {
      const { state, problem } = await this.file.read();
      if (problem) this.tell(problem.reason, problem.code);
      // It is not overwritten: it may be readable another day.
      if (problem?.reason === 'stateUnreadable') await this.file.setAside();
      return state;
    }
    try {
      return await this.ask((answer) => this.node.context().get(KEY, answer));
    } catch {
      this.tell('stateUnreadable', '');
      return undefined;
    }
  }

  private ask(ask: Parameters<typeof askStore>[0]): Promise<unknown> {
    return askStore(ask, undefined, this.clock);
  }

  private async setAside(): Promise<void> {
    await this.file?.setAside();
    this.tell('stateDamaged', '');
  }

  private tell(reason: string, code: string): void {
    if (this.told === reason + code) return;
    this.told = reason + code;
    this.node.warn(noticeText(this.RED, { reason, params: { code } }));
  }
}

function digestOf(value: unknown): string {
  const text = JSON.stringify(value ?? null);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** The name of the default context store, if it outlives the process up to what was written last. */
function persistentStore({ contextStorage }: RuntimeSettings): string | undefined {
  const chosen = contextStorage?.default;
  // A store may be named by another one's name.
  const store = typeof chosen === 'string' ? contextStorage?.[chosen] : chosen;
  const module = typeof store === 'object' ? store.module : store;
  if (module === undefined || FORGETFUL.includes(module)) return undefined;
  return typeof chosen === 'string' ? chosen : 'default';
}
