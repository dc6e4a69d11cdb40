import { controlRoutes } from './support/control';
import { PLAIN_SHAPE, result, type SeriesShape } from './powerflex/series';
import { COLUMNS, type Measurement, MONTHS, type Signal, Site, type SiteOptions } from './powerflex/site';
import { isJsonObject } from './support/faults';
import { Faults, startHttp, type SimReply, type SimRequest, type SimServer } from './support/server';

export { COLUMNS, MONTHS } from './powerflex/site';

export interface PowerflexOptions extends SiteOptions {
  /** Default: any free port. */
  port?: number;
  username?: string;
  password?: string;
  /** Seconds a token lasts; default a day. */
  tokenLife?: number;
}

export interface PowerflexSimulator {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly accId: number;
  readonly http: SimServer;
  readonly faults: Faults;
  readonly site: Site;
  readonly shape: SeriesShape;
  /** Logins that succeeded. */
  readonly logins: number;
  /** Every token given out so far is refused from now on. */
  expireTokens(): void;
  /** Ends every fault and restores the usual shape of the data. */
  clear(): void;
  close(): Promise<void>;
}

class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

type Json = Record<string, unknown>;

class Simulator implements PowerflexSimulator {
  http!: SimServer;
  readonly faults = new Faults();
  readonly site: Site;
  readonly shape: SeriesShape = { ...PLAIN_SHAPE };
  readonly username: string;
  readonly password: string;
  logins = 0;
  private readonly tokens = new Map<string, number>();

  constructor(private readonly options: PowerflexOptions) {
    this.site = new Site(options);
    this.username = options.username ?? 'garage';
    this.password = options.password ?? 'secret-of-the-garage';
  }

  get port(): number {
    return this.http.port;
  }

  get url(): string {
    return this.http.url;
  }

  get accId(): number {
    return this.site.accId;
  }

  expireTokens(): void {
    this.tokens.clear();
  }

  clear(): void {
    this.faults.clear();
    Object.assign(this.shape, PLAIN_SHAPE);
  }

  close(): Promise<void> {
    return this.http.close();
  }

  readonly handle = (request: SimRequest): SimReply => {
    try {
      return { json: this.route(request) };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { status: error.status, json: { msg: error.message } };
    }
  };

  /** The faults that only this system has, as its control route receives them. */
  readonly applyFault = (fault: Json): boolean => {
    switch (fault.kind) {
      case 'expireTokens':
        this.expireTokens();
        return true;
      case 'shape':
        for (const key of ['wrapped', 'tagged', 'partial'] as const) {
          if (typeof fault[key] === 'boolean') this.shape[key] = fault[key];
        }
        if (fault.time === 'seconds' || fault.time === 'rfc3339') this.shape.time = fault.time;
        if (typeof fault.error === 'string') this.shape.error = fault.error;
        return true;
      default:
        return false;
    }
  };

  private route(request: SimRequest): unknown {
    const [, endpoint = '', id] = /^\/([\w]+)(?:\/(\d+))?$/.exec(request.path) ?? [];
    if (endpoint === 'login') return this.login(request);
    const expected = endpoint === 'get_target_peak_power_kW' ? 'GET' : 'POST';
    const handler = this.endpoint(endpoint);
    if (!handler) throw new Refusal(404, 'Not Found');
    if (request.method !== expected) throw new Refusal(405, 'Method Not Allowed');
    this.authorise(request);
    if (endpoint !== 'get_measurement_data' && Number(id) !== this.accId) {
      throw new Refusal(404, 'No such acc_id');
    }
    this.site.catchUp();
    return handler(request.method === 'POST' ? bodyOf(request) : {});
  }

  private endpoint(name: string): ((body: Json) => unknown) | undefined {
    switch (name) {
      case 'get_measurement_data':
        return (body) => this.measurements(body);
      case 'get_external_signal':
        return (body) => this.getSignal(body);
      case 'set_external_signal':
        return (body) => this.setSignal(body);
      case 'set_real_time_load':
        return (body) => this.setLoad(body);
      case 'get_target_peak_power_kW':
        return () => sorted(this.site.targets);
      case 'set_target_peak_power_kW':
        return (body) => this.setTargets(body);
      default:
        return undefined;
    }
  }

