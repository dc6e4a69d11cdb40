import { createHash } from 'node:crypto';
import { join } from 'node:path';

import type { Node, NodeAPI } from 'node-red';

import { type Clock, systemClock } from '../../lib/core/clock';
import { StateFile } from '../../lib/energy/state-file';
import { onClose } from '../shared/input-runner';
import { noticeText } from '../shared/text';

/** What a node has kept, with what it was computed with. */
interface Kept {
  version: 1;
  /** of the settings that a state depends on */
  settings: string;
  state: unknown;
}

export interface KeeperOptions<S> {
  /** what the state depends on: with anything else it is not used any more */
  settings: unknown;
  /** the state as it is now */
  state: () => S;
  /** ms between two writes that nothing urgent asks for; default a minute */
  every?: number;
  clock?: Clock;
}

/** What a node finds at its start. */
export interface Found<S> {
  state: S | undefined;
  /** there was a state, of other settings */
  anew: boolean;
}

const EVERY = 60_000;
const KEY = 'energyDevicesState';
/** Stores of Node-RED that lose what was written last when the process ends at once. */
const FORGETFUL = ['memory', 'localfilesystem'];

interface RuntimeSettings {
  userDir?: string;
  contextStorage?: Record<string, string | { module?: string }>;
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

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    private readonly options: KeeperOptions<S>,
  ) {
    const settings = RED.settings as RuntimeSettings;
    this.clock = options.clock ?? systemClock;
    this.fingerprint = createHash('sha256')
      .update(JSON.stringify(options.settings))
      .digest('hex')
      .slice(0, 16);
    // The id names a file, and may come from a flow file that somebody wrote.
    const name = `${node.id.replace(/[^\w-]/g, '_').slice(0, 100)}.json`;
    if (!keepsContext(settings) && settings.userDir) {
      this.file = new StateFile(join(settings.userDir, 'energy-devices', name));
    }
    onClose(node, async (removed) => {
      this.cancelTimer?.();
      if (removed) await this.remove();
      else await this.save();
    });
  }

  async load(): Promise<Found<S>> {
    const kept = (await this.read()) as Partial<Kept> | null | undefined;
    if (kept?.version !== 1) return { state: undefined, anew: false };
    if (kept.settings !== this.fingerprint) return { state: undefined, anew: true };
    return { state: kept.state as S, anew: false };
  }

  /** Writes soon, and nothing more often than it has to. */
  saveLater(): void {
    this.cancelTimer ??= this.clock.after(this.options.every ?? EVERY, () => {
      this.cancelTimer = undefined;
      void this.save();
    });
  }

  /** Resolves when the state is where it survives. */
  async save(): Promise<void> {
    const kept: Kept = { version: 1, settings: this.fingerprint, state: this.options.state() };
    if (this.file) {
      const problem = await this.file.write(kept);
      if (problem) this.tell(problem.reason, problem.code);
      return;
    }
    await new Promise<void>((resolve) => {
      this.node.context().set(KEY, kept, (error: Error | null | undefined) => {
        if (error) this.tell('stateUnwritable', '');
        resolve();
      });
    });
  }

  private async read(): Promise<unknown> {
    if (this.file) {
      const { state, problem } = await this.file.read();
      if (problem) this.tell(problem.reason, problem.code);
      return state;
    }
    return new Promise((resolve) => {
      this.node.context().get(KEY, (error: Error | null, value: unknown) => {
        if (error) this.tell('stateUnreadable', '');
        resolve(value);
      });
    });
  }

  private async remove(): Promise<void> {
    await this.file?.remove();
  }

  private tell(reason: string, code: string): void {
    if (this.told === reason + code) return;
    this.told = reason + code;
    this.node.warn(noticeText(this.RED, { reason, params: { code } }));
  }
}

/** Whether the default context store outlives the process, up to what was written last. */
function keepsContext({ contextStorage }: RuntimeSettings): boolean {
  const chosen = contextStorage?.default;
  // A store may be named by another one's name.
  const store = typeof chosen === 'string' ? contextStorage?.[chosen] : chosen;
  const module = typeof store === 'object' ? store.module : store;
  return module !== undefined && !FORGETFUL.includes(module);
}
