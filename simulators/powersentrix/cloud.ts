import { controlRoutes } from '../support/control';
import { Faults, startHttp, type SimReply, type SimRequest, type SimServer } from '../support/server';
import { UpsModel } from './model';

export interface CloudOptions {
  port?: number;
  email?: string;
  password?: string;
  /** UPSes by their id in the cloud; default one, id 42. */
  upses?: Map<string, UpsModel>;
  /** Seconds that a token lasts; default a day. */
  tokenLife?: number;
}

/** A simulated portal. */
export interface PowersentrixCloud {
  /** The base URL of the API, with `/api/v1`. */
  readonly url: string;
  readonly email: string;
  readonly http: SimServer;
  readonly faults: Faults;
  readonly upses: Map<string, UpsModel>;
  password: string;
  /** How often somebody tried to log in. */
  readonly logins: number;
  /** Whether the stored API keys permit writing; the portal passes the refusal on. */
  writeActions: boolean;
  /** Whether the portal says that it reaches its UPSes. */
  online: boolean;
  /** Puts entries into the list and the log that are none. */
  oddLists: boolean;
  /** The log's order; default newest first. */
  oldestFirst: boolean;
  /** One less than the number of the log's first record. A smaller one is what a reset of the server brings. */
  firstId: number;
  /** Makes every token invalid that was given out so far. */
  expireTokens(): void;
  /** The present token, to be looked for in places where it must not be. */
  readonly token: string;
  close(): Promise<void>;
}

const ok = (responseObject: unknown): SimReply => ({ json: { responseMessage: 'OK', responseObject } });

class Portal {
  logins = 0;
  token = '';
  writeActions = true;
  online = true;
  oddLists = false;
  oldestFirst = false;
  firstId = 9000;
  readonly email: string;
  password: string;
  readonly upses: Map<string, UpsModel>;
  private readonly valid = new Set<string>();

  constructor(private readonly options: CloudOptions) {
    this.email = options.email ?? 'novak@example.com';
    this.password = options.password ?? 'p@ss word/1';
    this.upses = options.upses ?? new Map([['42', new UpsModel()]]);
  }

  expireTokens(): void {
    this.valid.clear();
  }

  readonly handle = (request: SimRequest): SimReply => {
    const { method, path } = request;
    if (method === 'POST' && path === '/api/v1/user/authenticate') return this.authenticate(request);
    if (method !== 'GET') return { status: 404 };
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    if (!this.valid.has(token)) return { status: 401, json: { message: 'Invalid authorization token' } };
    if (path === '/api/v1/ups/getUpsList') return this.list(request);
    const id = request.query.get('id') ?? '';
    const ups = this.upses.get(id);
    if (!ups) return { status: 404, json: { message: 'UPS not found' } };
    switch (path) {
      case '/api/v1/ups/getUpsComplexObject':
        return ok(ups.complex());
      case '/api/v1/ups/getBasicInfo':
        return { json: this.basicInfo(ups) };
      case '/api/v1/ups/getUpsLogs':
        return this.logs(id, ups, request);
      case '/api/v1/ups/changePortState':
        return this.changePort(ups, request);
      default:
        return { status: 404 };
    }
  };

  private authenticate(request: SimRequest): SimReply {
    this.logins += 1;
    const { email, password } = JSON.parse(request.body) as { email?: string; password?: string };
    if (email !== this.email || password !== this.password) {
      return { status: 400, json: { message: 'invalidEmailOrPassword' } };
    }
    const exp = Math.floor(Date.now() / 1000) + (this.options.tokenLife ?? 86_400);
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    this.token = `${part({ alg: 'HS512' })}.${part({ sub: email, exp })}.signature-${this.logins}`;
    this.valid.add(this.token);
    return {
      json: { token: this.token, user: { id: 42, login: email, name: 'Novak Jan', role: 'ROLE_USER' } },
    };
  }

