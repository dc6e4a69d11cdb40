import { type Clock, systemClock } from '../../core/clock';
import { invalidInput } from '../../core/errors';
import { Budget } from '../../core/budget';
import { givenText } from '../../core/given';
import { headerValue, type HttpCall } from '../../core/http/call';
import { HttpClient } from '../../core/http/client';
import { type NoticeHandler, Notices } from '../../core/notices';
import type { ProxyChoice } from '../../core/http/proxy';
import { sendCommand } from '../../core/command/outcome';
import type { TlsOptions, Transport } from '../../core/http/transport';
import { isRecord } from '../../core/values';
import { parseBaseUrl, type Query } from '../../core/http/url';
import { type EnapterDevice, type EnapterSite, parseDevice, parseDeviceResponse, parseSite } from './device';
import { notEnapter, refusedToken, vendorMessage } from './errors';
import { type CommandExecution, parseExecution } from './execution';
import * as check from './input';
import { type LatestValue, parseLatestValues } from './latest';
import { collectPages, type PagesOptions } from './pages';
import { type Timeseries, TimeseriesReader } from './timeseries';

export interface EnapterAccountSettings {
  /** `https://api.enapter.com`, a gateway's `http://enapter-gateway.local/api`; with or without `/v3` */
  url: unknown;
  token: unknown;
  tls?: TlsOptions | undefined;
  proxy?: ProxyChoice | undefined;
  /** ms for one request; default 15 s */
  timeout?: number;
  /** hears once of each odd part of a response that was left out */
  onNotice?: NoticeHandler;
}

/** Devices or sites asked for at a time; fewer where a manifest may come along with each. */
const PAGE = 50;
const EXPANDED_PAGE = 20;
/** Bytes of one response; a page of devices has some ten thousand. */
const MAX_BYTES = 1024 * 1024;
/** Bytes of a response that holds what a manifest or a flow may have put there. */
const MAX_LONG_BYTES = 4 * 1024 * 1024;
/** Bytes of a series of telemetry, and of all pages of a list. */
const MAX_SERIES_BYTES = 16 * 1024 * 1024;
/** ms that a command may take before its request is given up */
const COMMAND_TIMEOUT = 60_000;

/** The part of a URL in front of `/v3`. @throws DeviceError INVALID_INPUT */
export function parseApiUrl(url: unknown): string {
  return parseBaseUrl(url, 'https').replace(/\/v3$/, '');
}

/**
 * The Enapter HTTP API v3 of the cloud or of a gateway. Reads are safe to repeat; whatever changes something is sent
 * once, and when no response comes the error is OUTCOME_UNKNOWN. All input is checked before anything is sent.
 */
export class EnapterClient {
  readonly baseUrl: string;
  private readonly http: HttpClient;
  private readonly headers: Readonly<Record<string, string>>;
  private readonly notices: Notices;

  /** @throws DeviceError INVALID_INPUT for an unusable address or token */
  constructor(
    settings: EnapterAccountSettings,
    transport: Transport,
    private readonly clock: Clock = systemClock,
  ) {
    const token = givenText(settings.token);
    if (token === '') {
      throw invalidInput('The access token is empty.', 'enapterTokenEmpty');
    }
    this.baseUrl = parseApiUrl(settings.url);
    this.notices = new Notices(settings.onNotice ?? (() => undefined));
    this.headers = {
      'x-enapter-auth-token': headerValue(token, 'access token'),
      ...(this.baseUrl.startsWith('http:') ? { 'x-enapter-allow-http': 'true' } : {}),
    };
    this.http = new HttpClient(
      transport,
      {
        baseUrl: `${this.baseUrl}/v3`,
        timeout: settings.timeout ?? 15_000,
        maxBytes: MAX_BYTES,
        tls: settings.tls,
        proxy: settings.proxy,
        parallel: true,
        secrets: () => [token],
        vendorMessage,
        explain: refusedToken,
      },
      clock,
    );
  }

