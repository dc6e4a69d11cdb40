import { type Permit, withPermit } from '../core/command/permit';
import type { DeviceError } from '../core/errors';
import type { CommandRecord } from './engine';

export interface PermitOptions {
  begin: (goal: string) => Promise<string>;
  refusal: () => DeviceError | undefined;
}

/** The permit of one command in this process: it begins once, and ends with the ownership. */
export class CommandPermit implements Permit {
  private readonly ending = new AbortController();
  private begun: Promise<string> | undefined;
  private led = '';
  /** the record of it, where it cannot begin because it has begun elsewhere */
  known: CommandRecord | undefined;

  constructor(private readonly options: PermitOptions) {}

  /** aborts when the device is not owned any more */
  get signal(): AbortSignal {
    return this.ending.signal;
  }

  /** What it leads to; empty before it begins, and where it has no goal. */
  get goal(): string {
    return this.led;
  }

  begin(goal: string): Promise<string> {
    this.begun ??= this.options.begin(goal).then((counts) => (this.led = counts));
    return this.begun;
  }

  refusal(): DeviceError | undefined {
    return this.options.refusal();
  }

  end(): void {
    this.ending.abort();
  }

  /** A signal that aborts with another one or with the ownership, and carries this permit. */
  over(other: AbortSignal): { signal: AbortSignal; end: () => void } {
    const both = new AbortController();
    const abort = (): void => both.abort();
    for (const one of [other, this.signal]) {
      if (one.aborted) abort();
      else one.addEventListener('abort', abort, { once: true });
    }
    const end = (): void => {
      for (const one of [other, this.signal]) one.removeEventListener('abort', abort);
    };
    return { signal: withPermit(both.signal, this), end };
  }
}