  private list(request: SimRequest): SimReply {
    const search = (request.query.get('searchText') ?? '').toLowerCase();
    const type = request.query.get('searchType') ?? '';
    const found: unknown[] = [...this.upses]
      .filter(([, ups]) => ups.description.toLowerCase().includes(search))
      .filter(([, ups]) => type === '' || ups.ident().type === type)
      .map(([id, ups]) => ({
        id: Number(id),
        name: ups.description,
        cmm: ups.cmm,
        sn: ups.ident().sn,
        type: { name: ups.ident().type },
      }));
    return ok(this.oddLists && found.length > 0 ? [null, { name: 'without an id' }, ...found] : found);
  }

  private basicInfo(ups: UpsModel): Record<string, unknown> {
    const { sn, type, comFirmware, mainFirmware, comUptime, mainUptime } = ups.ident();
    return {
      name: ups.description,
      ip: '192.0.2.10',
      model: type,
      serialNumber: sn,
      comFirmware,
      mainFirmware,
      comUptime,
      mainUptime,
      onOffLine: this.online ? 'online' : 'offline',
      temperature: ups.temperatures.board,
      description: 'UPS of the server room',
      location: 'Rack A',
      company: 'Acme Corp',
      cmm: ups.cmm,
      timestamp: new Date().toISOString().replace('Z', '+0000'),
    };
  }

  private logs(upsId: string, ups: UpsModel, request: SimRequest): SimReply {
    const page = Number(request.query.get('page') ?? 0);
    const limit = Number(request.query.get('limit') ?? 50);
    const records: unknown[] = ups.log.map(({ ord, timestamp, ...rest }) => ({
      id: this.firstId + ord,
      upsId,
      ...rest,
      timestamp: timestamp.replace(' ', 'T'),
    }));
    if (!this.oldestFirst) records.reverse();
    if (this.oddLists) records.splice(1, 0, null, { description: 'without a code' });
    return { json: records.slice(page * limit, (page + 1) * limit) };
  }

  private changePort(ups: UpsModel, request: SimRequest): SimReply {
    const port = request.query.get('port') ?? '';
    if (!/^(?:\d|1[01])$/.test(port)) return { status: 400, json: { message: 'port' } };
    if (!this.writeActions) return { status: 403, json: { message: 'API write actions are not enabled' } };
    ups.toggle(Number(port));
    return { json: { responseMessage: 'OK' } };
  }
}

/** Faults of the portal itself, as its control route receives them. */
function applyFault(portal: Portal, fault: Record<string, unknown>): boolean {
  switch (fault.kind) {
    case 'offline':
      portal.online = false;
      return true;
    case 'oddLists':
      portal.oddLists = true;
      return true;
    case 'oldestFirst':
      portal.oldestFirst = true;
      return true;
    case 'logReset':
      for (const ups of portal.upses.values()) ups.log.splice(0);
      portal.firstId = 0;
      return true;
    default:
      return false;
  }
}

/**
 * Starts a simulated PowerSentrix portal on loopback: login, list, master data, status, log and `changePortState` of
 * API v1, with the faults of every simulator and the kinds `offline`, `oddLists`, `oldestFirst` and `logReset`.
 */
export async function startPowersentrixCloud(options: CloudOptions = {}): Promise<PowersentrixCloud> {
  const portal = new Portal(options);
  const faults = new Faults();
  const http = await startHttp(portal.handle, {
    ...(options.port === undefined ? {} : { port: options.port }),
    faults,
    control: controlRoutes(
      faults,
      (fault) => applyFault(portal, fault),
      () => {
        faults.clear();
        Object.assign(portal, { online: true, oddLists: false, oldestFirst: false });
      },
    ),
  });
  return Object.assign(portal, {
    url: `${http.url}/api/v1`,
    http,
    faults,
    close: async (): Promise<void> => {
      for (const ups of portal.upses.values()) ups.close();
      await http.close();
    },
  });
}
