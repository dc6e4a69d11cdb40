import type { CommandRecord, Engine } from './engine';

/** commands of this instance that are remembered */
const MOST = 200;
/** ms for which they are: as long as the engine keeps its records */
const FOR = 10 * 60_000;

interface Entry {
  device: string;
  record: CommandRecord;
  /** when it ended here */
  at: number;
  /** whether the engine is known to hold it */
  isWritten: boolean;
}

export interface PastOptions {
  engine: Pick<Engine, 'finish' | 'remember'>;
  now: () => number;
}

/**
 * What became of the commands of this instance: an engine that was away when they ended, or that has lost what was written,
 * is told when it is back.
 */
export class Past {
  private entries: Entry[] = [];
  private telling = false;

  constructor(private readonly options: PastOptions) {}

  /** A command has ended. Resolves when the engine holds it, or cannot be told now. */
  async ended(device: string, record: CommandRecord): Promise<void> {
    const entry = this.note(device, record);
    await this.options.engine.finish(device, record).then(
      () => (entry.isWritten = true),
      () => undefined,
    );
  }

  /** A command has begun, and whoever owns the device next goes on with it. */
  left(device: string, record: CommandRecord): void {
    this.note(device, record);
  }

  /** What became of a command here; `undefined`: it has not ended here. */
  of(key: string): CommandRecord | undefined {
    this.forget();
    return this.entries.findLast(({ record }) => record.key === key && record.state !== 'begun')?.record;
  }

  /** The engine may not hold what has been written: it was lost, or its data are others. */
  doubt(): void {
    for (const entry of this.entries) entry.isWritten = false;
  }

  /** The engine answers. */
  async tell(): Promise<void> {
    if (this.telling) return;
    this.telling = true;
    this.forget();
    const untold = this.entries.filter(({ isWritten }) => !isWritten);
    // What fails is told again with the next renewal.
    await Promise.allSettled(
      untold.map(async (entry) => {
        await this.options.engine.remember(entry.device, entry.record);
        entry.isWritten = true;
      }),
    );
    this.telling = false;
  }

  private note(device: string, record: CommandRecord): Entry {
    const entry = { device, record, at: this.options.now(), isWritten: false };
    this.entries.push(entry);
    this.forget();
    return entry;
  }

  private forget(): void {
    const now = this.options.now();
    this.entries = this.entries.slice(-MOST).filter(({ at }) => now - at < FOR);
  }
}
