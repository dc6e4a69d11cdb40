import type { Node, NodeAPI, NodeDef } from 'node-red';

import { invalidInput, toDeviceError } from '../../lib/core/errors';
import { parseForeignJson } from '../../lib/core/json';
import {
  checkOperation,
  isChange,
  mergeInput,
  type Operation,
  type OperationInput,
  type OperationResult,
  runOperation,
} from '../../lib/enapter/rest/operations';
import { onInput } from '../shared/input-runner';
import { type DeviceBlock, deviceFor } from '../shared/messages';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-type';
import { settingText } from '../shared/settings';
import { STATUS, statusOfError, statusSetter } from '../shared/status';
import { type EnapterAccount, findAccount, noAccount } from './account';

interface Config extends NodeDef {
  account: string;
  /** empty: from the message */
  deviceId: string;
  /** an operation, or `msg`: as msg.operation says */
  operation: string;
  confirmDelete?: boolean;
  newName?: string;
  slug?: string;
  siteId?: string;
  blueprintId?: string;
  protocol?: string;
  expand?: string;
  command?: string;
  /** JSON */
  arguments?: string;
  wait?: boolean;
  /** s */
  timeout?: number | string;
  attributes?: string;
}

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
function formOf(config: Config, operation: Operation): OperationInput {
  if (config.operation === 'msg') return {};
  const { newName, slug, siteId, expand, attributes, protocol, blueprintId } = config;
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
      const { command, wait, timeout } = config;
      return { name: command, arguments: argumentsOf(settingText(config.arguments)), wait, timeout };
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
  return { id: known, vendor: 'Enapter', model: device?.type ?? 'device', name: device?.name ?? known };
}

/** One change at a time of the account, and one command at a time to a device: the last one sent is the last to arrive. */
function inTurn<T>(
  account: EnapterAccount,
  operation: Operation,
  id: unknown,
  input: OperationInput,
  run: () => Promise<T>,
): Promise<T> {
  if (isChange(operation)) return account.queue.run(run);
  const isCommand = operation === 'execute' && input.executionId === undefined;
  return isCommand ? account.commands.run(String(id), run) : run();
}

export function runtime(RED: NodeAPI): NodeRuntime<Node, Config> {
  function EnapterDevice(this: Node, config: Config): void {
    createNode(RED, this, config);
    const setStatus = statusSetter(this);
    const account = findAccount(RED, config.account);
    if (!account || account.problem) setStatus(STATUS.unconfigured());

    onInput(RED, this, async (msg, { signal }) => {
      if (!account) throw noAccount();
      const { client } = account;
      try {
        const operation = checkOperation(config.operation === 'msg' ? msg.operation : config.operation);
        if (operation === 'delete' && !config.confirmDelete) {
          throw invalidInput('Deleting is not allowed in this node. Tick it in its dialog.', 'enapterDelete');
        }
        const id = ['list', 'create'].includes(operation)
          ? undefined
          : deviceFor(settingText(config.deviceId), msg);
        const input = mergeInput(formOf(config, operation), msg.payload);
        const run = (): Promise<OperationResult> => runOperation(client, operation, id, input, signal);
        setStatus(STATUS.busy());
        const result = await inTurn(account, operation, id, input, run);
        setStatus(STATUS.fresh('status.done'));
        const device = deviceBlock(id, result);
        return { ...msg, payload: result.payload, ...(device ? { device } : {}) };
      } catch (thrown) {
        setStatus(statusOfError(toDeviceError(thrown)));
        throw thrown;
      }
    });
  }

  return { create: EnapterDevice };
}
