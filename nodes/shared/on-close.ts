import type { Node } from 'node-red';

/** What has something to do at a node's end. Where there are thousands, an object that is there anyway is smaller than a closure. */
export interface Closing {
  /** @param removed whether the node has been deleted, or only stopped */
  closing(removed: boolean): Promise<void> | void;
}

type Work = Closing | Closing['closing'];

/** Under which a node keeps what is to be done at its end: one listener for all of it. */
const WORKS = Symbol('works');

interface Ending {
  [WORKS]?: readonly Work[];
}

/**
 * Registers work for the node's end. Node-RED waits for it, and a failure there never blocks a deploy.
 *
 * @param work is told whether the node has been deleted, or only stopped
 */
export function onClose(node: Node, work: Work): void {
  const ending = node as Ending;
  const before = ending[WORKS];
  // `concat` makes a list no larger than it has to be; one that is pushed to, or spread, has room for sixteen more.
  ending[WORKS] = before ? before.concat(work) : [work];
  if (!before) node.on('close', closeAll);
}

function closeAll(this: Node, removed: boolean, done: () => void): void {
  const ending = this as Ending;
  const ended: Promise<void>[] = [];
  // One may bring another one along.
  for (let at = 0; ; at++) {
    const work = ending[WORKS]?.[at];
    if (!work) break;
    // What throws at once must not keep Node-RED waiting either.
    ended.push(
      new Promise<void>((resolve) =>
        resolve(typeof work === 'function' ? work(removed) : work.closing(removed)),
      ).catch((error: unknown) => this.debug(`close: ${String(error)}`)),
    );
  }
  void Promise.all(ended).finally(done);
}
