import type { SimHandler, SimReply, SimRequest } from '../support/server';
import { ApiError } from './api-error';
import { blueprintRoute } from './blueprints';
import { type ExecutionRecord, listExecutions, shownExecution } from './executions';
import { page } from './page';
import type { Rules } from './rules';
import type { DeviceRecord, Protocol, Store } from './store';

type Body = Record<string, unknown>;

function parse(request: SimRequest): Body {
  if (request.body === '') return {};
  try {
    return JSON.parse(request.body) as Body;
  } catch {
    throw new ApiError(400, 'bad_json', 'The body is not JSON.');
  }
}

/** Only the parts that `expand` names are sent along. */
function shown(device: DeviceRecord, expand: string | null, store: Store): Body {
  const { properties, communication, ...head } = device;
  const parts = new Set((expand ?? '').split(','));
  const alerts = store.alerts.get(device.id) ?? [];
  return {
    ...head,
    ...(parts.has('properties') ? { properties } : {}),
    ...(parts.has('communication') ? { communication } : {}),
    ...(parts.has('connectivity') ? { connectivity: { status: 'ONLINE' } } : {}),
    ...(parts.has('manifest') ? { manifest: { blueprint_spec: 'device/3.0' } } : {}),
    ...(parts.has('site') ? { site: store.sites.get(device.site_id) } : {}),
    ...(parts.has('raised_alert_names') && alerts.length > 0 ? { raised_alert_names: alerts } : {}),
  };
}

/** What the routes need of the EMS behind them. */
export interface Ems {
  readonly store: Store;
  readonly rules: Rules;
  readonly token: string;
  /** by id, oldest first */
  readonly executions: ReadonlyMap<string, ExecutionRecord>;
  generateConfig(id: string, protocol: Protocol): Record<string, unknown>;
  execute(id: string, name: string, args?: Record<string, unknown>): Promise<ExecutionRecord>;
}

function latest({ query }: SimRequest, store: Store): SimReply {
  const telemetry: Record<string, Body> = {};
  const age = Number(/^(\d+)s$/.exec(query.get('relevance_interval') ?? '')?.[1] ?? Infinity);
  for (const [key, value] of query) {
    const id = /^devices\[(.+)\]$/.exec(key)?.[1];
    if (id === undefined) continue;
    const points = store.telemetry.get(store.get(id).id);
    telemetry[id] = Object.fromEntries(
      value.split(',').map((name) => {
        const point = points?.get(name);
        const fresh = point && Date.now() / 1000 - point.timestamp <= age;
        return [name, fresh ? point : { warning: 'no_recent_data' }];
      }),
    );
  }
  return { json: { telemetry } };
}

/** One row a minute of a wave, so that a chart has something to show. */
function timeseries(body: Body): SimReply {
  const from = Date.parse(String(body.from)) / 1000;
  const to = Date.parse(String(body.to)) / 1000;
  const step = Number(/^(\d+)s$/.exec(String(body.granularity))?.[1] ?? 60);
  // The document names one attribute, the vendor's SDK sends a list of them.
  const selectors = (body.telemetry as { device: string; attribute: string | string[] }[]).flatMap(
    ({ device, attribute }) => [attribute].flat().map((name) => ({ device, attribute: name })),
  );
  const head = selectors.map(({ device, attribute }) => `device=${device} telemetry=${attribute}`);
  const lines = [['ts', ...head].join(',')];
  for (let ts = Math.ceil(from); ts < to && lines.length < 10_000; ts += step) {
    // Every tenth value is missing.
    const values = selectors.map(() => (lines.length % 10 === 0 ? '' : Math.sin(ts / 3600).toFixed(3)));
    lines.push([ts, ...values].join(','));
  }
  return {
    body: `${lines.join('\n')}\n`,
    headers: {
      'Content-Type': 'text/csv',
      'X-Enapter-Timeseries-Data-Types': selectors.map(() => 'float').join(','),
    },
  };
}

type Route = (request: SimRequest, id: string, rest: string) => SimReply | Promise<SimReply>;

