import type { Node, NodeAPI } from 'node-red';

import type { Availability } from '../../lib/core/poll/availability';
import type { DeviceError } from '../../lib/core/errors';
import type { PollerOptions } from '../../lib/core/poll/options';
import { Poller } from '../../lib/core/poll/poller';
import type { PollListener, Subscription } from '../../lib/core/poll/subscription';
import { dutyOf } from './cluster';
import { ReadingTurns } from './reading-turns';
import type { DiagnosticsPart } from './diagnostics';
import { LogLimit } from './log-limit';
import type { DeviceBlock } from './messages';
import type { Closing } from './on-close';
import { firstTurns } from './shared-state';
import { errorText, translate } from './text';

export interface DeviceDefinition<T> {
  poll: PollerOptions<T>;
  /** asked for with every message, because a device may tell its serial number late */
  info: () => DeviceBlock;
  /** secrets of others that texts about this device may hold, such as an account's; for diagnostics */
  secrets?: () => Iterable<string | undefined>;
}

/** The part of a config node that looks after one device. */
export interface PolledPart<T> {
  device: PolledDevice<T>;
}

/**
 * One device that is read for all flow nodes: one poller, one log line when the device is lost and one when it is back.
 */
export class PolledDevice<T> implements Closing {
  private readonly poller: Poller<T>;
  /** each made with the first line: most devices have none, and there are thousands */
  private lines: LogLimit | undefined;
  private faults: LogLimit | undefined;
  /** and the log has told it */
  private wasLost = false;
  /** where several instances share the work */
  private readonly turns: ReadingTurns<T> | undefined;

  /**
   * @param node whose log tells of the device; it has to `close` the device when it ends
   * @param owner the node that the device belongs to, where that is another one
   */
  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Pick<Node, 'log' | 'warn' | 'error'>,
    private readonly definition: DeviceDefinition<T>,
    owner: object = node,
  ) {
    this.poller = new Poller(definition.poll, this, firstTurns(RED));
    const duty = 'id' in owner ? dutyOf(RED, owner as Node) : undefined;
    if (duty) this.turns = new ReadingTurns(this.poller, duty);
  }

  /** For the poller: the log hears first. */
  onAvailability({ reason }: Availability): void {
    if (reason) {
      this.wasLost = this.warn(errorText(this.RED, reason));
    } else if (this.wasLost) {
      this.wasLost = false;
      this.node.log(translate(this.RED, 'log.back'));
    }
  }

  /** For the poller. */
  onUnexpected(error: unknown): void {
    this.faults ??= new LogLimit();
    if (this.faults.admit() === undefined) return;
    this.node.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }

  get availability(): Availability | undefined {
    return this.poller.availability;
  }

  /** The last good reading. */
  get data(): T | undefined {
    return this.poller.data;
  }

  info(): DeviceBlock {
    return this.definition.info();
  }

  /**
   * Its state, for the diagnostics download.
   *
   * @param shape describes the last reading without its values
   */
  diagnostics(shape: (data: T) => unknown): Omit<DiagnosticsPart, 'settings'> {
    const { data, stats } = this.poller;
    return {
      secrets: this.definition.secrets?.() ?? [],
      availability: this.availability,
      stats,
      listeners: this.poller.listeners,
      lastReadingShape: data === undefined ? null : shape(data),
    };
  }

  subscribe(listener: PollListener<T>): Subscription<T> {
    return this.poller.subscribe(this.turns?.heard(listener) ?? listener);
  }

  /** Takes a reading that the device pushed. */
  setData(data: T): void {
    this.poller.setData(data);
  }

  /** Takes a failure that was noticed outside of a reading, such as a push that is late. */
  setError(error: DeviceError): void {
    this.poller.setError(error);
  }

  /** Cancels the reading in flight. Resolves when nothing is left. */
  close(): Promise<void> {
    this.turns?.end();
    return this.poller.close();
  }

  /** For the end of its config node. */
  closing(): Promise<void> {
    return this.close();
  }

  /** @returns whether the log took the line */
  private warn(text: string): boolean {
    this.lines ??= new LogLimit();
    const untold = this.lines.admit();
    if (untold === undefined) return false;
    const more = untold === 0 ? '' : ` ${translate(this.RED, 'log.linesUntold', { count: untold })}`;
    this.node.warn(text + more);
    return true;
  }
}
