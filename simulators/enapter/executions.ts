import type { SimReply, SimRequest } from '../support/server';
import { page } from './page';

/** One execution of a command, as the API sends it. */
export interface ExecutionRecord {
  id: string;
  device_id: string;
  state: string;
  created_at: string;
  request: { name: string; arguments: Record<string, unknown>; created_at: string };
  response: { state: string; payload: unknown; received_at: string } | null;
  log: { state: string; payload: unknown; received_at: string }[];
}

type Shown = Omit<ExecutionRecord, 'log'> & { log?: ExecutionRecord['log'] };

/** The log comes along only when it is asked for. */
export function shownExecution({ log, ...record }: ExecutionRecord, { query }: SimRequest): Shown {
  return query.get('expand') === 'log' ? { ...record, log } : record;
}

/** A page of executions, by the filters of the vendor's SDK. */
export function listExecutions(
  executions: Iterable<ExecutionRecord>,
  request: SimRequest,
  belongs: (record: ExecutionRecord) => boolean,
): SimReply {
  const { query } = request;
  const within = (name: string, value: string): boolean => {
    const wanted = query.get(name);
    return wanted === null || wanted.split(',').includes(value);
  };
  const from = Date.parse(query.get('created_at.gte') ?? '1970-01-01');
  const to = Date.parse(query.get('created_at.lt') ?? '9999-01-01');
  const found = [...executions].filter(
    (one) =>
      belongs(one) &&
      within('state.in', one.state) &&
      within('name.in', one.request.name) &&
      within('device_id.in', one.device_id) &&
      Date.parse(one.created_at) >= from &&
      Date.parse(one.created_at) < to,
  );
  if (query.get('order') === 'CREATED_AT_DESC') found.reverse();
  return page(
    found.map((one) => shownExecution(one, request)),
    'executions',
    request,
  );
}
