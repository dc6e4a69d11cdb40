import { type FileHandle, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

import { parseForeignJson } from './json/parse';

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
      await this.setAside();
      return { state: undefined, problem: { reason: 'stateDamaged', code: '' } };
    }
  }

  /** Takes a file that cannot be used out of the way: somebody may want to look at it. */
  async setAside(): Promise<void> {
    await rename(this.path, `${this.path}.damaged`).catch(() => undefined);
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

  /** With its folder, where that is missing. */
  private async create(path: string): Promise<FileHandle> {
    try {
      return await open(path, 'w', 0o600);
    } catch (thrown) {
      if (codeOf(thrown) !== 'ENOENT') throw thrown;
      await mkdir(dirname(path), { recursive: true });
      return open(path, 'w', 0o600);
    }
  }

  private async put(text: string): Promise<StateProblem | undefined> {
    const beside = `${this.path}.new`;
    try {
      const file = await this.create(beside);
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(beside, this.path);
      await syncFolder(dirname(this.path));
      return undefined;
    } catch (thrown) {
      return { reason: 'stateUnwritable', code: codeOf(thrown) };
    }
  }
}

/** So that the new name outlives a power cut; not every system lets a folder be opened for it. */
async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch {
    // The file itself is on the disk.
  }
}

function codeOf(thrown: unknown): string {
  const code: unknown =
    typeof thrown === 'object' && thrown !== null ? Reflect.get(thrown, 'code') : undefined;
  return typeof code === 'string' ? code : '';
}
