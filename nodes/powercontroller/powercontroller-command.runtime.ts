import type { Node, NodeAPI, NodeDef } from 'node-red';

import { type DeviceError, toDeviceError } from '../../lib/core/errors';
import { isRecord } from '../../lib/core/values';
import { deviceId } from '../../lib/powercontroller/client';
import { type CommandRequest, commandRequest } from '../../lib/powercontroller/input';
import { deviceIn } from '../../lib/powercontroller/device';
import type { CommandOutcome } from '../../lib/powercontroller/commands';
import type { SettingsOf } from '../shared/form';
import { type InputContext, type InputResult, onInput } from '../shared/input-runner';
import { deviceFor, type FlowMessage } from '../shared/messages';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-runtime';
import { readSettings } from '../shared/read-settings';
import { errorText } from '../shared/text';
import { type Account, accountOf } from './account';
import { blockOf, blockOfId } from './device-block';
import { type CommandForm, commandOfForm } from './command-form';
import { form } from './powercontroller-command.form';

/** The command in a message's payload; the device that it may name beside it is not part of it. */
function commandInPayload(payload: unknown): unknown {
  if (!isRecord(payload)) return payload;
  return Object.fromEntries(Object.entries(payload).filter(([key]) => key !== 'deviceId'));
}

/** What the flow file says. A command is not completed from defaults: what is missing there is missing. */
function given(settings: SettingsOf<typeof form>, config: object): CommandForm {
  const there = Object.entries(settings).filter(([name]) => Reflect.get(config, name) !== undefined);
  return { ...Object.fromEntries(there), operation: settings.operation };
}

/** Why the dialog's command cannot be sent; `undefined` when it can. */
function wrongCommand(command: unknown): DeviceError | undefined {
  try {
    commandRequest(command);
    return undefined;
  } catch (thrown) {
    return toDeviceError(thrown);
  }
}

/** What goes out for a command that was accepted. */
function responseOf(
  request: CommandRequest,
  device: string,
  outcome: CommandOutcome,
): Record<string, unknown> {
  const { command } = request;
  const { verified, responseCodes, raw } = outcome;
  const found = deviceIn(raw)?.device;
  const id = found?.id ?? device;
  return {
    device: found ? blockOf(found) : blockOfId(id),
    payload: {
      command,
      deviceId: id,
      accepted: true,
      verified,
      responseCodes,
      status: outcome.status ?? found?.status ?? null,
    },
  };
}

export function runtime(RED: NodeAPI): NodeRuntime {
  function PowercontrollerCommand(this: Node, config: NodeDef): void {
    createNode(RED, this, config);
    const read = readSettings(RED, this, form, config);
    const { settings } = read;
    const fixed = settings.operation === 'msg' ? undefined : commandOfForm(given(settings, config));
    const confirmWithin = settings.confirmWithin * 1000;
    const problem = read.problem ?? (fixed ? wrongCommand(fixed) : undefined);
    const account = accountOf(RED, this, settings.account, problem);
    const why = account.problem;
    if (why && why.reason !== 'powercontrollerNoAccount') this.warn(errorText(RED, why));

    const run = async (
      { client, commands }: Account,
      msg: FlowMessage,
      { signal, busy }: InputContext,
    ): Promise<InputResult> => {
      const request = commandRequest(fixed ?? commandInPayload(msg.payload), client.durationKey);
      const device = request.forDevice ? deviceId(deviceFor(settings.deviceId, msg)) : '';
      busy();
      const outcome = await commands.run(request, device, { confirmWithin, signal });
      return {
        send: { ...msg, ...responseOf(request, device, outcome) },
        status: outcome.verified ? `${request.command} ✓` : request.command,
      };
    };
    onInput(RED, this, (msg, context) => account.run((found) => run(found, msg, context)), {
      config: account,
      role: 'command',
      single: settings.single,
      commands: (msg) => ({ vendor: 'automate-green', id: deviceFor(settings.deviceId, msg) }),
    });
  }

  return { create: PowercontrollerCommand };
}
