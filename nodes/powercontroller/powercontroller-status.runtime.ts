import type { Node, NodeAPI, NodeDef } from 'node-red';

import { toDeviceError } from '../../lib/core/errors';
import { deviceId } from '../../lib/powercontroller/client';
import type { DeviceAnswer, PowerController } from '../../lib/powercontroller/device';
import { refreshed } from '../../lib/powercontroller/refresh';
import { onInput } from '../shared/input-runner';
import { deviceFor, type FlowMessage, topicOf } from '../shared/messages';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-type';
import { numberReader, settingText } from '../shared/settings';
import { STATUS, statusOfError, statusSetter } from '../shared/status';
import { type Account, accountProblem, blockOf, requireAccount } from './account';
import { attachHistory } from './history-node';
import { attachWatch, statusText } from './watch-node';
import { translate } from '../shared/text';

interface Config extends NodeDef {
  account: string;
  deviceId?: string;
  operation: string;
  topic?: string;
  /** s */
  interval?: number | string;
  output?: string;
  inFlight?: number | string;
  raw?: boolean;
}

/** s; a controller reports every 15 minutes, its relay when it switches */
const DEFAULT_INTERVAL = 60;
const SHORTEST_INTERVAL = 10;
const DEFAULT_IN_FLIGHT = 4;
const MOST_IN_FLIGHT = 16;

type Content = Record<string, unknown>;

/** A device as it goes out: its status, with what it is set to. */
function reading({ status, configuration }: PowerController): Content {
  return { ...status, configuration };
}

export function runtime(RED: NodeAPI): NodeRuntime<Node, Config> {
  /** `get`, `list` and `refresh`: one answer for each message. */
  function attachQuestions(node: Node, config: Config): void {
    const setStatus = statusSetter(node);
    const configured = settingText(config.deviceId);
    const problem = accountProblem(RED, config.account);
    if (problem) setStatus(STATUS.unconfigured());

    const one = ({ device, raw }: DeviceAnswer): Content => {
      setStatus(STATUS.fresh(statusText(device.status)));
      return { payload: reading(device), device: blockOf(device), ...(config.raw ? { raw } : {}) };
    };
    const list = async ({ client }: Account, signal: AbortSignal): Promise<Content> => {
      const answers = await client.devices(signal);
      setStatus(STATUS.fresh(`n = ${answers.length}`));
      return {
        payload: answers.map(({ device }) => ({ ...device, status: device.status })),
        ...(config.raw ? { raw: answers.map(({ raw }) => raw) } : {}),
      };
    };
    const answer = async (msg: FlowMessage, signal: AbortSignal): Promise<Content> => {
      if (problem) throw problem;
      const account = requireAccount(RED, config.account);
      if (config.operation === 'list') return list(account, signal);
      const id = deviceId(deviceFor(configured, msg));
      const { client } = account;
      const refresh = config.operation === 'refresh';
      return one(await (refresh ? refreshed(client, id, signal) : client.device(id, signal)));
    };

    onInput(RED, node, async (msg, { signal }) => {
      try {
        if (!problem) setStatus(STATUS.busy());
        const content = await answer(msg, signal);
        const topic = topicOf(
          msg,
          settingText(config.topic) || (content.device as { id?: string } | undefined)?.id,
        );
        return [{ ...msg, ...(topic === undefined ? {} : { topic }), ...content }, null];
      } catch (thrown) {
        if (!problem && !signal.aborted) setStatus(statusOfError(toDeviceError(thrown)));
        throw thrown;
      }
    });
  }

  function PowercontrollerStatus(this: Node, config: Config): void {
    createNode(RED, this, config);
    const number = numberReader(RED, this);
    const common = {
      account: config.account,
      deviceId: settingText(config.deviceId),
      topic: settingText(config.topic),
    };
    if (config.operation === 'history') {
      attachHistory(RED, this, {
        ...common,
        output: config.output === 'windows' ? 'windows' : 'array',
        inFlight: Math.min(number(config.inFlight, DEFAULT_IN_FLIGHT, 1), MOST_IN_FLIGHT),
        raw: config.raw ?? false,
      });
    } else if (config.operation === 'watch') {
      const interval = number(config.interval, DEFAULT_INTERVAL, 0);
      if (interval < SHORTEST_INTERVAL)
        this.warn(translate(RED, 'log.intervalRaised', { seconds: SHORTEST_INTERVAL }));
      attachWatch(RED, this, {
        ...common,
        interval: Math.max(interval, SHORTEST_INTERVAL),
        content: ({ status, raw }) => ({ payload: status, ...(config.raw ? { raw } : {}) }),
      });
    } else {
      attachQuestions(this, config);
    }
  }

  return { create: PowercontrollerStatus };
}
