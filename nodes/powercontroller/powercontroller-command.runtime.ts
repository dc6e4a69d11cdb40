import type { Node, NodeAPI, NodeDef } from 'node-red';

import { type DeviceError, toDeviceError } from '../../lib/core/errors';
import { isRecord } from '../../lib/core/units';
import { deviceId } from '../../lib/powercontroller/client';
import { type CommandRequest, commandRequest } from '../../lib/powercontroller/commands';
import { deviceIn } from '../../lib/powercontroller/device';
import type { CommandOutcome } from '../../lib/powercontroller/runner';
import { onInput } from '../shared/input-runner';
import { deviceFor, type FlowMessage } from '../shared/messages';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-type';
import { numberReader, settingText } from '../shared/settings';
import { STATUS, statusOfError, statusSetter } from '../shared/status';
import { errorText } from '../shared/text';
import { blockOf, blockOfId, requireAccount } from './account';
import { type CommandForm, commandOfForm } from './command-form';

interface Config extends NodeDef, CommandForm {
  account: string;
  deviceId?: string;
  /** s; 0 = do not ask */
  confirmWithin?: number | string;
}

/** The command in a message's payload; the device that it may name beside it is not part of it. */
function commandInPayload(payload: unknown): unknown {
  if (!isRecord(payload)) return payload;
  return Object.fromEntries(Object.entries(payload).filter(([key]) => key !== 'deviceId'));
}

/** What goes out for a command that was accepted. */
function answerOf(request: CommandRequest, device: string, outcome: CommandOutcome): Record<string, unknown> {
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

export function runtime(RED: NodeAPI): NodeRuntime<Node, Config> {
  function PowercontrollerCommand(this: Node, config: Config): void {
    createNode(RED, this, config);
    const fixed = config.operation === 'msg' ? undefined : commandOfForm(config);
    const configured = settingText(config.deviceId);
    const confirmWithin = numberReader(RED, this)(config.confirmWithin, 0, 0) * 1000;
    const setStatus = statusSetter(this);
    let problem: DeviceError | undefined;
    try {
      requireAccount(RED, config.account);
      if (fixed) commandRequest(fixed);
    } catch (thrown) {
      problem = toDeviceError(thrown);
      setStatus(STATUS.unconfigured());
      if (problem.reason !== 'noAccount') this.warn(errorText(RED, problem));
    }

    const run = async (msg: FlowMessage, signal: AbortSignal): Promise<Record<string, unknown>> => {
      if (problem) throw problem;
      const { client, runner } = requireAccount(RED, config.account);
      const request = commandRequest(fixed ?? commandInPayload(msg.payload), client.durationKey);
      const device = request.forDevice ? deviceId(deviceFor(configured, msg)) : '';
      setStatus(STATUS.busy());
      const outcome = await runner.run(request, device, { confirmWithin, signal });
      setStatus(STATUS.fresh(outcome.verified ? `${request.command} ✓` : request.command));
      return answerOf(request, device, outcome);
    };

    onInput(RED, this, async (msg, { signal }) => {
      try {
        return { ...msg, ...(await run(msg, signal)) };
      } catch (thrown) {
        if (!problem && !signal.aborted) setStatus(statusOfError(toDeviceError(thrown)));
        throw thrown;
      }
    });
  }

  return { create: PowercontrollerCommand };
}
