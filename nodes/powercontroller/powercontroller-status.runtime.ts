import type { Node, NodeAPI, NodeDef } from 'node-red';

import { type DeviceError, toDeviceError } from '../../lib/core/errors';
import { rangeProblem } from '../../lib/core/recent-range';
import { deviceId } from '../../lib/powercontroller/client';
import type { DeviceResponse, PowerController } from '../../lib/powercontroller/device';
import { refreshed } from '../../lib/powercontroller/refresh';
import type { StatusResponse } from '../../lib/powercontroller/status';
import type { SettingsOf } from '../shared/form';
import { type InputContext, onInput } from '../shared/input-runner';
import { deviceFor, type FlowMessage, topicOf } from '../shared/messages';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-runtime';
import { readSettings } from '../shared/read-settings';
import { errorText } from '../shared/text';
import { type Account, accountOf, type AccountReference } from './account';
import { blockOf } from './device-block';
import { attachHistory } from './history-node';
import { form } from './powercontroller-status.form';
import { attachWatchAll } from './watch-all';
import { attachWatch, statusText } from './watch-node';

type Settings = SettingsOf<typeof form>;

type Content = Record<string, unknown>;

interface Response {
  content: Content;
  /** of the one device that it is about */
  id?: string;
  /** text below the node */
  status: string;
}

/** A device as it goes out: its status, with what it is set to. */
function reading({ status, configuration }: PowerController): Content {
  return { ...status, configuration };
}

/** Why a device cannot be watched; `undefined` when it can. */
function wrongDevice(id: string): DeviceError | undefined {
  try {
    deviceId(id);
    return undefined;
  } catch (thrown) {
    return toDeviceError(thrown);
  }
}

/** What is wrong with the settings that the form cannot judge. */
function wrongSetting(settings: Settings): DeviceError | undefined {
  switch (settings.operation) {
    case 'watch':
      return wrongDevice(settings.deviceId);
    case 'history':
      return rangeProblem(settings);
    default:
      return undefined;
  }
}

export function runtime(RED: NodeAPI): NodeRuntime {
  /** `get`, `list` and `refresh`: one response for each message. */
  function attachQuestions(node: Node, account: AccountReference, settings: Settings): void {
    const { deviceId: configured, operation, topic: own, raw: withRaw } = settings;

    const one = ({ device, raw }: DeviceResponse): Response => ({
      content: { payload: reading(device), device: blockOf(device), ...(withRaw ? { raw } : {}) },
      id: device.id,
      status: statusText(device.status),
    });
    const list = async ({ client }: Account, signal: AbortSignal): Promise<Response> => {
      const responses = await client.devices(signal);
      const payload = responses.map(({ device }) => ({ ...device, status: device.status }));
      const raw = withRaw ? { raw: responses.map((response) => response.raw) } : {};
      return { content: { payload, ...raw }, status: `n = ${responses.length}` };
    };
    const respond = async (
      found: Account,
      msg: FlowMessage,
      { signal, busy }: InputContext,
    ): Promise<Response> => {
      if (operation === 'list') {
        busy();
        return list(found, signal);
      }
      const id = deviceId(deviceFor(configured, msg));
      busy();
      const { client } = found;
      const refresh = operation === 'refresh';
      return one(await (refresh ? refreshed(client, id, signal) : client.device(id, signal)));
    };

    onInput(
      RED,
      node,
      async (msg, context) => {
        const { content, id, status } = await account.run((found) => respond(found, msg, context));
        const topic = topicOf(msg, own || id);
        return {
          send: [{ ...msg, ...(topic === undefined ? {} : { topic }), ...content }, null],
          status,
        };
      },
      { config: account },
    );
  }

  function PowercontrollerStatus(this: Node, config: NodeDef): void {
    createNode(RED, this, config);
    const { settings, problem } = readSettings(RED, this, form, config);
    const { operation, deviceId: device, topic, interval, output, inFlight, raw: withRaw } = settings;
    const wrong = problem ?? wrongSetting(settings);
    const account = accountOf(RED, this, settings.account, wrong);
    const content = ({ status, raw }: StatusResponse): Content => ({
      payload: status,
      ...(withRaw ? { raw } : {}),
    });
    if (operation === 'history') {
      const { range, days, zone } = settings;
      attachHistory(RED, this, {
        ...{ account, deviceId: device, topic, output, inFlight, raw: withRaw },
        range: { range, days, zone },
      });
    } else if (operation === 'watch') {
      attachWatch(RED, this, {
        ...{ account, deviceId: device, topic, interval, content },
      });
    } else if (operation === 'watchAll') {
      attachWatchAll(RED, this, { account, topic, content });
    } else {
      attachQuestions(this, account, settings);
    }
    if (wrong) this.warn(errorText(RED, wrong));
  }

  return { create: PowercontrollerStatus };
}
