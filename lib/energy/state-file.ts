import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

import { parseForeignJson } from '../core/json';

/** What a state file could not do; the text names no more than the file's own error code. */
export interface StateProblem {
  reason: 'stateDamaged' | 'stateUnreadable' | 'stateUnwritable';
  /** of the operating system, e.g. EACCES, ENOSPC; empty where there is none */
  code: string;
}

const LONGEST = 4 * 1024 * 1024;

/**
 * A small state that outlives the process, in a file that is either the old one or the new one, never half of both: it
 * is written beside, forced to the disk and put in place of the other.
 *
 * Writes do not overlap, and of several that wait only the newest is carried out. Nothing here throws: a folder that is
 * full or read-only is told, and the node goes on without.
 */
export class StateFile {
  private writing: Promise<StateProblem | undefined> | undefined;
  private next: { text: string; done: Promise<StateProblem | undefined> } | undefined;

  constructor(private readonly path: string) {}

  /** @returns the state as it was written; `undefined` where there is none, or it cannot be read */
  async read(): Promise<{ state: unknown; problem: StateProblem | undefined }> {
    let text: string;
    try {
      text = await readFile(this.path, 'utf8');
    } catch (thrown) {
      const code = codeOf(thrown);
      const problem = code === 'ENOENT' ? undefined : ({ reason: 'stateUnreadable', code } as const);
      return { state: undefined, problem };
    }
    try {
      if (text.length > LONGEST) throw new RangeError('too long');
      return { state: parseForeignJson(text), problem: undefined };
    } catch {
      // Somebody may want to look at it.
      await rename(this.path, `${this.path}.damaged`).catch(() => undefined);
      return { state: undefined, problem: { reason: 'stateDamaged', code: '' } };
    }
  }

  /** Resolves when the state, or a newer one, is on the disk; with the problem where it is not. */
  write(state: unknown): Promise<StateProblem | undefined> {
    const text = JSON.stringify(state);
    if (!this.writing) {
      this.writing = this.put(text).finally(() => (this.writing = undefined));
      return this.writing;
    }
    if (this.next) {
      this.next.text = text;
      return this.next.done;
    }
    const next = { text, done: Promise.resolve<StateProblem | undefined>(undefined) };
    next.done = this.writing.then(() => {
      this.next = undefined;
      this.writing = this.put(next.text).finally(() => (this.writing = undefined));
      return this.writing;
    });
    this.next = next;
    return next.done;
  }

  /** Takes the state away, with what was set aside. */
  async remove(): Promise<void> {
    await this.writing;
    for (const path of [this.path, `${this.path}.new`, `${this.path}.damaged`]) {
      await rm(path, { force: true }).catch(() => undefined);
    }
  }

  private async put(text: string): Promise<StateProblem | undefined> {
    const beside = `${this.path}.new`;
    try {
      await mkdir(dirname(this.path), { recursive: true });
      const file = await open(beside, 'w', 0o600);
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(beside, this.path);
      return undefined;
    } catch (thrown) {
      return { reason: 'stateUnwritable', code: codeOf(thrown) };
    }
  }
}

function codeOf(thrown: unknown): string {
  const code: unknown =
    typeof thrown === 'object' && thrown !== null ? Reflect.get(thrown, 'code') : undefined;
  return typeof code === 'string' ? code : '';
}
