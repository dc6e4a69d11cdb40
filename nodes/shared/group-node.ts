import type { Node, NodeAPI, NodeStatus } from 'node-red';

import { cancelled, DeviceError, toDeviceError } from '../../lib/core/errors';
import type { Availability } from '../../lib/core/poll/availability';
import type { DeviceGroup } from '../../lib/core/poll/group';
import type { Subscription } from '../../lib/core/poll/subscription';
import type { Follows } from './config-reference';
import { ErrorStream } from './error-stream';
import { type InputContext, type InputResult, NOTHING, onInput } from './input-runner';
import {
  type DeviceBlock,
  deviceFor,
  type FlowMessage,
  type OutputMessage,
  plainCopy,
  topicOf,
} from './messages';
import type { PolledPart } from './polled-device';
import { availabilityPayload } from './polled-node';
import { STATUS, statusOfError, statusSetter } from './status';
import { translate } from './text';

/** What a node needs of a group, whatever its entries are. */
type Listened<P> = Pick<DeviceGroup<never, P>, 'follow' | 'look' | 'failure' | 'isListed'>;

export interface GroupNodeOptions<T, P, C> {
  /** the group among what the config node offers */
  groupOf: (config: C) => Listened<P>;
  /** the node's own topic; empty: each device's, by default its name */
  topic: string;
  ownTopic?: (device: DeviceBlock) => string;
  /** what a reading puts into the message; missing: readings are not sent */
  content?: (part: P, data: T, asked?: FlowMessage) => Record<string, unknown>;
  /** whether a reading that nobody asked for is worth a message; default always */
  admit?: (part: P, data: T) => boolean;
  /** whether one that a message asked for is; default always */
  admitAsked?: (part: P, data: T) => boolean;
  /** hears of every reading */
  onReading?: (part: P, data: T) => void;
  /** a device has come. @returns what ends with it */
  joined?: (part: P) => (() => void) | undefined;
  /** what is sent in place of readings, for a message that wants something else */
  prepare?: (
    config: C,
    msg: FlowMessage,
    signal: AbortSignal,
  ) => Promise<Record<string, unknown> | undefined>;
  /** what is said below the node, with a yellow dot, of devices that answer and want somebody to look; empty: nothing */
  remark?: (parts: readonly P[]) => string;
  /** without it the node takes no messages */
  takesMessages: boolean;
}

/** A flow node that listens to all devices of a config node. */
export interface GroupNode<P> {
  /** Sends a message of the node's own, about one of them, on output 1. */
  send: (part: P, content: Record<string, unknown>) => void;
}

interface Joined<T, P> {
  part: P;
  subscription: Subscription<T>;
  leave: () => void;
}

/**
 * Makes a flow node a listener of all devices of a config node, as they come and go. Its messages are those of a node of one
 * device: readings on output 1, the availability of each device on output 2.
 */
