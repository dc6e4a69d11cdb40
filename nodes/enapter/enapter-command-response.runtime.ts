import type { Node, NodeAPI, NodeDef } from 'node-red';

import { DeviceError, invalidInput } from '../../lib/core/errors';
import { isRecord } from '../../lib/core/values';
import type { CommandState } from '../../lib/enapter/mqtt/command';
import { errorPayload, logPayload, responsePayload } from '../../lib/enapter/mqtt/response-payloads';
import { findConfig } from '../shared/config-node';
import { type InputResult, onInput } from '../shared/input-runner';
import type { FlowMessage } from '../shared/messages';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-runtime';
import { readSettings } from '../shared/read-settings';
import { CONNECTION_TYPE, type DeviceConnection } from './device-connection';
import { form } from './enapter-command-response.form';

const STATES: readonly CommandState[] = ['completed', 'error', 'log'];

/** @param result a state, or `msg`: as msg.result says */
function stateOf(result: string, msg: FlowMessage): CommandState {
  const wanted = result === 'msg' ? msg.result : result;
  const state = STATES.find((name) => name === wanted);
  if (state) return state;
  throw invalidInput('The result must be completed, error or log.', 'enapterResult');
}

function payloadOf(state: CommandState, { payload, error }: FlowMessage): Record<string, unknown> {
  switch (state) {
    case 'completed':
      return responsePayload(payload);
    case 'error':
      return errorPayload(payload, error);
    case 'log':
      return logPayload(payload);
  }
}

export function runtime(RED: NodeAPI): NodeRuntime {
  function EnapterCommandResponse(this: Node, config: NodeDef): void {
    createNode(RED, this, config);
    const { settings, problem } = readSettings(RED, this, form, config);

    const respond = (msg: FlowMessage): InputResult => {
      const command = isRecord(msg.command) ? msg.command : {};
      const { id, connection } = command;
      const device = findConfig<DeviceConnection>(RED, CONNECTION_TYPE, connection)?.offered;
      if (typeof id !== 'string' || !device) {
        throw new DeviceError('NOT_FOUND', 'The message holds no open command of a connection.', {
          reason: 'enapterNoCommand',
          sent: false,
        });
      }
      const state = stateOf(settings.result, msg);
      device.connection.desk.respond({ id, state, payload: payloadOf(state, msg) });
      return { send: null, status: `status.${state}` };
    };
    onInput(RED, this, respond, { problem: () => problem, role: 'owner' });
  }

  return { create: EnapterCommandResponse };
}