function deviceRoutes(ems: Ems): Record<string, Route> {
  const { store } = ems;
  const device = (record: DeviceRecord, request?: SimRequest): SimReply => ({
    json: { device: shown(record, request?.query.get('expand') ?? null, store) },
  });
  const commandOf = (request: SimRequest): [string, Body] => {
    const { name, arguments: args } = parse(request);
    if (typeof name !== 'string') throw new ApiError(422, 'validation_failed', 'name is missing.');
    return [name, (args ?? {}) as Body];
  };
  return {
    'GET ': (request, id) => device(store.get(id), request),
    'PATCH ': (request, id) => device(store.update(id, parse(request))),
    'DELETE ': (_request, id) => {
      store.delete(id);
      return { status: 200 };
    },
    'GET manifest': (_request, id) => ({ json: { manifest: { id: store.get(id).blueprint_id } } }),
    'POST generate_config': (request, id) => {
      const { protocol } = parse(request);
      if (protocol !== 'MQTT' && protocol !== 'MQTTS')
        throw new ApiError(422, 'validation_failed', 'protocol must be MQTT or MQTTS.');
      return { json: { config: ems.generateConfig(id, protocol) } };
    },
    'POST assign_blueprint': (request, id) => device(store.assignBlueprint(id, parse(request).blueprint_id)),
    'POST execute_command': async (request, id) => ({
      json: { execution: shownExecution(await ems.execute(id, ...commandOf(request)), request) },
    }),
    'POST command_executions': (request, id) => {
      const command = commandOf(request);
      void ems.execute(id, ...command);
      return { json: { execution_id: [...ems.executions.keys()].at(-1) } };
    },
    'GET command_executions': (request, id, rest) => {
      if (rest === '') return listExecutions(ems.executions.values(), request, (one) => one.device_id === id);
      const execution = ems.executions.get(rest);
      if (!execution) throw new ApiError(404, 'not_found', 'Execution not found.');
      return { json: { execution: shownExecution(execution, request) } };
    },
  };
}

/** What an account or a gateway answers about its sites, and what belongs to them. */
function siteRoute(
  ems: Ems,
  request: SimRequest,
  id: string | undefined,
  [part = '', ...rest]: readonly string[],
): SimReply {
  const { store } = ems;
  const { method } = request;
  const expand = request.query.get('expand');
  switch (part) {
    case '': {
      if (method === 'PATCH') return { json: { site: store.sites.update(id, parse(request)) } };
      const site = store.sites.get(id);
      if (method === 'DELETE') store.sites.delete(site.id);
      return { json: method === 'DELETE' ? {} : { site } };
    }
    case 'devices': {
      const found = [...store.devices.values()].filter((one) => one.site_id === id);
      return page(
        found.map((one) => shown(one, expand, store)),
        'devices',
        request,
      );
    }
    case 'commands':
      return listExecutions(
        ems.executions.values(),
        request,
        (one) => store.devices.get(one.device_id)?.site_id === store.sites.get(id).id,
      );
    case 'rule_engine':
      return { json: ems.rules.respond(method, rest, parse(request)) };
  }
  throw new ApiError(404, 'not_found', 'No such path.');
}

function provision(kind: string, body: Body, store: Store): SimReply {
  const types = { standalone: 'STANDALONE', vucm: 'VIRTUAL_UCM', lua_device: 'LUA' } as const;
  const type = Object.entries(types).find(([name]) => name === kind)?.[1];
  if (!type) throw new ApiError(404, 'not_found', 'No such path.');
  return { json: { device_id: store.create(body, type).id } };
}

/** The HTTP API v3, as the vendor's SDK uses it. */
export function routes(ems: Ems): SimHandler {
  const { store } = ems;
  const devices = deviceRoutes(ems);

  async function respond(request: SimRequest): Promise<SimReply> {
    const [, version, first = '', ...parts] = request.path.split('/');
    const [id = '', action = '', rest = ''] = parts;
    if (version !== 'v3') throw new ApiError(404, 'not_found', 'No such path.');
    const expand = request.query.get('expand');
    switch (`${request.method} ${first}${id === '' ? '' : '/'}`) {
      case 'GET sites':
        return page(store.sites.all, 'sites', request);
      case 'POST sites':
        return { json: { site: store.sites.create(parse(request)) } };
      case 'POST provisioning/':
        return provision(id, parse(request), store);
      case 'GET telemetry/':
        return latest(request, store);
      case 'POST telemetry/':
        return timeseries(parse(request));
      case 'GET devices':
        return page(
          [...store.devices.values()].map((one) => shown(one, expand, store)),
          'devices',
          request,
        );
    }
    if (first === 'site') return siteRoute(ems, request, undefined, parts);
    if (first === 'sites') return siteRoute(ems, request, id, parts.slice(1));
    if (first === 'blueprints') return blueprintRoute(request, parts);
    const route = first === 'devices' ? devices[`${request.method} ${action}`] : undefined;
    if (!route) throw new ApiError(404, 'not_found', 'No such path.');
    return route(request, id, rest);
  }

  return async (request) => {
    try {
      if (request.headers['x-enapter-auth-token'] !== ems.token) {
        throw new ApiError(401, 'unauthenticated', 'The access token is not valid.');
      }
      // Over plain HTTP the client has to say that it means it.
      if (request.headers['x-enapter-allow-http'] !== 'true') {
        throw new ApiError(400, 'http_not_allowed', 'Use HTTPS.');
      }
      return await respond(request);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const { status, code, message } = error;
      return { status, json: { errors: [{ code, message, details: {} }] } };
    }
  };
}
