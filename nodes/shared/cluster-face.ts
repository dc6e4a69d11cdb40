import type { Node, NodeAPI } from 'node-red';

/** Under which a node that works at the owner alone has what is kept for it. */
export const MEMORY = Symbol('shared memory');

/** Under which it has what it does on each instance. */
export const BESIDE = Symbol('beside');

/** What a node keeps for whoever owns it next. */
export interface SharedMemory {
  /** as the owner before has kept it; `undefined`: nothing */
  get(key: string): unknown;
  /**
   * Resolves when it is kept.
   *
   * @returns whether others find it: not where this instance acts alone
   * @throws DeviceError when it cannot be kept, or is not ours to keep
   */
  set(key: string, value: unknown): Promise<boolean>;
}

/** What a node is told of that is made for one time that it is owned, see `runOnDuty`. */
export interface Face {
  isFace: true;
  real: Node;
  /** it ends because another instance owns it */
  handedOver: () => boolean;
}

/** `undefined`: it is a node as Node-RED made it */
export function faceOf(node: object): Face | undefined {
  return (node as { clusterFace?: Face }).clusterFace;
}

/** What a node does on each instance, beside what is made for the times that this one owns it. */
export interface Beside {
  close(removed: boolean): Promise<void>;
}

/** `undefined`: nothing, or there is no cluster */
export function besideOf(node: object): Beside | undefined {
  return (node as { [BESIDE]?: Beside })[BESIDE];
}

export function sharedMemory(node: object): SharedMemory | undefined {
  return (node as { [MEMORY]?: SharedMemory })[MEMORY];
}

/** Resolves when all flows have begun: before that a message may find nobody. */
export function flowsStarted(RED: NodeAPI, node: object): Promise<void> {
  // A node that comes to be owned is made long after that.
  if (faceOf(node)) return Promise.resolve();
  return new Promise((resolve) => {
    RED.events.once('flows:started', () => resolve());
  });
}
