import { invalidInput } from '../../core/errors';
import { isRecord } from '../../core/values';
import type { EnapterClient } from './client';
import type { EnapterDevice } from './device';
import { checkFlag, checkSeconds } from './input';

const OPERATIONS = [
  'get',
  'list',
  'update',
  'delete',
  'generate_config',
  'assign_blueprint',
  'create',
  'execute',
  'telemetry',
] as const;
export type Operation = (typeof OPERATIONS)[number];

/** What an operation is told: fields of a form and of a message's payload, see `mergeInput`. */
export type OperationInput = Readonly<Record<string, unknown>>;

export interface OperationResult {
  payload: unknown;
  /** the device that it is about, where there is one */
  device?: Pick<EnapterDevice, 'id' | 'name' | 'type'>;
}

/** Parts of a generated configuration that let their holder speak for the device. */
const SECRET_PARTS = ['private_key', 'password'];

/** @throws DeviceError INVALID_INPUT */
export function checkOperation(value: unknown): Operation {
  const operation = OPERATIONS.find((name) => name === value);
  if (operation) return operation;
  throw invalidInput('There is no such operation.', 'enapterOperation');
}

/** Whether an operation changes something, so that several of them are sent one after the other. */
export function isChange(operation: Operation): boolean {
  return ['update', 'delete', 'generate_config', 'assign_blueprint', 'create'].includes(operation);
}

/** Fields that a device has too: the payload may be a device that an earlier node has read. */
const DEVICE_FIELDS = ['name', 'slug', 'siteId', 'blueprintId'];

/**
 * The fields of a form and of a payload. Those that a device has are the form's where it has them, because an earlier
 * node's device is in the payload of most flows; all others are the payload's. An empty field of a form says nothing.
 */
export function mergeInput(form: OperationInput, payload: unknown): OperationInput {
  const filled = Object.entries(form).filter(
    ([, value]) => value !== '' && value !== undefined && value !== null,
  );
  const first = filled.filter(([name]) => DEVICE_FIELDS.includes(name));
  return {
    ...Object.fromEntries(filled),
    ...(isRecord(payload) ? payload : {}),
    ...Object.fromEntries(first),
  };
}

function aboutDevice(device: EnapterDevice): OperationResult {
  return { payload: device, device };
}

async function generate(client: EnapterClient, id: unknown, input: OperationInput, signal: AbortSignal) {
  const config = await client.generateConfig(id, input.protocol ?? 'MQTTS', signal);
  const credentials = isRecord(config.mqtt_credentials) ? config.mqtt_credentials : {};
  const secrets = SECRET_PARTS.filter((part) => part in credentials).map(
    (part) => `config.mqtt_credentials.${part}`,
  );
  return { payload: { config, secrets } };
}

async function execute(client: EnapterClient, id: unknown, input: OperationInput, signal: AbortSignal) {
  const command = { name: input.name, arguments: input.arguments };
  if (checkFlag(input.wait, 'wait') === false) {
    const executionId = await client.startExecution(id, command, signal);
    return { payload: { id: executionId, state: 'NEW', finished: false } };
  }
  const seconds = checkSeconds(input.timeout, 'timeout');
  const timeout = seconds === undefined ? {} : { timeout: seconds * 1000 };
  return { payload: await client.execute(id, command, { ...timeout, signal }) };
}

async function telemetry(client: EnapterClient, id: unknown, input: OperationInput, signal: AbortSignal) {
  const overTime = input.from !== undefined || input.to !== undefined;
  return {
    payload: await (overTime ? client.timeseries(id, input, signal) : client.latest(id, input, signal)),
  };
}

/**
 * Runs one operation.
 *
 * @param id the device; not looked at by `list` and `create`
 * @param input by operation: update `{ name?, slug? }`, generate_config `{ protocol }`, assign_blueprint
 *   `{ blueprintId }`, create `{ name, siteId, slug? }`, execute `{ name, arguments?, wait?, timeout? (s) }` or
 *   `{ executionId }` to ask for one that was started, telemetry `{ attributes, relevance? (s) }` or
 *   `{ attributes, from, to, granularity? (s), aggregation? }`, get `{ expand? }`, list
 *   `{ siteId?, expand?, offset?, limit? }`
 */
export async function runOperation(
  client: EnapterClient,
  operation: Operation,
  id: unknown,
  input: OperationInput,
  signal: AbortSignal,
): Promise<OperationResult> {
  switch (operation) {
    case 'get':
      return aboutDevice(await client.get(id, input.expand, signal));
    case 'list':
      return { payload: await client.list(input, signal) };
    case 'update':
      return aboutDevice(await client.update(id, input, signal));
    case 'delete':
      await client.delete(id, signal);
      return { payload: { id, deleted: true } };
    case 'generate_config':
      return generate(client, id, input, signal);
    case 'assign_blueprint':
      return aboutDevice(await client.assignBlueprint(id, input.blueprintId, signal));
    case 'create':
      return { payload: { id: await client.create(input, signal) } };
    case 'execute':
      return input.executionId === undefined
        ? execute(client, id, input, signal)
        : { payload: await client.execution(id, input.executionId, signal) };
    case 'telemetry':
      return telemetry(client, id, input, signal);
  }
}
