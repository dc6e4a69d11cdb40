import type { Node, NodeAPI, NodeStatus } from 'node-red';

import { cancelled, type DeviceError, invalidInput } from '../../lib/core/errors';
import type { Availability } from '../../lib/core/poll/availability';
import type { PollListener, Subscription } from '../../lib/core/poll/subscription';
import type { Follows, PartUser } from './config-reference';
import { ErrorStream } from './error-stream';
import { type InputContext, type InputOptions, type InputResult, onInput } from './input-runner';
import { type FlowMessage, type OutputMessage, plainCopy, topicOf } from './messages';
import type { PolledDevice, PolledPart } from './polled-device';
import { type SetStatus, STATUS, statusOfAvailability, statusSetter } from './status';
import { errorText } from './text';

export interface PolledNodeOptions<T> {
  /** the node's own topic; empty: the device's name */
  topic: string;
  /** what a reading puts into the message: `payload`, and `raw` where it is wanted; missing: readings are not sent */
  content?: (data: T, asked?: FlowMessage) => Record<string, unknown>;
  /**
   * Goes before the reading that a message asks for. What it returns is sent in place of a reading, for messages that
   * want something else.
   */
  prepare?: (msg: FlowMessage, signal: AbortSignal) => Promise<Record<string, unknown> | undefined>;
  /** hears of every reading, for a node that sends something else than readings */
  onReading?: (data: T) => void;
  /** short text for the status while values are fresh */
  statusText: (data: T) => string;
  /** whether fresh values want somebody to look, which a yellow dot shows */
  attention?: (data: T) => boolean;
  /** whether a polled reading is worth a message; default always */
  admit?: (data: T) => boolean;
  /** a reading went out because an input asked for it */
  responded?: (data: T) => void;
}

/** A flow node that listens to a device. */
export interface PolledNode {
  /** Sends a message of the node's own on output 1. */
  send(content: Record<string, unknown>): void;
}

/** The error of a flow node whose config node of one device is not there. */
export function noDevice(): DeviceError {
  return invalidInput('No device is selected, or it is disabled.', 'noDevice');
}

/**
 * Makes a flow node a listener of a polled device: readings go to output 1, availability to output 2, an input
 * message reads at once and goes out with the response.
 */
export function attachPolledNode<T>(
  RED: NodeAPI,
  node: Node,
  config: Follows<PolledPart<T>>,
  options: PolledNodeOptions<T>,
): PolledNode {
  const listening = new Listening(RED, node, config, options);
  onInput(RED, node, (msg, context) => listening.read(msg, context), listening);
  return listening;
}

/** What a flow node does with its device. A class, because thousands of nodes have one each, and closures would be larger. */
class Listening<T> implements PolledNode, PollListener<T>, InputOptions, PartUser<PolledPart<T>> {
  readonly setStatus: SetStatus;
  /** Who reads by messages at a pace of his own has a stream of them. */
  readonly errors: ErrorStream;
  private device: PolledDevice<T> | undefined;
  private subscription: Subscription<T> | undefined;
  private starting: NodeJS.Immediate | undefined;

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    readonly config: Follows<PolledPart<T>>,
    private readonly options: PolledNodeOptions<T>,
  ) {
    this.setStatus = statusSetter(RED, node);
    this.errors = new ErrorStream(RED, node);
    config.follow(this);
  }

  send(own: Record<string, unknown>): void {
    this.emit({ ...this.withHeader({}), ...own }, null);
  }

  onAvailability(availability: Availability): void {
    const status = statusOfAvailability(availability);
    if (status) this.setStatus(status);
    this.emit(null, this.withHeader({ payload: availabilityPayload(this.RED, availability) }));
  }

  onData(data: T): void {
    const { options } = this;
    this.showData(data);
    options.onReading?.(data);
    if (options.content && (options.admit?.(data) ?? true))
      this.emit(this.withHeader(this.content(data)), null);
  }

  async read(msg: FlowMessage, { signal }: InputContext): Promise<InputResult> {
    const { options } = this;
    const part = this.config.part;
    if (!this.subscription || part.device !== this.device) throw cancelled(false);
    const own = await options.prepare?.(msg, signal);
    if (own) return { send: [Object.assign(this.withHeader(msg, msg), plainCopy(own)), null] };
    const data = await this.subscription.refresh();
    options.responded?.(data);
    // The message keeps its own topic: its sender may sort answers by it.
    const values = this.content(data, msg);
    return { send: [Object.assign(this.withHeader(msg, msg), values), null] };
  }

  /** What the device's state shows, whatever messages ask for. */
  rest(): NodeStatus | undefined {
    const { device } = this;
    if (!device?.availability) return undefined;
    const lost = statusOfAvailability(device.availability);
    return lost ?? (device.data === undefined ? undefined : this.stateOf(device.data));
  }

  take(part: PolledPart<T> | undefined): void {
    if (!part) {
      // Others go by its availability.
      if (this.device)
        this.emit(null, this.withHeader({ payload: lostPayload(this.RED, this.config.problem) }));
      this.device = undefined;
      return;
    }
    this.device = part.device;
    this.subscription = part.device.subscribe(this);
    this.starting = this.showKnown(part.device);
  }

  leave(): void {
    clearImmediate(this.starting);
    this.subscription?.close();
    this.subscription = undefined;
  }

  /** After a partial deploy the device is known already, but nodes further down the flow do not exist yet. */
  private showKnown(own: PolledDevice<T>): NodeJS.Immediate | undefined {
    const { availability, data } = own;
    if (!availability) return undefined;
    return setImmediate(() => {
      if (own.availability === availability) this.onAvailability(availability);
      if (data !== undefined) this.showData(data);
    });
  }

  private emit(first: OutputMessage, second: OutputMessage): void {
    this.node.send([first, second]);
  }

  /** Fills a message in place: spreads of objects with ever other shapes are dear in V8. */
  private withHeader(message: Record<string, unknown>, asked?: FlowMessage): Record<string, unknown> {
    const info = this.device?.info();
    const own = this.options.topic || info?.name;
    message.topic = asked ? topicOf(asked, own) : own;
    message.device = info;
    return message;
  }

  /** Several nodes and messages share one reading; what a flow does to its message must not reach the others. */
  private content(data: T, asked?: FlowMessage): Record<string, unknown> {
    return plainCopy(this.options.content?.(data, asked) ?? {});
  }

  private stateOf(data: T): NodeStatus {
    const { options } = this;
    const text = options.statusText(data);
    return options.attention?.(data) ? STATUS.attention(text) : STATUS.fresh(text);
  }

  private showData(data: T): void {
    if (this.device?.availability?.available) this.setStatus(this.stateOf(data));
  }
}

/** The payload of output 2 for a config node that is gone. */
export function lostPayload(RED: NodeAPI, reason: DeviceError | undefined): Record<string, unknown> {
  return availabilityPayload(RED, { available: false, since: Date.now(), ...(reason ? { reason } : {}) });
}

/** The payload of output 2. */
export function availabilityPayload(RED: NodeAPI, availability: Availability): Record<string, unknown> {
  const { available, since, reason } = availability;
  return {
    available,
    since: new Date(since).toISOString(),
    ...(reason ? { reason: { code: reason.code, message: errorText(RED, reason) } } : {}),
  };
}
