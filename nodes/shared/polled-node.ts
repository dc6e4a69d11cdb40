import type { Node, NodeAPI } from 'node-red';

import type { Availability } from '../../lib/core/availability';
import { invalidInput, toDeviceError } from '../../lib/core/errors';
import type { Subscription } from '../../lib/core/poller';
import { ErrorStream } from './error-stream';
import { type InputContext, onClose, onInput } from './input-runner';
import { type FlowMessage, type OutputMessage, plainCopy, topicOf } from './messages';
import type { PolledConfigNode, PolledDevice } from './polled-device';
import { STATUS, statusOfAvailability, statusSetter } from './status';
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
  /** whether a polled reading is worth a message; default always */
  admit?: (data: T) => boolean;
  /** a reading went out because an input asked for it */
  answered?: (data: T) => void;
}

/** A flow node that listens to a device. */
export interface PolledNode {
  /** Sends a message of the node's own on output 1. */
  send: (content: Record<string, unknown>) => void;
}

/** The device of a config node, or `undefined` when none is chosen, it is disabled or of another type. */
export function findDevice<T>(
  RED: NodeAPI,
  id: string | undefined,
  type: string,
): PolledDevice<T> | undefined {
  const found = id ? (RED.nodes.getNode(id) as PolledConfigNode<T> | null | undefined) : undefined;
  return found?.type === type ? found.device : undefined;
}

/**
 * Makes a flow node a listener of a polled device: readings go to output 1, availability to output 2, an input
 * message reads at once and goes out with the answer.
 */
export function attachPolledNode<T>(
  RED: NodeAPI,
  node: Node,
  device: PolledDevice<T> | undefined,
  options: PolledNodeOptions<T>,
): PolledNode {
  const setStatus = statusSetter(node);
  /** Fills a message in place: spreads of objects with ever other shapes are dear in V8. */
  const withHeader = (message: Record<string, unknown>, asked?: FlowMessage): Record<string, unknown> => {
    const info = device?.info();
    const own = options.topic || info?.name;
    message.topic = asked ? topicOf(asked, own) : own;
    message.device = info;
    return message;
  };
  const emit = (first: OutputMessage, second: OutputMessage): void => node.send([first, second]);

  // Several nodes and messages share one reading; what a flow does to its message must not reach the others.
  const content = (data: T, asked?: FlowMessage): Record<string, unknown> =>
    plainCopy(options.content?.(data, asked) ?? {});

  const showData = (data: T): void => {
    if (device?.availability?.available) setStatus(STATUS.fresh(options.statusText(data)));
  };
  const onAvailability = (availability: Availability): void => {
    const status = statusOfAvailability(availability);
    if (status) setStatus(status);
    emit(null, withHeader({ payload: availabilityPayload(RED, availability) }));
  };
  const onData = (data: T): void => {
    showData(data);
    options.onReading?.(data);
    if (options.content && (options.admit?.(data) ?? true)) emit(withHeader(content(data)), null);
  };

  let subscription: Subscription<T> | undefined;
  let starting: NodeJS.Immediate | undefined;
  let problem = device
    ? device.problem
    : invalidInput('No device is selected, or it is disabled.', 'noDevice');
  if (device && !problem) {
    try {
      setStatus(STATUS.waiting());
      subscription = device.subscribe(node, { onData, onAvailability });
      // After a partial deploy the device is known already, but nodes further down the flow do not exist yet.
      const { availability, data } = device;
      if (availability) {
        starting = setImmediate(() => {
          if (device.availability === availability) onAvailability(availability);
          if (data !== undefined) showData(data);
        });
      }
    } catch (thrown) {
      problem = toDeviceError(thrown);
    }
  }
  if (problem) setStatus(STATUS.unconfigured());

  const read = async (msg: FlowMessage, { signal }: InputContext): Promise<OutputMessage[]> => {
    if (!subscription) throw problem ?? invalidInput('No device is selected, or it is disabled.', 'noDevice');
    const own = await options.prepare?.(msg, signal);
    if (own) return [Object.assign(withHeader(msg, msg), plainCopy(own)), null];
    const data = await subscription.refresh();
    options.answered?.(data);
    showData(data);
    // The message keeps its own topic: its sender may sort answers by it.
    const values = content(data, msg);
    return [Object.assign(withHeader(msg, msg), values), null];
  };
  // Who reads by messages at a pace of his own has a stream of them.
  onInput(RED, node, read, new ErrorStream(RED, node));

  onClose(node, () => {
    clearImmediate(starting);
    subscription?.close();
    return Promise.resolve();
  });

  return { send: (own) => emit({ ...withHeader({}), ...own }, null) };
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
