import type { Node, NodeAPI } from 'node-red';

import { DeviceError } from '../../lib/core/errors';
import { SerialQueue } from '../../lib/core/command/queue';
import { type RangeSettings, rangeOf } from '../../lib/core/recent-range';
import { isRecord } from '../../lib/core/values';
import { parseRange, type TimeRange } from '../../lib/core/windows';
import { deviceId } from '../../lib/powercontroller/client';
import { history } from '../../lib/powercontroller/history';
import type { StatusResponse } from '../../lib/powercontroller/status';
import { type InputContext, type InputResult, NOTHING, onInput } from '../shared/input-runner';
import { onClose } from '../shared/on-close';
import { deviceFor, type FlowMessage, outerParts, topicOf } from '../shared/messages';
import type { Account, AccountReference } from './account';
import { blockOfId } from './device-block';

/** Values that one message may carry; a year of statuses a minute apart has 9 million. */
const MAX_VALUES = 6_000_000;
/** of a status, and as many of the vendor's record */
const VALUES_OF_STATUS = 17;

/** ms; years take many requests, nothing waits behind them, and a message cancels them */
const LONGEST_WAIT = 120_000;

export interface HistoryNodeOptions {
  account: AccountReference;
  deviceId: string;
  topic: string;
  /** one message with everything, or one a window with `msg.parts` */
  output: 'array' | 'windows';
  inFlight: number;
  raw: boolean;
  /** of a message that names none */
  range: RangeSettings;
}

function wantsCancel(msg: FlowMessage): boolean {
  return msg.cancel === true || (isRecord(msg.payload) && msg.payload.cancel === true);
}

/** The message's own range goes before that of the dialog. @throws DeviceError INVALID_INPUT */
function rangeAsked({ payload }: FlowMessage, { range, days, zone }: RangeSettings): TimeRange {
  const { start, end } = isRecord(payload) ? payload : {};
  const now = Date.now();
  const own = start === undefined && end === undefined ? rangeOf(range, days, zone, now) : undefined;
  return own ?? parseRange(start, end ?? now);
}

function cancelledByMessage(): DeviceError {
  return new DeviceError('CANCELLED', 'The history was cancelled by a message.', {
    reason: 'powercontrollerCancelledByMessage',
    sent: false,
  });
}

function tooMuchForOneMessage(max: number): DeviceError {
  return new DeviceError(
    'BAD_RESPONSE',
    `The history has more than ${max} statuses, too many for one message. Choose one message a window.`,
    { reason: 'powercontrollerHistoryTooMuch', sent: true, params: { max } },
  );
}

/** Makes a node answer each message with a controller's history, one after another. */
export function attachHistory(RED: NodeAPI, node: Node, options: HistoryNodeOptions): void {
  const queue = new SerialQueue();
  const running = new Set<AbortController>();

  const content = (responses: readonly StatusResponse[]): Record<string, unknown> => ({
    payload: responses.map(({ status }) => status),
    ...(options.raw ? { raw: responses.map(({ raw }) => raw) } : {}),
  });

  const max = Math.floor(MAX_VALUES / (VALUES_OF_STATUS * (options.raw ? 2 : 1)));

  const run = async (
    { client }: Account,
    msg: FlowMessage,
    context: InputContext,
    cancel: AbortSignal,
  ): Promise<InputResult> => {
    const range = rangeAsked(msg, options.range);
    const id = deviceId(deviceFor(options.deviceId, msg));
    context.busy();
    const header = { device: blockOfId(id), topic: topicOf(msg, options.topic || id) };
    const group = RED.util.generateId();
    const all: StatusResponse[] = [];
    let count = 0;
    const partOf = (index: number, total: number, data: StatusResponse[]): Record<string, unknown> => ({
      // Node-RED's join node puts lists together when `len` is above 1.
      parts: {
        ...outerParts(msg),
        id: group,
        type: 'array',
        index,
        count: total,
        len: Math.max(2, data.length),
      },
    });
    const windows = history(client, id, range, {
      inFlight: options.inFlight,
      onProgress: (done, total) => context.busy(`${done}/${total}`),
      signal: AbortSignal.any([context.signal, cancel]),
      longestWait: LONGEST_WAIT,
    });
    for await (const { data, index, total } of windows) {
      count += data.length;
      if (options.output === 'array' && count > max) throw tooMuchForOneMessage(max);
      if (options.output === 'array') for (const response of data) all.push(response);
      else context.send([{ ...msg, ...header, ...partOf(index, total, data), ...content(data) }, null]);
    }
    const status = `n = ${count}`;
    if (options.output === 'array') return { send: [{ ...msg, ...header, ...content(all) }, null], status };
    // A range without a window is a response too: an empty one.
    const last =
      range.start === range.end ? { ...msg, ...header, ...partOf(0, 1, []), ...content([]) } : null;
    return { send: last && [last, null], status };
  };

  onInput(
    RED,
    node,
    async (msg, context) => {
      if (wantsCancel(msg)) {
        for (const one of running) one.abort(cancelledByMessage());
        return NOTHING;
      }
      const abort = new AbortController();
      running.add(abort);
      try {
        return await queue.run(() =>
          options.account.run((account) => run(account, msg, context, abort.signal)),
        );
      } finally {
        running.delete(abort);
      }
    },
    { config: options.account },
  );

  onClose(node, () => {
    queue.close();
    return Promise.resolve();
  });
}