  private login(request: SimRequest): unknown {
    if (request.method !== 'POST') throw new Refusal(405, 'Method Not Allowed');
    const { username, password } = bodyOf(request);
    if (username !== this.username || password !== this.password) {
      throw new Refusal(401, 'Bad username or password');
    }
    this.logins++;
    const token = `eyJhbGciOiJIUzI1NiJ9.eyJ0eXBlIjoiYWNjZXNzIn0.token-${this.logins}`;
    this.tokens.set(token, Date.now() + (this.options.tokenLife ?? 86_400) * 1000);
    return { access_token: token };
  }

  private authorise({ headers }: SimRequest): void {
    const token = /^Bearer (\S+)$/.exec(headers.authorization ?? '')?.[1];
    if (token === undefined) throw new Refusal(401, 'Missing Authorization Header');
    if ((this.tokens.get(token) ?? 0) < Date.now()) throw new Refusal(401, 'Token has expired');
  }

  private setLoad(body: Json): unknown {
    const load = body.real_time_load_kW;
    if (!Number.isInteger(load)) throw new Refusal(400, 'real_time_load_kW must be an integer');
    this.site.realTimeLoad = Number(load);
    return { real_time_load_kW: load };
  }

  private setTargets(body: Json): unknown {
    const given = body.target_peak_power;
    if (!isJsonObject(given)) throw new Refusal(400, 'target_peak_power must be a dictionary');
    for (const [month, value] of Object.entries(given)) {
      if (!MONTHS.some((one) => one === month) || !Number.isInteger(value)) {
        throw new Refusal(400, `bad target ${month}`);
      }
    }
    Object.assign(this.site.targets, given);
    return sorted(this.site.targets);
  }

  private getSignal(body: Json): unknown {
    const { name } = body;
    if (name === undefined) return Object.fromEntries(this.site.signals);
    const signal = typeof name === 'string' ? this.site.signals.get(name) : undefined;
    if (!signal) throw new Refusal(404, 'No such external signal');
    return signal;
  }

  private setSignal(body: Json): unknown {
    const { name, max_load, max_load_unit, is_enabled } = body;
    const good =
      typeof name === 'string' &&
      typeof max_load === 'number' &&
      (max_load_unit === 'kW' || max_load_unit === 'A') &&
      typeof is_enabled === 'boolean';
    if (!good) throw new Refusal(400, 'name, max_load, max_load_unit and is_enabled are required');
    const signal: Signal = { is_enabled, max_load, max_load_unit, name };
    this.site.signals.set(name, signal);
    return signal;
  }

  private measurements(body: Json): unknown {
    const { measurement, time_filter: filter } = body;
    if (typeof measurement !== 'string' || !(measurement in COLUMNS)) {
      throw new Refusal(400, 'measurement must be one of ct_response, evse_request, evse_response');
    }
    const [from, to] = Array.isArray(filter) ? filter.map(Number) : [-Infinity, Infinity];
    const name = measurement as Measurement;
    const rows = this.site.rows[name].filter(
      ([time]) => Number(time) >= (from ?? 0) && Number(time) <= (to ?? 0),
    );
    const response = { results: [result(name, rows, this.shape)] };
    return this.shape.wrapped ? { data: response } : response;
  }
}

/** The vendor's server writes the keys of an object in alphabetical order. */
function sorted(values: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function bodyOf(request: SimRequest): Json {
  try {
    const body: unknown = JSON.parse(request.body);
    if (isJsonObject(body)) return body;
  } catch {
    // falls through
  }
  throw new Refusal(400, 'The body must be a JSON object');
}

/**
 * Starts a simulated PowerFlex host on loopback, as in the vendor's "Accessing the PowerFlex API": login, time
 * series, external signals and demand-charge mitigation for one garage, whose cars take what the DCM leaves them.
 * Plain HTTP; the real one speaks HTTPS on port 9443. Failing on demand: see {@link Faults}, the properties of the
 * result, and the control routes `POST /_sim/fault` and `POST /_sim/clear`. `GET /_sim/site` shows the allocation.
 */
export async function startPowerflex(options: PowerflexOptions = {}): Promise<PowerflexSimulator> {
  const simulator = new Simulator(options);
  const control = controlRoutes(simulator.faults, simulator.applyFault, () => simulator.clear());
  simulator.http = await startHttp(simulator.handle, {
    ...(options.port !== undefined && { port: options.port }),
    faults: simulator.faults,
    control: (request) =>
      request.method === 'GET' && request.path === '/_sim/site'
        ? { json: simulator.site.allocation }
        : control(request),
  });
  return simulator;
}
