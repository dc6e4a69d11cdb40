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
    const found = [...this.upses]
      .filter(([, ups]) => ups.description.toLowerCase().includes(search))
      .map(([id, ups]) => ({
        id: Number(id),
        name: ups.description,
        cmm: ups.cmm,
        sn: ups.ident().sn,
        type: { name: ups.ident().type },
      }));
    return ok(found);
  }

  private basicInfo(ups: UpsModel): Record<string, unknown> {
    const { sn, type, comFirmware, mainFirmware } = ups.ident();
    return { name: ups.description, model: type, serialNumber: sn, comFirmware, mainFirmware, cmm: ups.cmm };
  }

  /** Newest first. */
  private logs(upsId: string, ups: UpsModel, request: SimRequest): SimReply {
    const page = Number(request.query.get('page') ?? 0);
    const limit = Number(request.query.get('limit') ?? 50);
    const records = ups.log.map(({ ord, timestamp, ...rest }) => ({
      id: 9000 + ord,
      upsId,
      ...rest,
      timestamp: timestamp.replace(' ', 'T'),
    }));
    return { json: records.reverse().slice(page * limit, (page + 1) * limit) };
  }

  private changePort(ups: UpsModel, request: SimRequest): SimReply {
    const port = request.query.get('port') ?? '';
    if (!/^(?:\d|1[01])$/.test(port)) return { status: 400, json: { message: 'port' } };
    if (!this.writeActions) return { status: 403, json: { message: 'API write actions are not enabled' } };
    ups.toggle(Number(port));
    return { json: { responseMessage: 'OK' } };
  }
}

/**
 * Starts a simulated PowerSentrix portal on loopback: login, list, status, log and `changePortState` of API v1, with
 * the faults of every simulator.
 */
export async function startPowersentrixCloud(options: CloudOptions = {}): Promise<PowersentrixCloud> {
  const portal = new Portal(options);
  const faults = new Faults();
  const http = await startHttp(portal.handle, {
    ...(options.port === undefined ? {} : { port: options.port }),
    faults,
    control: controlRoutes(
      faults,
      () => false,
      () => faults.clear(),
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
