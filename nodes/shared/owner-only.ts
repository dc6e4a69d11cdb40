import type { Node, NodeAPI, NodeDef } from 'node-red';

import { ownedElsewhere } from '../../lib/cluster/errors';
import { toDeviceError } from '../../lib/core/errors';
import type { ClusterRuntime } from './cluster-runtime';
import { type Beside, BESIDE, type Face, MEMORY, type SharedMemory } from './cluster-face';
import { isAwaited } from './cluster-input';
import type { FlowMessage } from './messages';
import { createNode } from './migrate';
import type { NodeRuntime } from './node-runtime';
import { onClose } from './on-close';
import { statusSetter } from './status';
import { errorText, nodeError, toldError } from './text';

/** messages that wait for what the owner before has kept */
const MOST_WAITING = 1000;

type Callback = (this: Node, ...args: unknown[]) => void;
type Input = [msg: FlowMessage, send: unknown, done: (error?: Error | string) => void];

/**
 * A node that works at the owner alone: it is made when this instance comes to own it, from what the owner before has kept, and
 * ends when it is another's. What it is made of knows nothing of this: it sees a node of its own, with a beginning and an end.
 */
export function runOnDuty<N extends Node, C extends NodeDef>(
  RED: NodeAPI,
  cluster: ClusterRuntime,
  node: N,
  config: C,
  found: NodeRuntime<N, C>,
): void {
  createNode(RED, node, config);
  statusSetter(RED, node, true)({});
  const beside = found.beside?.call(node, config);
  let shift: Shift | undefined;
  const waiting: Input[] = [];
  const leave = ([msg, , done]: Input): void => {
    if (!isAwaited(msg)) done();
    else done(toldError(RED, node, nodeError(RED, node, ownedElsewhere())));
  };

  const shifts = cluster.shifts(node, {
    begin: (memory) => {
      const made = new Shift(node, memory, beside);
      shift = made;
      found.create.call(made.face as N, config);
      for (const input of waiting.splice(0)) made.input(input);
    },
    end: async ({ removed, handedOver }) => {
      const ended = shift;
      shift = undefined;
      await ended?.end(removed, handedOver);
    },
    passed: () => {
      for (const input of waiting.splice(0)) leave(input);
    },
    failed: (thrown) => node.error(errorText(RED, toDeviceError(thrown))),
  });
  node.on('input', (msg, send, done) => {
    const input: Input = [msg, send, done as Input[2]];
    if (shift) shift.input(input);
    else if (shifts.isBeginning && waiting.length < MOST_WAITING) waiting.push(input);
    else {
      cluster.leave();
      leave(input);
    }
  });
  onClose(node, async (removed) => {
    await shifts.close(removed);
    await beside?.close(removed);
  });
}

/** One time that this instance owns a node. */
class Shift {
  readonly face: Node;
  private readonly inputs: Callback[] = [];
  private readonly closes: Callback[] = [];
  private handedOver = false;
  private ended = false;

  constructor(node: Node, memory: SharedMemory, beside: Beside | undefined) {
    /** What is noted at a node under a symbol is noted for one shift. */
    const own = new Map<symbol, unknown>();
    const on = (event: string, callback: Callback): Node => {
      if (event === 'input') this.inputs.push(callback);
      else if (event === 'close') this.closes.push(callback);
      else node.on(event as 'input', callback);
      return this.face;
    };
    const face: Face = {
      isFace: true,
      real: node,
      handedOver: () => this.handedOver,
    };
    this.face = new Proxy(node, {
      get: (target, name) => {
        if (name === 'on') return on;
        if (name === 'clusterFace') return face;
        if (typeof name === 'symbol' && !(name in target)) return own.get(name);
        if (typeof name === 'symbol' && own.has(name)) return own.get(name);
        const value: unknown = Reflect.get(target, name);
        if (name === 'send' && typeof value === 'function')
          return (...args: unknown[]): unknown =>
            this.ended ? undefined : Reflect.apply(value, target, args);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
      set: (target, name, value) => {
        if (typeof name === 'symbol') own.set(name, value);
        else Reflect.set(target, name, value);
        return true;
      },
    });
    // What is to be done at the real node's end is none of this shift's.
    for (const name of Object.getOwnPropertySymbols(node)) own.set(name, undefined);
    own.set(MEMORY, memory).set(BESIDE, beside);
  }

  input(input: Input): void {
    for (const callback of this.inputs) callback.apply(this.face, input);
  }

  /** Ends what was begun, as if the node were stopped. */
  async end(removed: boolean, handedOver: boolean): Promise<void> {
    this.handedOver = handedOver;
    await Promise.all(
      this.closes.map(
        (callback) =>
          new Promise<void>((resolve) => {
            if (callback.length >= 2) callback.call(this.face, removed, resolve);
            else {
              callback.call(this.face, removed);
              resolve();
            }
          }),
      ),
    );
    this.ended = true;
  }
}
