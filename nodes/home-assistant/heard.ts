import type { Node, NodeAPI } from 'node-red';

import { systemClock } from '../../lib/core/clock';
import { toDeviceError } from '../../lib/core/errors';
import {
  begunWith,
  type HeardCommand,
  HeardCommands,
  readBegun,
} from '../../lib/home-assistant/heard-commands';
import { clusterOf, dutyOf } from '../shared/cluster';
import { sharedMemory } from '../shared/cluster-face';
import { errorText } from '../shared/text';
import type { BrokerAccess, Heard } from './broker';

/** Key under which the commands that have begun are kept for whoever owns the node next. */
const BEGUN = 'homeAssistantCommands';

/** What comes on the topics of commands while another instance owns the node. */
export class CommandListener {
  private readonly commands: HeardCommands;

  /** @param keptFor ms */
  constructor(
    private readonly broker: BrokerAccess,
    topic: string,
    options: object,
    keptFor: number,
  ) {
    this.commands = new HeardCommands(keptFor);
    const heard: Heard = (at, payload, { retain }) => {
      if (retain === true || !Buffer.isBuffer(payload)) return;
      this.commands.add({ topic: at, payload: payload.toString('utf8'), at: systemClock.now() });
    };
    broker.begin([{ topic, options, heard }]);
  }

  left(begun: readonly HeardCommand[]): HeardCommand[] {
    return this.commands.left(begun, systemClock.now());
  }

  close(removed: boolean): Promise<void> {
    return this.broker.end(removed);
  }
}

/** The commands that a node has begun, for whoever owns it next. Without a cluster there is nobody else. */
export class CommandJournal {
  private readonly memory: ReturnType<typeof sharedMemory>;
  private readonly duty: ReturnType<typeof dutyOf>;

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
  ) {
    this.memory = sharedMemory(node);
    this.duty = dutyOf(RED, node);
  }

  get begun(): HeardCommand[] {
    const ahead = this.ahead();
    return readBegun(this.memory?.get(BEGUN)).map((one) => ({ ...one, at: one.at - ahead }));
  }

  /** Writes a command down, then carries it out: one that cannot be written down is left to whoever owns the node. */
  begin(heard: HeardCommand, carryOut: () => void): void {
    const { RED, node, memory, duty } = this;
    if (!memory) {
      carryOut();
      return;
    }
    memory.set(BEGUN, begunWith(memory.get(BEGUN), { ...heard, at: heard.at + this.ahead() })).then(
      () => {
        if (duty?.active ?? true) carryOut();
      },
      (thrown: unknown) => node.warn(errorText(RED, toDeviceError(thrown))),
    );
  }

  /** ms by which the clock that all instances have is ahead of this one's. */
  private ahead(): number {
    const now = systemClock.now();
    return (clusterOf(this.RED)?.cluster?.engine.time() ?? now) - now;
  }
}
