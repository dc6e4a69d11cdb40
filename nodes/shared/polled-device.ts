import type { Node, NodeAPI } from 'node-red';

import type { Availability } from '../../lib/core/availability';
import { cancelled, type DeviceError, toDeviceError } from '../../lib/core/errors';
import { Poller, type PollerOptions, type PollListener, type Subscription } from '../../lib/core/poller';
import type { DiagnosticsPart } from './diagnostics';
import { onClose } from './input-runner';
import { LogLimit } from './log-limit';
import type { DeviceBlock } from './messages';
import { errorText, translate } from './text';

export interface DeviceDefinition<T> {
  /** makes the poller's options; what it throws becomes the device's `problem` */
  build: () => PollerOptions<T>;
  /** asked for with every message, because a device may tell its serial number late */
  info: () => DeviceBlock;
  /** the settings as understood, for diagnostics; no credentials */
  settings: Readonly<Record<string, unknown>>;
  /** secrets of others that texts about this device may hold, such as an account's; for diagnostics */
  secrets?: () => Iterable<string | undefined>;
}

/** A config node that looks after one device; flow nodes find the device here. */
export interface PolledConfigNode<T> extends Node {
  device: PolledDevice<T>;
}

/**
 * The runtime side of a device's config node: one poller for all flow nodes, one log line when the device is lost
 * and one when it is back, and a configuration that cannot work kept as a problem instead of a throw at deploy.
 */
export class PolledDevice<T> {
  /** why the configuration cannot work */
  readonly problem: DeviceError | undefined;
  private readonly poller: Poller<T> | undefined;
  private readonly users = new Set<Node>();
  private readonly lines = new LogLimit();
  private readonly faults = new LogLimit();
  /** and the log has told it */
  private wasLost = false;

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    private readonly definition: DeviceDefinition<T>,
  ) {
    try {
      this.poller = new Poller({
        onAvailability: (availability) => this.log(availability),
        onUnexpected: (error) => {
          if (this.faults.admit() === undefined) return;
          node.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
        },
        ...definition.build(),
      });
    } catch (thrown) {
      this.problem = toDeviceError(thrown);
      node.warn(errorText(RED, this.problem));
    }
    onClose(node, () => this.poller?.close() ?? Promise.resolve());
  }

  get availability(): Availability | undefined {
    return this.poller?.availability;
  }

  /** The last good reading. */
  get data(): T | undefined {
    return this.poller?.data;
  }

  info(): DeviceBlock {
    return this.definition.info();
  }

  /**
   * For the diagnostics download.
   *
   * @param shape describes the last reading without its values
   */
  diagnostics(shape: (data: T) => unknown): DiagnosticsPart {
    const data = this.poller?.data;
    return {
      settings: { ...this.definition.settings },
      secrets: this.definition.secrets?.() ?? [],
      availability: this.availability,
      problem: this.problem?.message ?? null,
      stats: this.poller?.stats,
      listeners: this.users.size,
      lastReadingShape: data === undefined ? null : shape(data),
    };
  }

  /** @throws DeviceError the configuration's problem */
  subscribe(user: Node, listener: PollListener<T>): Subscription<T> {
    if (!this.poller) throw this.problem ?? cancelled(false);
    const subscription = this.poller.subscribe(listener);
    this.users.add(user);
    return {
      refresh: subscription.refresh,
      close: () => {
        this.users.delete(user);
        subscription.close();
      },
    };
  }

  /** Takes a reading that the device pushed. */
  setData(data: T): void {
    this.poller?.setData(data);
  }

  /** Takes a failure that was noticed outside of a reading, such as a push that is late. */
  setError(error: DeviceError): void {
    this.poller?.setError(error);
  }

  private log({ reason }: Availability): void {
    if (reason) {
      this.wasLost = this.warn(errorText(this.RED, reason));
    } else if (this.wasLost) {
      this.wasLost = false;
      this.node.log(translate(this.RED, 'log.back'));
    }
  }

  /** @returns whether the log took the line */
  private warn(text: string): boolean {
    const untold = this.lines.admit();
    if (untold === undefined) return false;
    const more = untold === 0 ? '' : ` ${translate(this.RED, 'log.linesUntold', { count: untold })}`;
    this.node.warn(text + more);
    return true;
  }
}
