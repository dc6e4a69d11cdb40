import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';

import { systemClock } from '../core/clock';
import type { DeviceError } from '../core/errors';
import { Commands } from './commands';
import type { Engine, Letter } from './engine';
import { Forward } from './forward';
import { Lease } from './lease';
import { leaseClock, type LeaseClock } from './lease-clock';
import { parsed } from './replies';
import type { ClusterSettings } from './settings';

export interface ClusterListeners {
  changed: () => void;
  /** Work other than commands is to end in these partitions. */
  ending?: (partitions: readonly number[]) => Promise<void>;
  /** a letter that is none of a command */
  letter?: (kind: string, letter: Record<string, unknown>) => void;
}

/** One process: no two of them have the same. */
export function newHolder(): string {
  return `${hostname().slice(0, 60)} ${process.pid} ${randomBytes(4).toString('hex').slice(0, 6)}`;
}

/** This process as a member of a cluster. */
export class Cluster {
  readonly lease: Lease;
  readonly commands: Commands;
  readonly forward: Forward;
  readonly clock: LeaseClock;

  constructor(
    readonly engine: Engine,
    readonly settings: ClusterSettings,
    readonly holder: string,
    private readonly listeners: ClusterListeners,
    clock: LeaseClock = leaseClock(systemClock),
  ) {
    this.clock = clock;
    this.lease = new Lease({
      engine,
      settings,
      holder,
      clock,
      listeners: {
        changed: () => {
          this.commands.changed();
          listeners.changed();
        },
        ending: async (partitions) => {
          await this.commands.ended(partitions);
          await listeners.ending?.(partitions);
        },
        freed: async (members) => {
          const text = JSON.stringify({ t: 'freed' });
          await Promise.allSettled(members.map(({ holder: to }) => engine.send(to, text)));
        },
        forgotten: () => {
          this.forward.again();
          return this.commands.remember();
        },
      },
    });
    this.commands = new Commands({ engine, lease: this.lease, clock, holder });
    this.forward = new Forward({ engine, lease: this.lease, commands: this.commands, clock, holder });
  }

  start(): void {
    this.engine.start((letter) => this.heard(letter));
    this.lease.start();
  }

  /** The connection stands again. */
  connected(): void {
    this.lease.turn();
    this.forward.again();
  }

  /** @param within ms that running commands get to end */
  async leave(within: number): Promise<void> {
    await this.lease.leave(within);
    this.commands.close();
    await this.engine.close();
  }

  get problem(): DeviceError | undefined {
    return this.lease.problem;
  }

  /** Another flow file than the one here is in force, and whoever has that goes on with it. */
  get hasOtherFlows(): boolean {
    const own = this.lease.members.find(({ holder }) => holder === this.holder);
    return own !== undefined && own.digest !== this.lease.digestInForce;
  }

  private heard(letter: Letter): void {
    const content = parsed(letter.text);
    if (!content) return;
    if (content.t === 'freed') this.lease.turn();
    else if (content.t === 'ask' || content.t === 'answer') this.forward.heard(letter, content);
    else if (typeof content.t === 'string') this.listeners.letter?.(content.t, content);
  }
}
