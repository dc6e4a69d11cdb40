import type { Node, NodeAPI, NodeDef } from 'node-red';

import { invalidInput } from '../../lib/core/errors';
import { parseForeignJson } from '../../lib/core/json/parse';
import {
  checkOperation,
  isChange,
  mergeInput,
  type Operation,
  type OperationInput,
  type OperationResult,
  runOperation,
} from '../../lib/enapter/rest/operations';
import { isRecord } from '../../lib/core/values';
import type { SettingsOf } from '../shared/form';
import { type InputContext, type InputResult, onInput } from '../shared/input-runner';
import { type DeviceBlock, deviceFor, type FlowMessage } from '../shared/messages';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-runtime';
import { readSettings } from '../shared/read-settings';
import { errorText } from '../shared/text';
import { accountOf, type EnapterAccount } from './account';
import { form } from './enapter-device.form';

type Settings = SettingsOf<typeof form>;

function argumentsOf(text: string): unknown {
  if (text === '') return undefined;
  try {
    return parseForeignJson(text, { strict: true });
  } catch {
    throw invalidInput('The arguments in the node are not JSON.', 'enapterArgumentsJson');
  }
}

/**
 * The fields of the dialog that belong to an operation, by the names that a payload uses. Where the message chooses
 * the operation, the dialog shows none of them, and what was once entered there must not come back.
 */
function formOf(settings: Settings, operation: Operation): OperationInput {
  if (settings.operation === 'msg') return {};
  const { newName, slug, siteId, expand, attributes, protocol, blueprintId } = settings;
  switch (operation) {
    case 'get':
      return { expand };
    case 'list':
      return { siteId, expand };
    case 'update':
      return { name: newName, slug };
    case 'create':
      return { name: newName, slug, siteId };
    case 'generate_config':
      return { protocol };
    case 'assign_blueprint':
      return { blueprintId };
    case 'execute': {
      const { command, wait, timeout } = settings;
      return { name: command, arguments: argumentsOf(settings.arguments), wait, timeout };
    }
    case 'telemetry':
      return { attributes };
    case 'delete':
      return {};
  }
}

function deviceBlock(id: unknown, { device }: OperationResult): DeviceBlock | undefined {
  const known = device?.id ?? (typeof id === 'string' && id !== '' ? id : undefined);
  if (known === undefined) return undefined;
  return { id: known, vendor: 'enapter', model: device?.type ?? 'device', name: device?.name ?? known };
}

interface Request {
  operation: Operation;
  id: unknown;
  input: OperationInput;
  signal: AbortSignal;
}

/** One change at a time of the account, and one command at a time to a device: the last one sent is the last to arrive. */
function inTurn(
  account: EnapterAccount,
  { operation, id, input, signal }: Request,
): Promise<OperationResult> {
  const run = (): Promise<OperationResult> => runOperation(account.client, operation, id, input, signal);
  if (isChange(operation)) return account.queue.run(run, { signal });
  const isCommand = operation === 'execute' && input.executionId === undefined;
  return isCommand ? account.commands.run(String(id), run, { signal }) : run();
}

export function runtime(RED: NodeAPI): NodeRuntime {
  function EnapterDevice(this: Node, config: NodeDef): void {
    createNode(RED, this, config);
    const { settings, problem } = readSettings(RED, this, form, config);
    if (problem) this.warn(errorText(RED, problem));
    const account = accountOf(RED, this, settings.account, problem);

    const run = async (
      found: EnapterAccount,
      msg: FlowMessage,
      { signal, busy }: InputContext,
    ): Promise<InputResult> => {
      const operation = checkOperation(settings.operation === 'msg' ? msg.operation : settings.operation);
      if (operation === 'delete' && !settings.confirmDelete) {
        throw invalidInput('Deleting is not allowed in this node. Tick it in its dialog.', 'enapterDelete');
      }
      const id = ['list', 'create'].includes(operation) ? undefined : deviceFor(settings.deviceId, msg);
      const input = mergeInput(formOf(settings, operation), msg.payload);
      busy();
      const result = await inTurn(found, { operation, id, input, signal });
      const device = deviceBlock(id, result);
      const send = { ...msg, payload: result.payload, ...(device ? { device } : {}) };
      return { send, status: 'status.done' };
    };
    onInput(RED, this, (msg, context) => account.run((found) => run(found, msg, context)), {
      config: account,
      single: settings.single,
      role: ({ operation: asked, payload }) => {
        const operation = checkOperation(settings.operation === 'msg' ? asked : settings.operation);
        const isCommand =
          operation === 'execute' && !(isRecord(payload) && payload.executionId !== undefined);
        return isCommand || isChange(operation) ? 'command' : 'read';
      },
      commands: (msg) => ({ vendor: 'enapter', id: deviceFor(settings.deviceId, msg) }),
    });
  }

  return { create: EnapterDevice };
}
