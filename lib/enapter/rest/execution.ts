import { readTimeIso } from '../../core/time';
import { isRecord } from '../../core/values';
import { textOrNull } from './device';
import { notEnapter } from './errors';

/** One answer of a device to a command: its result, or a line of its log. */
export interface ExecutionResponse {
  /** e.g. `STARTED`, `IN_PROGRESS`, `SUCCEEDED`, `ERROR` */
  state: string | null;
  payload: unknown;
  /** ISO 8601 UTC */
  receivedAt: string | null;
}

/**
 * One execution of a command. That the device failed (`ERROR`) or kept silent (`TIMEOUT`) is an outcome, not an
 * error of the request.
 */
export interface CommandExecution {
  id: string | null;
  /** `NEW`, `IN_PROGRESS`, `SUCCESS`, `ERROR`, `TIMEOUT`, `UNSYNC`; open: unknown ones are passed through */
  state: string;
  /** whether the command ended in success */
  succeeded: boolean;
  /** whether it has ended; `null` for a state that is not known here */
  finished: boolean | null;
  name: string | null;
  arguments: unknown;
  response: ExecutionResponse | null;
  log: ExecutionResponse[] | null;
  createdAt: string | null;
}

const RUNNING = new Set(['NEW', 'IN_PROGRESS']);
const ENDED = new Set(['SUCCESS', 'ERROR', 'TIMEOUT', 'UNSYNC']);

function isFinished(state: string): boolean | null {
  if (ENDED.has(state)) return true;
  return RUNNING.has(state) ? false : null;
}

function parseResponse(value: unknown): ExecutionResponse | null {
  if (!isRecord(value)) return null;
  return {
    state: textOrNull(value.state),
    payload: value.payload ?? null,
    receivedAt: readTimeIso(value.received_at),
  };
}

/** Reads `{ execution }`. @throws DeviceError BAD_RESPONSE */
export function parseExecution(body: unknown): CommandExecution {
  const value = isRecord(body) ? body.execution : undefined;
  if (!isRecord(value) || typeof value.state !== 'string') throw notEnapter('an execution without state');
  const request = isRecord(value.request) ? value.request : {};
  return {
    id: textOrNull(value.id),
    state: value.state,
    succeeded: value.state === 'SUCCESS',
    finished: isFinished(value.state),
    name: textOrNull(request.name),
    arguments: request.arguments ?? null,
    response: parseResponse(value.response),
    log: Array.isArray(value.log)
      ? value.log.map(parseResponse).filter((line): line is ExecutionResponse => line !== null)
      : null,
    createdAt: readTimeIso(value.created_at),
  };
}
