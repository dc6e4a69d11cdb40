import type { Node, NodeAPI } from 'node-red';

import { type Clock, systemClock } from '../../lib/core/clock';
import { type DeviceError, toDeviceError } from '../../lib/core/errors';
import { type SharedMemory, sharedMemory } from './cluster-face';
import { PATIENCE } from './context-store';
import { onClose } from './on-close';
import { errorText } from './text';

/**
 * What a node keeps in its context, which survives a restart where the user has a context store that does. A store may
 * answer at once, later or never. One that fails costs the memory and nothing else.
 */
export class NodeMemory {
  private readonly shared: SharedMemory | undefined;
  private writing = false;
  /** why something could not be kept for other instances, as it was told last */
  private told = '';
  private waiting: { value: unknown } | undefined;

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    private readonly key: string,
    private readonly clock: Clock = systemClock,
  ) {
    this.shared = sharedMemory(node);
  }

  /** Calls `use` once with what was kept, at once where the store answers at once; `undefined`: nothing, or it fails. */
  read(use: (stored: unknown) => void): void {
    // What the owner before has kept is newer than anything that is kept here.
    const shared = this.shared?.get(this.key);
    if (shared !== undefined) {
      use(shared);
      return;
    }
    let waits = true;
    let cancel = (): void => undefined;
    const once = (stored: unknown): void => {
      if (!waits) return;
      waits = false;
      cancel();
      use(stored);
    };
    // What `use` throws is none of the store's faults, so it is called after it.
    let atOnce: { stored: unknown } | undefined = undefined as { stored: unknown } | undefined;
    let found = (stored: unknown): void => void (atOnce = { stored });
    this.guard(
      (done) =>
        this.node.context().get(this.key, (error: unknown, stored: unknown) => {
          done(error);
          found(error ? undefined : stored);
        }),
      found,
    );
    found = once;
    if (atOnce) {
      once(atOnce.stored);
      return;
    }
    cancel = this.clock.after(PATIENCE, () => once(undefined));
    onClose(this.node, () => {
      waits = false;
      cancel();
      return Promise.resolve();
    });
  }

  /** Keeps a value in place of the one before. Of several that wait for a slow store the last one is kept. */
  write(value: unknown): void {
    this.shared?.set(this.key, value).catch((thrown: unknown) => this.failed(toDeviceError(thrown)));
    this.waiting = { value };
    if (!this.writing) this.writeNext();
  }

  private failed(error: DeviceError): void {
    const { reason, message } = error;
    // The owner now goes on from what was kept before.
    if (reason === 'clusterLost' || reason === this.told) this.node.debug(`cluster: ${message}`);
    else this.node.warn(errorText(this.RED, error));
    this.told = reason;
  }

  private writeNext(): void {
    const { waiting } = this;
    this.waiting = undefined;
    if (!waiting) return;
    this.writing = true;
    const ended = (): void => {
      this.writing = false;
      this.writeNext();
    };
    this.guard(
      (done) =>
        this.node.context().set(this.key, waiting.value, (error: unknown) => {
          done(error);
          ended();
        }),
      ended,
    );
  }

  /**
   * @param ask hands on the store's error, if there is one
   * @param failed called when the store throws
   */
  private guard(ask: (done: (error: unknown) => void) => void, failed: (nothing: undefined) => void): void {
    const tell = (error: unknown): void => {
      if (error) this.node.debug(`context: ${error instanceof Error ? error.message : typeof error}`);
    };
    try {
      ask(tell);
    } catch (thrown) {
      tell(thrown);
      failed(undefined);
    }
  }
}
