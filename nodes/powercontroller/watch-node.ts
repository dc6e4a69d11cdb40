import type { Node, NodeAPI, NodeStatus } from 'node-red';

import type { Availability } from '../../lib/core/poll/availability';
import { type Clock, systemClock } from '../../lib/core/clock';
import { cancelled } from '../../lib/core/errors';
import type { Subscription } from '../../lib/core/poll/subscription';
import { deviceId } from '../../lib/powercontroller/client';
import type { ControllerStatus, StatusResponse } from '../../lib/powercontroller/status';
import { StatusMemory, StatusReader } from '../../lib/powercontroller/watch';
import { clusterOf } from '../shared/cluster';
import { NOTHING, onInput } from '../shared/input-runner';
import { topicOf } from '../shared/messages';
import { onClose } from '../shared/on-close';
import { PolledDevice } from '../shared/polled-device';
import { availabilityPayload, lostPayload } from '../shared/polled-node';
import { STATUS, statusOfAvailability, statusSetter } from '../shared/status';
import { TurnMemory } from '../shared/turn-memory';
import type { Account, AccountReference } from './account';
import { blockOfId } from './device-block';
import { keep, recall } from './watch-context';

/** Where what was sent is kept for the other instances of a cluster. */
const MEMORY_KEY = 'powercontroller-watch';

export interface WatchOptions {
  account: AccountReference;
  deviceId: string;
  /** s */
  interval: number;
  topic: string;
  /** the message's part for one status */
  content: (response: StatusResponse) => Record<string, unknown>;
  clock?: Clock;
}

/** The text beside the node for the newest status. */
export function statusText({ averagePower, frequency, on }: ControllerStatus): string {
  const state = on === null ? '' : on ? '● ' : '○ ';
  if (averagePower !== null) return `${state}${Math.round(averagePower)} W`;
  if (frequency !== null) return `${frequency} Hz`;
  return on === null ? 'status.watching' : on ? 'status.loadOn' : 'status.loadOff';
}

/** Makes a node watch one controller: every new status goes out once, also over a restart of Node-RED. */
export function attachWatch(RED: NodeAPI, node: Node, options: WatchOptions): void {
  const { clock = systemClock } = options;
  const setStatus = statusSetter(RED, node);
  const ending = new AbortController();
  onClose(node, () => ending.abort());
  const header = (): Record<string, unknown> => ({
    topic: options.topic || options.deviceId,
    device: blockOfId(options.deviceId),
  });
  const cluster = clusterOf(RED);
  const duty = cluster?.dutyOf(node);
  const turns = cluster && new TurnMemory(RED, cluster, node, { begin: () => (memory = undefined) });
  if (turns) onClose(node, (removed) => turns.close(removed));
  /** What was sent, by this instance or by one that has owned the node since. */
  const remembered = async (signal: AbortSignal): Promise<unknown> =>
    (await turns?.get(MEMORY_KEY)) ?? (await recall(node, signal, clock));
  let memory: StatusMemory | undefined;
  let noted = false;
  let newest: ControllerStatus | undefined;

  let device: PolledDevice<StatusResponse[]> | undefined;

  /** The device as it is read through one account's client. */
  const watched = ({ client }: Account): PolledDevice<StatusResponse[]> => {
    const id = deviceId(options.deviceId);
    const reader = new StatusReader(client, id, clock);
    return new PolledDevice<StatusResponse[]>(RED, node, {
      poll: {
        fetch: async (signal) => {
          await turns?.ready();
          // Where another instance owns the node, that one remembers.
          if (!memory || duty?.reads === false) {
            memory = new StatusMemory(id, await remembered(signal), clock);
            noted = memory.state !== undefined;
          }
          return reader.newOf(memory, signal);
        },
        interval: options.interval * 1000,
        clock,
      },
      info: () => blockOfId(options.deviceId),
    });
  };

  /** What is new, noted down before it goes out: after a crash in between it is rather missed than sent twice. */
  const take = async (responses: StatusResponse[]): Promise<StatusResponse[]> => {
    const fresh = memory?.admit(responses) ?? [];
    // That there was nothing yet is worth noting too: what comes while Node-RED is down is new then.
    if (fresh.length > 0 || !noted) {
      noted = true;
      turns?.set(MEMORY_KEY, memory?.state);
      await keep(RED, node, memory?.state, ending.signal, clock);
    }
    newest = fresh.at(-1)?.status ?? newest;
    if (fresh.length > 0 && newest) setStatus(STATUS.fresh(statusText(newest)));
    return fresh;
  };
  const onData = (responses: StatusResponse[]): void => {
    take(responses)
      .then((fresh) => {
        for (const response of fresh) node.send([{ ...header(), ...options.content(response) }, null]);
      })
      .catch((error: unknown) => node.error(String(error)));
  };
  const stateOfDevice = (): NodeStatus | undefined => {
    if (!device?.availability) return undefined;
    const text = newest ? statusText(newest) : 'status.watching';
    return statusOfAvailability(device.availability) ?? STATUS.fresh(text);
  };
  const onAvailability = (availability: Availability): void => {
    setStatus(statusOfAvailability(availability) ?? STATUS.fresh('status.watching'));
    node.send([null, { ...header(), payload: availabilityPayload(RED, availability) }]);
  };

  let subscription: Subscription<StatusResponse[]> | undefined;
  let followed: Account | undefined;
  options.account.follow((account) => {
    if (!account) {
      const reason = options.account.problem;
      if (device) node.send([null, { ...header(), payload: lostPayload(RED, reason) }]);
      device = undefined;
      return undefined;
    }
    followed = account;
    const own = watched(account);
    device = own;
    subscription = own.subscribe({ onData, onAvailability });
    return () => {
      subscription = undefined;
      void own.close();
    };
  });

  onInput(
    RED,
    node,
    async (msg, { send, busy }) => {
      const account = options.account.part;
      if (!subscription || account !== followed) throw cancelled(false);
      busy();
      for (const response of await take(await subscription.refresh())) {
        const topic = topicOf(msg, header().topic);
        send([{ ...msg, ...header(), topic, ...options.content(response) }, null]);
      }
      return NOTHING;
    },
    { setStatus, config: options.account, rest: stateOfDevice },
  );
}
