import type { Cluster } from './cluster';
import { LONGEST_KEPT } from './engine';
import { notOwner } from './errors';
import { parsed } from './replies';

/** What a node keeps for whoever owns it next: read once, before it begins, and written as a whole. */
class Memory {
  private writing: Promise<boolean> | undefined;
  private again: Promise<boolean> | undefined;

  constructor(
    private readonly cluster: Cluster,
    private readonly name: string,
    private readonly partition: () => number,
    private readonly values: Record<string, unknown>,
  ) {}

  get(key: string): unknown {
    return Object.hasOwn(this.values, key) ? this.values[key] : undefined;
  }

  /**
   * Of several that come while one is written, the last state is written once.
   *
   * @returns whether others find it: not where this instance acts alone
   */
  set(key: string, value: unknown): Promise<boolean> {
    this.values[key] = value;
    if (!this.writing) return this.begin();
    this.again ??= this.writing
      .catch(() => undefined)
      .then(() => {
        this.again = undefined;
        return this.begin();
      });
    return this.again;
  }

  private begin(): Promise<boolean> {
    const writing = this.write().finally(() => {
      if (this.writing === writing) this.writing = undefined;
    });
    this.writing = writing;
    return writing;
  }

  private async write(): Promise<boolean> {
    const { cluster, name, values } = this;
    const partition = this.partition();
    if (!cluster.lease.owns(partition)) throw notOwner();
    // Without an engine there is nobody who would go on with it.
    if (cluster.lease.actsAlone) return false;
    if (!(await cluster.engine.keep(partition, name, JSON.stringify(values)))) throw notOwner();
    return true;
  }
}

/** @throws DeviceError when the engine cannot be asked */
export async function loadMemory(cluster: Cluster, node: string, partition: () => number): Promise<Memory> {
  const name = `node:${node}`;
  const values = cluster.lease.actsAlone ? {} : (parsed(await cluster.engine.kept(name), LONGEST_KEPT) ?? {});
  return new Memory(cluster, name, partition, values);
}