  /** One device. @param expand parts to add, see `EXPANDABLE` */
  async get(id: unknown, expand?: unknown, signal?: AbortSignal): Promise<EnapterDevice> {
    const path = check.devicePath(id);
    return parseDeviceResponse(await this.read(path, { expand: check.checkExpand(expand) }, { signal }));
  }

  /** All devices that the token may see, or those of one site, page by page. */
  async list(input: check.ListInput = {}, signal?: AbortSignal): Promise<EnapterDevice[]> {
    const { path, expand, wanted } = check.listRequest(input);
    return this.pages(path, { expand }, { key: 'devices', parse: parseDevice, wanted }, signal);
  }

  /** All sites that the token may see. */
  async sites(signal?: AbortSignal): Promise<EnapterSite[]> {
    const wanted = { offset: 0, limit: Infinity };
    return this.pages('sites', {}, { key: 'sites', parse: parseSite, wanted }, signal);
  }

  /** Changes name, slug or both; what is not given stays. */
  async update(
    id: unknown,
    input: { name?: unknown; slug?: unknown },
    signal?: AbortSignal,
  ): Promise<EnapterDevice> {
    const path = check.devicePath(id);
    const json = check.updateBody(input);
    return this.change({ method: 'PATCH', path, json, signal }, parseDeviceResponse);
  }

  /** Deletes a device. The server refuses while devices run on it. */
  async delete(id: unknown, signal?: AbortSignal): Promise<void> {
    const path = check.devicePath(id);
    // An empty body, `{}` or anything else: the status alone says that it is done.
    const { headers } = this;
    await sendCommand(() => this.http.send({ method: 'DELETE', path, headers, safe: false, signal }), signal);
  }

  /**
   * Makes a new configuration for connecting a device over MQTT. The one before may stop working.
   *
   * @returns the vendor's `config` as it came; it holds the private key or the password
   */
  async generateConfig(
    id: unknown,
    protocol: unknown,
    signal?: AbortSignal,
  ): Promise<Record<string, unknown>> {
    const path = `${check.devicePath(id)}/generate_config`;
    const json = { protocol: check.checkProtocol(protocol) };
    return this.change({ method: 'POST', path, json, signal }, (body) => {
      if (!isRecord(body) || !isRecord(body.config)) throw notEnapter('no configuration');
      return body.config;
    });
  }

  async assignBlueprint(id: unknown, blueprintId: unknown, signal?: AbortSignal): Promise<EnapterDevice> {
    const path = `${check.devicePath(id)}/assign_blueprint`;
    const json = { blueprint_id: check.checkId(blueprintId, 'blueprint id') };
    return this.change({ method: 'POST', path, json, signal }, parseDeviceResponse);
  }

  /** Creates a standalone device. @returns its id */
  async create(
    input: { name?: unknown; siteId?: unknown; slug?: unknown },
    signal?: AbortSignal,
  ): Promise<string> {
    const json = check.createBody(input);
    const call = { method: 'POST', path: 'provisioning/standalone', json, signal } as const;
    return this.change(call, (body) => textIn(body, 'device_id'));
  }

  /**
   * Executes a command and waits until it has ended.
   *
   * @param timeout ms; default a minute
   */
  async execute(
    id: unknown,
    input: { name?: unknown; arguments?: unknown },
    options: { timeout?: number; signal?: AbortSignal | undefined } = {},
  ): Promise<CommandExecution> {
    const path = `${check.devicePath(id)}/execute_command`;
    const json = check.commandBody(input);
    const { timeout = COMMAND_TIMEOUT, signal } = options;
    const call = { method: 'POST', path, query: { expand: 'log' }, json, timeout, signal } as const;
    return this.change({ ...call, maxBytes: MAX_LONG_BYTES }, parseExecution);
  }

