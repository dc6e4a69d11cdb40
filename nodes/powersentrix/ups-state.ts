import type { Node, NodeAPI } from 'node-red';

import { isRecord } from '../../lib/core/values';
import type { Ups } from '../../lib/powersentrix/ups';
import { clusterOf } from '../shared/cluster';
import type { ConfigTools } from '../shared/config-node';
import { NodeMemory } from '../shared/node-memory';
import { TurnMemory } from '../shared/turn-memory';

/** Key of the node's context, in which the meaning of a status survives a restart. */
const MEMORY = 'energyDevicesUps';

/** What the meaning of a UPS's status depends on: over a restart, and from one owner to the next. */
export class UpsState {
  private readonly own: NodeMemory;
  private readonly turns: TurnMemory | undefined;

  /** @param identity of the UPS: what another one's statuses mean is no concern of this one */
  constructor(
    RED: NodeAPI,
    node: Node,
    private readonly identity: string,
    private readonly ups: () => Ups,
    onClose: ConfigTools['onClose'],
  ) {
    this.own = new NodeMemory(RED, node, MEMORY);
    const cluster = clusterOf(RED);
    if (!cluster) return;
    const turns = new TurnMemory(RED, cluster, node, {
      begin: (memory) => {
        const state = this.stateIn(memory.get(MEMORY));
        if (state !== undefined) ups().goOn(state);
      },
    });
    this.turns = turns;
    onClose((removed) => turns.close(removed));
  }

  /** Goes on with what was kept here. */
  load(): void {
    this.own.read((stored) => this.ups().restore(this.stateIn(stored)));
  }

  /** Resolves when a reading of the owner means what it meant to the owner before; missing: it does. */
  get ready(): (() => Promise<void>) | undefined {
    const { turns } = this;
    return turns && (() => turns.ready());
  }

  save(): void {
    const value = { device: this.identity, state: this.ups().state };
    this.own.write(value);
    this.turns?.set(MEMORY, value);
  }

  private stateIn(stored: unknown): unknown {
    return isRecord(stored) && stored.device === this.identity ? stored.state : undefined;
  }
}
