import { controlRoutes } from './support/control';
import { isJsonObject } from './support/faults';
import { Faults, startHttp, type SimReply, type SimRequest, type SimServer } from './support/server';
import { Controller } from './powercontroller/controller';
import { configure, type DurationKey, runCommand } from './powercontroller/requests';

export interface PowercontrollerOptions {
  /** Default: any free port. */
  port?: number;
  /** The real clock, epoch ms. */
  now?: () => number;
  /** Simulated seconds a real second; default 1. */
  speed?: number;
  /** The simulated time at the start, epoch ms; default `now()`. */
  startAt?: number;
  /** Days of records from before the start; default a year. */
  historyDays?: number;
  /** Seconds between two updates from the start on; default 900, as in all records from before. */
  samplePeriod?: number;
  seed?: number;
  email?: string;
  password?: string;
  /** A token made in the web app, which does not end. */
  token?: string;
  /** Default `time`. */
  durationKey?: DurationKey;
  /** Answers `/statuses` with a bare array instead of `{statuses: [...]}`. */
  bareStatuses?: boolean;
}

export interface PowercontrollerSimulator {
  /** What a user enters as address: `http://127.0.0.1:<port>/v1`. */
  readonly url: string;
  readonly email: string;
  readonly password: string;
  /** The token that does not end. */
  readonly token: string;
  /** The id of the controller that is there from the start. */
  readonly deviceId: string;
  readonly http: SimServer;
  readonly faults: Faults;
  /** Sign-ins that succeeded. */
  readonly signIns: number;
  /** Every command and configuration that a controller carried out, oldest first. */
  readonly carriedOut: readonly { deviceId: string; body: Record<string, unknown> }[];
  controller(id: string): Controller;
  /** Makes a further controller one of the account. */
  add(id: string, serialNumber: string): Controller;
  /** Takes a controller out of the account. */
  remove(id: string): void;
  /** The simulated time, epoch ms. */
  time(): number;
  /** Makes every token of a sign-in worthless. */
  expireTokens(): void;
  /** Withdraws the token that does not end. */
  withdrawToken(): void;
  /** Ends every fault. */
  clear(): void;
  close(): Promise<void>;
}

const DAY_MS = 86_400_000;
const LONGEST_RANGE = 10 * DAY_MS;
const NO_BODY: SimReply = { status: 202 };

class Simulator implements PowercontrollerSimulator {
  http!: SimServer;
  readonly faults = new Faults();
  readonly email: string;
  readonly password: string;
  readonly token: string;
  readonly deviceId = '6ItNKFLm_mS';
  readonly carriedOut: { deviceId: string; body: Record<string, unknown> }[] = [];
  signIns = 0;
  private readonly tokens = new Map<string, number>();
  private readonly devices = new Map<string, Controller>();
  private readonly now: () => number;
  private readonly begun: number;
  private tokenValid = true;

  constructor(private readonly options: PowercontrollerOptions) {
    this.email = options.email ?? 'user@example.com';
    this.password = options.password ?? 'mypassword';
    this.token = options.token ?? 'static-token-0123456789';
    this.now = options.now ?? Date.now;
    this.begun = this.now();
    this.add(this.deviceId, 'PC-ZXCVBNMASDF-001', 'US');
  }

  get url(): string {
    return `${this.http.url}/v1`;
  }

  time(): number {
    const start = this.options.startAt ?? this.begun;
    return start + (this.now() - this.begun) * (this.options.speed ?? 1);
  }

  controller(id: string): Controller {
    const device = this.devices.get(id);
    if (!device) throw new Error(`no controller ${id}`);
    return device;
  }

  expireTokens(): void {
    this.tokens.clear();
  }

  withdrawToken(): void {
    this.tokenValid = false;
  }

  clear(): void {
    this.faults.clear();
    this.tokenValid = true;
    for (const device of this.devices.values()) {
      device.online = true;
      device.setFrequency(null);
    }
  }

  close(): Promise<void> {
    return this.http.close();
  }

  readonly handle = (request: SimRequest): SimReply => {
    const [, version, resource, id, action] = request.path.split('/').map(decodeURIComponent);
    if (version !== 'v1') return { status: 404 };
    const route = `${request.method} ${resource ?? ''}${id === undefined ? '' : '/id'}${action ? `/${action}` : ''}`;
    if (route === 'POST signin') return this.signIn(bodyOf(request));
    if (!this.permitted(request)) return { status: 401, json: { message: 'Unauthorized' } };
    if (route === 'GET devices') {
      return {
        json: { devices: [...this.devices.values()].map((device) => ({ device: device.describe() })) },
      };
    }
    if (route === 'POST devices') return this.register(bodyOf(request));
    if (route === 'GET statuses') return this.statuses(request.query);
    const device = this.devices.get(id ?? '');
    if (!device) return { status: 404, json: { message: 'Device not found' } };
    switch (route) {
      case 'GET devices/id':
        return { json: { device: device.describe() } };
      case 'POST devices/id/status':
        return this.reach(device, request, 'status', () => {
          device.update('api');
          return { json: { device: device.describe() } };
        });
      case 'POST devices/id/command': {
        const { command } = bodyOf(request);
        if (!isJsonObject(command)) return { status: 400, json: { message: 'No command' } };
        return this.reach(device, request, 'command', () =>
          runCommand(device, command, this.options.durationKey ?? 'time'),
        );
      }
      case 'PUT devices/id':
        return this.reach(device, request, 'configuration', () => configure(device, bodyOf(request)));
      default:
        return { status: 404 };
    }
  };