  /** Starts a command. @returns the id of its execution, for `execution` */
  async startExecution(
    id: unknown,
    input: { name?: unknown; arguments?: unknown },
    signal?: AbortSignal,
  ): Promise<string> {
    const path = `${check.devicePath(id)}/command_executions`;
    const call = { method: 'POST', path, json: check.commandBody(input), signal } as const;
    return this.change(call, (body) => textIn(body, 'execution_id'));
  }

  async execution(id: unknown, executionId: unknown, signal?: AbortSignal): Promise<CommandExecution> {
    const asked = check.checkId(executionId, 'execution id');
    const path = `${check.devicePath(id)}/command_executions/${asked}`;
    const execution = parseExecution(await this.read(path, { expand: 'log' }, { signal }));
    // What became of another command says nothing of this one.
    if (execution.id !== null && execution.id.toLowerCase() !== asked.toLowerCase())
      throw notEnapter('another execution than the one asked for');
    return execution;
  }

  /**
   * The newest values of a device.
   *
   * @param relevance s; older values do not count
   */
  async latest(
    id: unknown,
    input: check.LatestInput,
    signal?: AbortSignal,
  ): Promise<Record<string, LatestValue>> {
    const device = check.checkId(id, 'device id');
    const { attributes, relevance } = check.latestRequest(input);
    const query = {
      [`devices[${device}]`]: attributes.join(','),
      relevance_interval: relevance === undefined ? undefined : `${relevance}s`,
    };
    return parseLatestValues(await this.read('telemetry/latest', query, { signal }), device, attributes);
  }

  /**
   * A device's values over time.
   *
   * @param input `from`, `to`: ISO 8601 or epoch ms; `granularity`: s; `aggregation`: the vendor's word, default `auto`
   */
  async timeseries(id: unknown, input: check.TimeseriesInput, signal?: AbortSignal): Promise<Timeseries> {
    const device = check.checkId(id, 'device id');
    const { json, mostRows } = check.timeseriesRequest(device, input);
    const reader = new TimeseriesReader((notice) => this.notices.once(notice), mostRows);
    const call: HttpCall = {
      method: 'POST',
      path: 'telemetry/query_timeseries',
      headers: { ...this.headers, accept: 'text/csv' },
      json,
      safe: true,
      maxBytes: MAX_SERIES_BYTES,
      budget: new Budget({ bytes: MAX_SERIES_BYTES, clock: this.clock }),
      signal,
    };
    const { headers } = await this.http.stream(call, (chunk, head) => reader.push(chunk, head.headers));
    return reader.end(headers);
  }

  private async read(
    path: string,
    query: Query,
    more: Pick<HttpCall, 'signal' | 'budget'> = {},
  ): Promise<unknown> {
    const { headers } = this;
    const long = query.expand === undefined ? {} : { maxBytes: MAX_LONG_BYTES };
    return this.http.json({ method: 'GET', path, query, headers, safe: true, ...long, ...more });
  }

  /** Sends a change once; a response that cannot be read leaves its outcome open. */
  private async change<T>(call: Omit<HttpCall, 'safe' | 'headers'>, parse: (body: unknown) => T): Promise<T> {
    const { headers } = this;
    return sendCommand(
      async () => parse(await this.http.json({ ...call, headers, safe: false })),
      call.signal,
    );
  }

  private async pages<T>(
    path: string,
    query: Query,
    list: Pick<PagesOptions<T>, 'key' | 'wanted' | 'parse'>,
    signal?: AbortSignal,
  ): Promise<T[]> {
    const { clock, notices } = this;
    const budget = new Budget({ bytes: MAX_SERIES_BYTES, clock });
    const size = typeof query.expand === 'string' ? EXPANDED_PAGE : PAGE;
    return collectPages({
      ...list,
      size,
      notices,
      fetch: (offset, limit) => this.read(path, { ...query, offset, limit }, { budget, signal }),
    });
  }
}

function textIn(body: unknown, key: string): string {
  const text = isRecord(body) ? body[key] : undefined;
  if (typeof text !== 'string' || text === '') throw notEnapter(`no ${key}`);
  return text;
}
