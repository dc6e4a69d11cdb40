import type { EnapterSimulator } from '../enapter';
import type { SimHandler, SimReply, SimRequest } from '../support/server';
import { ApiError, type DeviceRecord, type Store } from './store';

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
  return {
    ...head,
    ...(parts.has('properties') ? { properties } : {}),
    ...(parts.has('communication') ? { communication } : {}),
    ...(parts.has('connectivity') ? { connectivity: { status: 'ONLINE' } } : {}),
    ...(parts.has('manifest') ? { manifest: { blueprint_spec: 'device/3.0' } } : {}),
    ...(parts.has('site') ? { site: store.sites.find(({ id }) => id === device.site_id) } : {}),
  };
}

function page(items: readonly unknown[], key: string, { query }: SimRequest): SimReply {
  const offset = Number(query.get('offset') ?? 0);
  const limit = Number(query.get('limit') ?? 50);
  return { json: { [key]: items.slice(offset, offset + limit), total_count: items.length } };
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
  const selectors = body.telemetry as { device: string; attribute: string; aggregation?: string }[];
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

function deviceRoutes(simulator: EnapterSimulator): Record<string, Route> {
  const { store } = simulator;
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
      return { json: { config: simulator.generateConfig(id, protocol) } };
    },
    'POST assign_blueprint': (request, id) => device(store.assignBlueprint(id, parse(request).blueprint_id)),
    'POST execute_command': async (request, id) => ({
      json: { execution: await simulator.execute(id, ...commandOf(request)) },
    }),
    'POST command_executions': (request, id) => {
      const command = commandOf(request);
      void simulator.execute(id, ...command);
      return { json: { execution_id: [...simulator.executions.keys()].at(-1) } };
    },
    'GET command_executions': (_request, _id, rest) => {
      const execution = simulator.executions.get(rest);
      if (!execution) throw new ApiError(404, 'not_found', 'Execution not found.');
      return { json: { execution } };
    },
  };
}

/** The HTTP API v3, as far as this package uses it. */
export function routes(simulator: EnapterSimulator): SimHandler {
  const { store } = simulator;
  const devices = deviceRoutes(simulator);
  const all = (): DeviceRecord[] => [...store.devices.values()];

  async function answer(request: SimRequest): Promise<SimReply> {
    const [, version, first, id = '', action = '', rest = ''] = request.path.split('/');
    if (version !== 'v3') throw new ApiError(404, 'not_found', 'No such path.');
    const expand = request.query.get('expand');
    switch (`${request.method} ${[first, ...(first === 'devices' ? [] : [id])].filter(Boolean).join('/')}`) {
      case 'GET sites':
        return page(store.sites, 'sites', request);
      case 'POST provisioning/standalone':
        return { json: { device_id: store.create(parse(request)).id } };
      case 'GET telemetry/latest':
        return latest(request, store);
      case 'POST telemetry/query_timeseries':
        return timeseries(parse(request));
    }
    if (first === 'sites' && action === 'devices') {
      const found = all().filter((one) => one.site_id === id);
      return page(
        found.map((one) => shown(one, expand, store)),
        'devices',
        request,
      );
    }
    if (first === 'devices' && id === '' && request.method === 'GET') {
      return page(
        all().map((one) => shown(one, expand, store)),
        'devices',
        request,
      );
    }
    const route = first === 'devices' && id !== '' ? devices[`${request.method} ${action}`] : undefined;
    if (!route) throw new ApiError(404, 'not_found', 'No such path.');
    return route(request, id, rest);
  }

  return async (request) => {
    try {
      if (request.headers['x-enapter-auth-token'] !== simulator.token) {
        throw new ApiError(401, 'unauthenticated', 'The access token is not valid.');
      }
      // Over plain HTTP the client has to say that it means it.
      if (request.headers['x-enapter-allow-http'] !== 'true') {
        throw new ApiError(400, 'http_not_allowed', 'Use HTTPS.');
      }
      return await answer(request);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const { status, code, message } = error;
      return { status, json: { errors: [{ code, message, details: {} }] } };
    }
  };
}