  /** The faults that only this device has, as its control route receives them. */
  readonly applyFault = (fault: Record<string, unknown>): boolean => {
    const device = this.controller(this.deviceId);
    switch (fault.kind) {
      case 'frequency':
        if (fault.hertz !== null && typeof fault.hertz !== 'number')
          throw new Error('"hertz" must be a number, or null');
        device.setFrequency(fault.hertz);
        return true;
      case 'offline':
        device.online = false;
        return true;
      case 'button':
        device.switch(!device.on, 'manual');
        return true;
      case 'expireTokens':
        this.expireTokens();
        return true;
      default:
        return false;
    }
  };

  private reach(device: Controller, request: SimRequest, reason: string, act: () => SimReply): SimReply {
    const later = request.query.get('async') === 'true';
    if (!device.online && !later) return { status: 503, json: { message: 'Device not responding' } };
    if (!device.online) {
      device.noteFunction(reason, bodyOf(request), []);
      return NO_BODY;
    }
    const reply = act();
    if (request.path.endsWith('/status') || (reply.status ?? 200) >= 300) return later ? NO_BODY : reply;
    const { responseCodes } = reply.json as { responseCodes: number[] };
    const done = responseCodes.every((code) => code >= 0);
    if (done) this.carriedOut.push({ deviceId: device.id, body: bodyOf(request) });
    if (!later) return reply;
    device.noteFunction(reason, bodyOf(request), responseCodes);
    return NO_BODY;
  }

  private signIn(body: Record<string, unknown>): SimReply {
    const user = isJsonObject(body.user) ? body.user : {};
    if (user.email !== this.email || user.password !== this.password) {
      return { status: 401, json: { message: 'Invalid email or password' } };
    }
    this.signIns += 1;
    const token = `session-${this.signIns}-${this.begun.toString(36)}`;
    const expires = typeof body.expires === 'number' ? body.expires : 14 * 86_400;
    this.tokens.set(token, this.now() + expires * 1000);
    return {
      json: { message: 'Sign in successful', token, user: { email: this.email, name: 'Example User' } },
    };
  }

  private permitted({ headers }: SimRequest): boolean {
    const token = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '';
    if (token === this.token) return this.tokenValid;
    return (this.tokens.get(token) ?? 0) > this.now();
  }

  private register(body: Record<string, unknown>): SimReply {
    const { sn, country } = body;
    if (typeof sn !== 'string' || typeof country !== 'string') {
      return { status: 400, json: { message: 'sn and country are required' } };
    }
    const device = this.add(`added_${this.devices.size}`, sn, country);
    const described = device.describe();
    return { json: { device: { ...described, status: { state: 'Initializing' }, info: undefined } } };
  }

  remove(id: string): void {
    this.devices.delete(id);
  }

  add(id: string, serialNumber: string, country = 'US'): Controller {
    const historyStart = this.time() - (this.options.historyDays ?? 365) * DAY_MS;
    const now = (): number => this.time();
    const { seed = 1, samplePeriod = 900 } = this.options;
    const device = new Controller({ id, serialNumber, country, now, historyStart, seed, samplePeriod });
    this.devices.set(id, device);
    return device;
  }

  private statuses(query: URLSearchParams): SimReply {
    const device = this.devices.get(query.get('device') ?? '');
    if (!device) return { status: 404, json: { message: 'Device not found' } };
    const from = query.get('date[start]') ?? query.get('date');
    const start = from === null ? this.time() - DAY_MS : Date.parse(from);
    const until = query.get('date[end]');
    const end = until === null ? this.time() + 1 : Date.parse(until);
    if (Number.isNaN(start) || Number.isNaN(end)) return { status: 400, json: { message: 'Invalid date' } };
    if (end - start > LONGEST_RANGE) {
      return { status: 400, json: { message: 'The date range is limited to 10 days' } };
    }
    const statuses = device.statuses(start, end);
    return { json: this.options.bareStatuses ? statuses : { statuses } };
  }
}

function bodyOf(request: SimRequest): Record<string, unknown> {
  try {
    const body: unknown = JSON.parse(request.body);
    return isJsonObject(body) ? body : {};
  } catch {
    return {};
  }
}

/**
 * Starts a simulated Automate Green cloud with one power controller (a water heater) on loopback, as in the vendor's
 * "Power Controller API Reference". Besides the faults of every simulator it knows, on `POST /_sim/fault`, the kinds
 * `frequency` (`hertz`), `offline`, `button` (somebody presses it) and `expireTokens`.
 */
export async function startPowercontroller(
  options: PowercontrollerOptions = {},
): Promise<PowercontrollerSimulator> {
  const simulator = new Simulator(options);
  simulator.http = await startHttp(simulator.handle, {
    ...(options.port !== undefined && { port: options.port }),
    faults: simulator.faults,
    control: controlRoutes(simulator.faults, simulator.applyFault, () => simulator.clear()),
  });
  return simulator;
}
