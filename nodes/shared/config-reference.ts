import type { Node, NodeAPI } from 'node-red';

import { type DeviceError, toDeviceError } from '../../lib/core/errors';
import { type ConfigHolder, findConfig } from './config-node';
import { type Closing, onClose } from './on-close';
import { follow, type Follower, unfollow } from './shared-state';
import { errorText } from './text';

/** Which config node a flow node has chosen. */
export interface ConfigChoice {
  /** of the config node */
  type: string;
  id: string;
  /** the error where there is none: not chosen, disabled, deleted or of another type */
  missing: () => DeviceError;
  /** what is wrong with the flow node's own settings; there is nothing to use then */
  problem?: DeviceError | undefined;
}

/**
 * Does something with a config node's part for as long as that node runs; `undefined`: there is none that works.
 *
 * @returns what ends it
 */
type Use<P> = (part: P | undefined) => (() => void) | undefined;

/** The same as an object that is there anyway: where there are thousands, it is smaller than closures. */
export interface PartUser<P> {
  /** A part is there, or there is none that works. */
  take(part: P | undefined): void;
  /** It ends, or another one comes. */
  leave(): void;
}

class UseOfPart<P> implements PartUser<P> {
  private end: (() => void) | undefined;

  constructor(private readonly use: Use<P>) {}

  take(part: P | undefined): void {
    this.end = this.use(part);
  }

  leave(): void {
    const { end } = this;
    this.end = undefined;
    end?.();
  }
}

/** What is needed of a reference by those who work with a part of what the config node offers. */
export type Follows<P> = Pick<ConfigReference<P>, 'part' | 'problem' | 'follow'>;

/**
 * A flow node's way to its config node, for the flow node's life.
 *
 * A partial deploy replaces a config node without touching a flow node that names it by a variable or by a subflow's
 * property. So the config node is looked up whenever it is used, and who follows it is told of another one in its place.
 */
export class ConfigReference<P> implements Follower, Closing {
  private users: readonly PartUser<P>[] = [];
  private current: ConfigHolder<P> | undefined;

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    private readonly choice: ConfigChoice,
  ) {
    this.current = this.find();
    if (choice.id !== '') follow(RED, choice.id, this);
    onClose(node, this);
  }

  /** For the node's end. */
  closing(): void {
    unfollow(this.RED, this.choice.id, this);
    const { users } = this;
    this.users = [];
    for (const user of users) this.guard(() => user.leave());
  }

  replaced(): void {
    this.turnTo(this.find());
  }

  /** Why nothing can be done; `undefined` when something can. */
  get problem(): DeviceError | undefined {
    const holder = this.find();
    // A node that asks before the announcement finds its followers in the same place.
    if (holder) this.turnTo(holder);
    return this.choice.problem ?? (holder ? holder.problem : this.choice.missing());
  }

  /** The part as it runs now, if there is one. */
  get offered(): P | undefined {
    return this.choice.problem ? undefined : this.find()?.offered;
  }

  /** The part as it runs now. @throws DeviceError why there is none */
  get part(): P {
    return this.holder.part;
  }

  /**
   * Runs a call with the part as it runs now, counting it for the config node's diagnostics.
   *
   * @throws DeviceError why there is none, or what the call throws
   */
  run<T>(call: (part: P) => Promise<T>): Promise<T> {
    return this.holder.run(call);
  }

  /** Calls `use` with the part at once, and again whenever another config node stands in its place, or none. */
  follow(use: Use<P> | PartUser<P>): void {
    const user = typeof use === 'function' ? new UseOfPart(use) : use;
    user.take(this.partOf(this.current));
    this.users = this.users.concat(user);
  }

  private get holder(): ConfigHolder<P> {
    if (this.choice.problem) throw this.choice.problem;
    const found = this.find();
    if (!found) throw this.choice.missing();
    this.turnTo(found);
    return found;
  }

  private find(): ConfigHolder<P> | undefined {
    return findConfig<P>(this.RED, this.choice.type, this.choice.id);
  }

  private partOf(holder: ConfigHolder<P> | undefined): P | undefined {
    return this.choice.problem ? undefined : holder?.offered;
  }

  private turnTo(found: ConfigHolder<P> | undefined): void {
    if (found === this.current) return;
    this.current = found;
    // Node-RED says nothing of a flow node whose config node is gone.
    if (!found && !this.choice.problem) this.node.warn(errorText(this.RED, this.choice.missing()));
    for (const user of this.users) {
      this.guard(() => user.leave());
      this.guard(() => user.take(this.partOf(found)));
    }
  }

  /** One follower's fault must not keep the others from hearing. */
  private guard(work: () => void): void {
    try {
      work();
    } catch (thrown) {
      this.node.error(errorText(this.RED, toDeviceError(thrown)));
    }
  }
}
