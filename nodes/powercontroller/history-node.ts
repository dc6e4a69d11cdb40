import type { Node, NodeAPI } from 'node-red';

import { DeviceError, toDeviceError } from '../../lib/core/errors';
import { SerialQueue } from '../../lib/core/queue';
import { isRecord } from '../../lib/core/units';
import { parseRange } from '../../lib/core/windows';
import { deviceId } from '../../lib/powercontroller/client';
import { history } from '../../lib/powercontroller/history';
import type { StatusAnswer } from '../../lib/powercontroller/status';
import { type InputContext, type InputResult, onClose, onInput } from '../shared/input-runner';
import { deviceFor, type FlowMessage, topicOf } from '../shared/messages';
import { STATUS, statusOfError, statusSetter } from '../shared/status';
import { accountProblem, blockOfId, requireAccount } from './account';

/** Values that one message may carry; a year of statuses a minute apart has 9 million. */
const MOST_VALUES = 6_000_000;
/** of a status, and as many of the vendor's record */
const VALUES_OF_STATUS = 17;

/** ms; years take many requests, nothing waits behind them, and a message cancels them */
const LONGEST_WAIT = 120_000;

export interface HistoryNodeOptions {
  account: string;
  deviceId: string;
  topic: string;
  /** one message with everything, or one a window with `msg.parts` */
  output: 'array' | 'windows';
  inFlight: number;
  raw: boolean;
}

function wantsCancel(msg: FlowMessage): boolean {
  return msg.cancel === true || (isRecord(msg.payload) && msg.payload.cancel === true);
}

function cancelledByMessage(): DeviceError {
  return new DeviceError('CANCELLED', 'The history was cancelled by a message.', {
    reason: 'cancelledByMessage',
    sent: false,
  });
}

function tooMuchForOneMessage(most: number): DeviceError {
  return new DeviceError(
    'BAD_RESPONSE',
    `The history has more than ${most} statuses, too many for one message. Choose one message a window.`,
    { reason: 'historyTooMuch', sent: true, params: { most } },
  );
}

/** Makes a node answer each message with a controller's history, one after another. */
export function attachHistory(RED: NodeAPI, node: Node, options: HistoryNodeOptions): void {
  const setStatus = statusSetter(node);
  const problem = accountProblem(RED, options.account);
  if (problem) setStatus(STATUS.unconfigured());
  const queue = new SerialQueue();
  const running = new Set<AbortController>();

  const content = (answers: readonly StatusAnswer[]): Record<string, unknown> => ({
    payload: answers.map(({ status }) => status),
    ...(options.raw ? { raw: answers.map(({ raw }) => raw) } : {}),
  });

  const most = Math.floor(MOST_VALUES / (VALUES_OF_STATUS * (options.raw ? 2 : 1)));

  const run = async (msg: FlowMessage, context: InputContext, cancel: AbortSignal): Promise<InputResult> => {
    const { client } = requireAccount(RED, options.account);
    const { start, end } = isRecord(msg.payload) ? msg.payload : {};
    const range = parseRange(start, end ?? Date.now());
    const id = deviceId(deviceFor(options.deviceId, msg));
    const header = { device: blockOfId(id), topic: topicOf(msg, options.topic || id) };
    const group = RED.util.generateId();
    const all: StatusAnswer[] = [];
    let count = 0;
    const partOf = (index: number, total: number, data: StatusAnswer[]): Record<string, unknown> => ({
      // Node-RED's join node puts lists together when `len` is above 1.
      parts: {
        ...(msg.parts === undefined ? {} : { parts: msg.parts }),
        id: group,
        type: 'array',
        index,
        count: total,
        len: Math.max(2, data.length),
      },
    });
    const windows = history(client, id, range, {
      inFlight: options.inFlight,
      onProgress: (done, total) => setStatus(STATUS.busy(`${done}/${total}`)),
      signal: AbortSignal.any([context.signal, cancel]),
      longestWait: LONGEST_WAIT,
    });
    for await (const { data, index, total } of windows) {
      count += data.length;
      if (options.output === 'array' && count > most) throw tooMuchForOneMessage(most);
      if (options.output === 'array') for (const answer of data) all.push(answer);
      else context.send([{ ...msg, ...header, ...partOf(index, total, data), ...content(data) }, null]);
    }
    setStatus(STATUS.fresh(`n = ${count}`));
    if (options.output === 'array') return [{ ...msg, ...header, ...content(all) }, null];
    // A range without a window is an answer too: an empty one.
    return range.start === range.end
      ? [{ ...msg, ...header, ...partOf(0, 1, []), ...content([]) }, null]
      : null;
  };

  onInput(RED, node, async (msg, context) => {
    if (wantsCancel(msg)) {
      for (const one of running) one.abort(cancelledByMessage());
      return null;
    }
    const abort = new AbortController();
    running.add(abort);
    try {
      return await queue.run(() => run(msg, context, abort.signal));
    } catch (thrown) {
      if (!problem && !context.signal.aborted) setStatus(statusOfError(toDeviceError(thrown)));
      throw thrown;
    } finally {
      running.delete(abort);
    }
  });

  onClose(node, () => {
    queue.close();
    return Promise.resolve();
  });
}
