import type { EnapterSimulator, ExecutionRecord } from '../enapter';
import type { SimReply, SimRequest } from '../support/server';
import { page } from './routes';

type Shown = Omit<ExecutionRecord, 'log'> & { log?: ExecutionRecord['log'] };

/** The log comes along only when it is asked for. */
export function shownExecution({ log, ...record }: ExecutionRecord, { query }: SimRequest): Shown {
  return query.get('expand') === 'log' ? { ...record, log } : record;
}

/** A page of executions, by the filters of the vendor's SDK. */
export function listExecutions(
  simulator: EnapterSimulator,
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
  const found = [...simulator.executions.values()].filter(
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
