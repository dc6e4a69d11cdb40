import { createHash } from 'node:crypto';

import type { Cluster } from './cluster';
import { LONGEST_KEPT } from './engine';
import { notOwner } from './errors';
import { parsed } from './replies';

type Values = Record<string, unknown>;

/** What one node keeps, as this process knows it. */
interface Known {
  values: Values;
  /** of what stands in the engine, as far as this process has read or written it */
  digest: string;
  /** what has been kept while this instance acted alone stands here only */
  isAhead: boolean;
}

/** What a node keeps for whoever owns it next: read once, before it begins, and written as a whole. */
class Memory {
  private writing: Promise<boolean> | undefined;
  private again: Promise<boolean> | undefined;

  constructor(
    private readonly cluster: Cluster,
    private readonly name: string,
    private readonly partition: () => number,
    private readonly known: Known,
  ) {}

  get(key: string): unknown {
    const { values } = this.known;
    return Object.hasOwn(values, key) ? values[key] : undefined;
  }

  /**
   * Of several that come while one is written, the last state is written once.
   *
   * @returns whether others find it: not where this instance acts alone
   */
  set(key: string, value: unknown): Promise<boolean> {
    this.known.values[key] = value;
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
    const { cluster, name, known } = this;
    const partition = this.partition();
    if (!cluster.lease.owns(partition)) throw notOwner();
    // Without an engine there is nobody who would go on with it.
    if (cluster.lease.actsAlone) {
      known.isAhead = true;
      return false;
    }
    const text = JSON.stringify(known.values);
    if (!(await cluster.engine.keep(partition, name, text))) throw notOwner();
    known.digest = digestOf(text);
    known.isAhead = false;
    return true;
  }
}

/** What the nodes of one process keep for whoever owns them next. */
export class Memories {
  /** of nodes that this process has owned; where it may have to do without the engine alone */
  private readonly known = new Map<string, Known>();

  constructor(private readonly cluster: Cluster) {}

  /** @throws DeviceError when the engine cannot be asked */
  async load(node: string, partition: () => number): Promise<Memory> {
    const { cluster } = this;
    const name = `node:${node}`;
    const found = await this.find(name);
    if (cluster.settings.whenLost === 'alone') this.known.set(name, found);
    return new Memory(cluster, name, partition, found);
  }

  private async find(name: string): Promise<Known> {
    const { cluster } = this;
    const before = this.known.get(name);
    // Who acts alone goes on from what it knew when it lost the engine.
    if (cluster.lease.actsAlone) return before ?? { values: {}, digest: '', isAhead: false };
    const text = await cluster.engine.kept(name);
    const digest = digestOf(text ?? '');
    // And from what it did alone, where nobody has kept anything since.
    if (before?.isAhead === true && before.digest === digest) return before;
    return { values: parsed(text, LONGEST_KEPT) ?? {}, digest, isAhead: false };
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
