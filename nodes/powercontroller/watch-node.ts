import type { Node, NodeAPI } from 'node-red';

import type { Availability } from '../../lib/core/availability';
import { systemClock } from '../../lib/core/clock';
import { DeviceError } from '../../lib/core/errors';
import type { Subscription } from '../../lib/core/poller';
import { deviceId } from '../../lib/powercontroller/client';
import type { ControllerStatus, StatusAnswer } from '../../lib/powercontroller/status';
import { StatusMemory, StatusReader } from '../../lib/powercontroller/watch';
import { onClose, onInput } from '../shared/input-runner';
import { topicOf } from '../shared/messages';
import { PolledDevice } from '../shared/polled-device';
import { availabilityPayload } from '../shared/polled-node';
import { STATUS, statusOfAvailability, statusSetter } from '../shared/status';
import { blockOfId, requireAccount } from './account';

/** Where the node context keeps what was sent. */
const MEMORY_KEY = 'powercontroller-watch';

export interface WatchOptions {
  account: string;
  deviceId: string;
  /** s */
  interval: number;
  topic: string;
  /** the message's part for one status */
  content: (answer: StatusAnswer) => Record<string, unknown>;
}

/** The text beside the node for the newest status. */
export function statusText({ averagePower, frequency, on }: ControllerStatus): string {
  const state = on === null ? '' : on ? '● ' : '○ ';
  if (averagePower !== null) return `${state}${Math.round(averagePower)} W`;
  if (frequency !== null) return `${frequency} Hz`;
  return on === null ? 'status.watching' : on ? 'status.loadOn' : 'status.loadOff';
}

/** @throws DeviceError UNREACHABLE; to go on without the memory would send again what was sent, and overwrite it */
export function recall(node: Pick<Node, 'context'>): Promise<unknown> {
  return new Promise((resolve, reject) => {
    node.context().get(MEMORY_KEY, (error: Error | undefined, value: unknown) => {
      if (error) reject(contextUnreadable(error));
      else resolve(value);
    });
  });
}

function contextUnreadable({ message }: Error): DeviceError {
  const words = message.slice(0, 120);
  return new DeviceError('UNREACHABLE', `The node's context cannot be read: ${words}`, {
    reason: 'contextUnreadable',
    sent: false,
    params: { message: words },
  });
}

function keep(node: Node, value: unknown): Promise<void> {
  return new Promise((resolve) => {
    node.context().set(MEMORY_KEY, value, (error: Error | undefined) => {
      if (error) node.warn(error.message);
      resolve();
    });
  });
}

/** Makes a node watch one controller: every new status goes out once, also over a restart of Node-RED. */
export function attachWatch(RED: NodeAPI, node: Node, options: WatchOptions): void {
  const setStatus = statusSetter(node);
  const header = (): Record<string, unknown> => ({
    topic: options.topic || options.deviceId,
    device: blockOfId(options.deviceId),
  });
  let memory: StatusMemory | undefined;
  let noted = false;

  const device = new PolledDevice<StatusAnswer[]>(RED, node, {
    build: () => {
      const { client } = requireAccount(RED, options.account);
      const id = deviceId(options.deviceId);
      const reader = new StatusReader(client, id, systemClock);
      return {
        fetch: async (signal) => {
          if (!memory) {
            memory = new StatusMemory(id, await recall(node), systemClock);
            noted = memory.state !== undefined;
          }
          return reader.newOf(memory, signal);
        },
        interval: options.interval * 1000,
      };
    },
    info: () => blockOfId(options.deviceId),
    settings: { deviceId: options.deviceId, interval: options.interval },
  });

  /** What is new, noted down before it goes out: after a crash in between it is rather missed than sent twice. */
  const take = async (answers: StatusAnswer[]): Promise<StatusAnswer[]> => {
    const fresh = memory?.admit(answers) ?? [];
    // That there was nothing yet is worth noting too: what comes while Node-RED is down is new then.
    if (fresh.length > 0 || !noted) {
      noted = true;
      await keep(node, memory?.state);
    }
    const newest = fresh.at(-1);
    if (newest) setStatus(STATUS.fresh(statusText(newest.status)));
    return fresh;
  };
  const onData = (answers: StatusAnswer[]): void => {
    take(answers)
      .then((fresh) => {
        for (const answer of fresh) node.send([{ ...header(), ...options.content(answer) }, null]);
      })
      .catch((error: unknown) => node.error(String(error)));
  };
  const onAvailability = (availability: Availability): void => {
    setStatus(statusOfAvailability(availability) ?? STATUS.fresh('status.watching'));
    node.send([null, { ...header(), payload: availabilityPayload(RED, availability) }]);
  };

  let subscription: Subscription<StatusAnswer[]> | undefined;
  if (device.problem) {
    setStatus(STATUS.unconfigured());
  } else {
    setStatus(STATUS.waiting());
    subscription = device.subscribe(node, { onData, onAvailability });
  }

  onInput(RED, node, async (msg, { send }) => {
    if (!subscription) throw device.problem ?? new Error('no subscription');
    for (const answer of await take(await subscription.refresh())) {
      send([{ ...msg, ...header(), topic: topicOf(msg, header().topic), ...options.content(answer) }, null]);
    }
    return null;
  });

  onClose(node, () => {
    subscription?.close();
    return Promise.resolve();
  });
}