export function attachGroupNode<T, P extends PolledPart<T>, C>(
  RED: NodeAPI,
  node: Node,
  config: Follows<C>,
  options: GroupNodeOptions<T, P, C>,
): GroupNode<P> {
  const setStatus = statusSetter(RED, node);
  const joined = new Map<string, Joined<T, P>>();
  let group: Listened<P> | undefined;

  const about = (message: Record<string, unknown>, device: DeviceBlock, asked?: FlowMessage) => {
    const own = options.topic || (options.ownTopic?.(device) ?? device.name);
    return Object.assign(message, { topic: asked ? topicOf(asked, own) : own, device });
  };
  const emit = (first: OutputMessage, second: OutputMessage): void => node.send([first, second]);
  const content = (part: P, data: T, asked?: FlowMessage): Record<string, unknown> =>
    plainCopy(options.content?.(part, data, asked) ?? {});

  const state = (): NodeStatus | undefined => {
    if (!group) return undefined;
    if (joined.size === 0 && group.failure) return statusOfError(group.failure);
    if (joined.size === 0 && !group.isListed) return STATUS.waiting();
    const parts = [...joined.values()].map(({ part }) => part);
    const good = parts.filter(({ device }) => device.availability?.available === true);
    const lost = parts.filter(({ device }) => device.availability?.available === false);
    const counts = { good: good.length, all: parts.length };
    const count = translate(RED, 'group.count', counts, `${good.length}/${parts.length}`);
    const remark = options.remark?.(good) ?? '';
    const text = remark === '' ? count : `${count}, ${remark}`;
    if (lost.length === 0 && !group.failure)
      return remark === '' ? STATUS.fresh(text) : STATUS.attention(text);
    return { fill: good.length === 0 ? 'red' : 'yellow', shape: 'ring', text };
  };
  let planned: NodeJS.Immediate | undefined;
  /** Once a turn, however many devices have told something in it. */
  const show = (): void => {
    planned ??= setImmediate(() => {
      planned = undefined;
      const status = state();
      if (status) setStatus(status);
    });
  };

  const onAvailability = ({ device }: P, availability: Availability): void => {
    show();
    emit(null, about({ payload: availabilityPayload(RED, availability) }, device.info()));
  };
  const onData = (part: P, data: T): void => {
    show();
    options.onReading?.(part, data);
    if (options.content && (options.admit?.(part, data) ?? true))
      emit(about(content(part, data), part.device.info()), null);
  };
  const join = (id: string, part: P): void => {
    const { device } = part;
    const subscription = device.subscribe({
      onData: (data) => onData(part, data),
      onAvailability: (availability) => onAvailability(part, availability),
    });
    const end = options.joined?.(part);
    // After a partial deploy the device is known already, but nodes further down the flow do not exist yet.
    const { availability } = device;
    const starting =
      availability &&
      setImmediate(() => {
        if (device.availability === availability) onAvailability(part, availability);
      });
    const leave = (): void => {
      clearImmediate(starting);
      end?.();
      subscription.close();
    };
    joined.set(id, { part, subscription, leave });
    show();
  };
  const part = (id: string, reason: DeviceError | undefined): void => {
    const one = joined.get(id);
    if (!one) return;
    joined.delete(id);
    one.leave();
    const gone = { available: false, since: Date.now(), ...(reason ? { reason } : {}) };
    emit(null, about({ payload: availabilityPayload(RED, gone) }, one.part.device.info()));
    show();
  };

  config.follow((offered) => {
    if (!offered) {
      for (const id of [...joined.keys()]) part(id, config.problem);
      group = undefined;
      return undefined;
    }
    const own = options.groupOf(offered);
    group = own;
    const end = own.follow({ added: join, removed: (id) => part(id, noLongerThere()), listed: show });
    show();
    return () => {
      for (const { leave } of joined.values()) leave();
      joined.clear();
      end();
      clearImmediate(planned);
      planned = undefined;
    };
  });

  const chosen = (msg: FlowMessage): Joined<T, P>[] => {
    const id = deviceFor('', msg);
    if (id === undefined) return [...joined.values()];
    const one = joined.get(typeof id === 'number' ? String(id) : typeof id === 'string' ? id.trim() : '');
    if (!one) throw noLongerThere();
    return [one];
  };
  const read = async (msg: FlowMessage, context: InputContext): Promise<InputResult> => {
    const offered = config.part;
    if (options.groupOf(offered) !== group) throw cancelled(false);
    context.busy();
    const own = await options.prepare?.(offered, msg, context.signal);
    if (own) return { send: [Object.assign(msg, plainCopy(own)), null] };
    await group.look(context.signal);
    const readings = chosen(msg).map(async ({ part: one, subscription }) => {
      const data = await subscription.refresh();
      options.onReading?.(one, data);
      if (!(options.admitAsked?.(one, data) ?? true)) return;
      const message = about({ ...msg, ...content(one, data, msg) }, one.device.info(), msg);
      context.send([message, null]);
    });
    const outcomes = await Promise.allSettled(readings);
    const failed = outcomes.find((one) => one.status === 'rejected');
    // Of single ones output 2 has told.
    if (failed && outcomes.every((one) => one.status === 'rejected')) throw toDeviceError(failed.reason);
    return NOTHING;
  };
  if (options.takesMessages) {
    const errors = new ErrorStream(RED, node);
    onInput(RED, node, read, { setStatus, config, rest: state, errors });
  } else if (config.problem) setStatus(STATUS.unconfigured());

  return { send: ({ device }, own) => emit({ ...about({}, device.info()), ...own }, null) };
}

function noLongerThere(): DeviceError {
  return new DeviceError('NOT_FOUND', 'The list does not hold this device, or not any more.', {
    reason: 'groupGone',
    sent: false,
  });
}
