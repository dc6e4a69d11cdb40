import { Budget } from '../core/budget';
import { type Clock, systemClock } from '../core/clock';
import { DeviceError, invalidInput } from '../core/errors';
import { givenPassword, givenText } from '../core/given';
import { headerValue, type HttpCall } from '../core/http/call';
import { HttpClient } from '../core/http/client';
import { parseForeignJson } from '../core/json/parse';
import { type Notice, type NoticeHandler, Notices } from '../core/notices';
import { sendCommand } from '../core/command/outcome';
import type { ProxyChoice } from '../core/http/proxy';
import { loginError } from '../core/poll/refusal';
import { BearerSession, type Login } from '../core/session';
import type { TlsOptions, Transport } from '../core/http/transport';
import { isRecord } from '../core/values';
import { parseBaseUrl } from '../core/http/url';
import type { TimeRange } from '../core/windows';
import {
  type AllTargets,
  compareLoad,
  compareSignal,
  compareTargets,
  type ExternalSignal,
  readAskedSignal,
  readSignal,
  readSignalNamed,
  readSignals,
  readTargets,
  signalBody,
  type Targets,
} from './dcm';
import type { Batch } from './influx';
import { refusedLogin, refusedToken, vendorMessage } from './errors';
import { RowStream } from './row-stream';
import type { Measurement } from './rows';

export interface PowerflexSettings {
  /** host name, host:port or http(s) URL; https where none is given. The vendor's port is 9443 */
  url: unknown;
  /** the vendor's number of the site; leading zeros are dropped */
  accId: unknown;
  username: unknown;
  password: unknown;
  tls?: TlsOptions | undefined;
  proxy?: ProxyChoice | undefined;
  /** ms for one request; default 15 s */
  timeout?: number;
  /** Hears once of each oddity that costs a part of a response. */
  onNotice?: NoticeHandler;
}

export interface MeasurementQuery {
  measurement: Measurement;
  /** sent only when given; without it, the server decides */
  range?: TimeRange | undefined;
  /** what this and other requests may cost together; default: ten minutes, and what years of a garage take */
  budget?: Budget;
  /** Hears of what costs a part of the response. */
  onNotice?: NoticeHandler | undefined;
}

/** As the vendor documents it. A token that ends earlier is noticed by its 401. */
const TOKEN_SECONDS = 86_400;
/** ms between two pieces of a long response. */
const DATA_TIMEOUT = 60_000;
/** Bytes of a response. */
const MAX_BYTES = 4 * 1024 ** 3;

/** One site (`acc_id`) of a PowerFlex host: time series, external signals and demand-charge mitigation. */
export class PowerflexClient {
  readonly baseUrl: string;
  readonly accId: number;
  private readonly http: HttpClient;
  private readonly notices: Notices;
  private readonly session: BearerSession;
  private readonly password: string;

  /** @throws DeviceError INVALID_INPUT for unusable settings; nothing is sent */
  constructor(
    settings: PowerflexSettings,
    transport: Transport,
    private readonly clock: Clock = systemClock,
  ) {
    this.baseUrl = parseBaseUrl(settings.url, 'https');
    this.accId = parseAccId(settings.accId);
    const username = givenText(settings.username);
    const password = givenPassword(settings.password);
    if (username === '' || password === '') {
      throw invalidInput('Enter user name and password.', 'powerflexLoginEmpty');
    }
    this.password = password;
    this.notices = new Notices(settings.onNotice ?? (() => undefined));
    this.http = new HttpClient(
      transport,
      {
        baseUrl: this.baseUrl,
        timeout: settings.timeout ?? 15_000,
        tls: settings.tls,
        secrets: () => this.secrets(),
        proxy: settings.proxy,
        parallel: true,
        vendorMessage,
        explain: refusedToken,
      },
      clock,
    );
    const login = async (signal: AbortSignal): Promise<Login> => {
      const token = await this.login(username, password, signal);
      return { token, expiresIn: TOKEN_SECONDS };
    };
    this.session = new BearerSession({ login, clock });
  }

  /** What must not stand in any text: the password, and the tokens of the session. */
  secrets(): (string | undefined)[] {
    return [this.password, ...this.session.tokens];
  }

  /** Logs in, unless a token is there that still counts: shows that address and credentials are right. */
  async signIn(): Promise<void> {
    await this.session.signIn();
  }

  /** Cancels a login in flight. Calls in flight belong to their callers' signals. */
  close(): void {
    this.session.close();
  }

  /** @returns kW for each month */
  async getTargetPeakPower(signal?: AbortSignal): Promise<AllTargets> {
    return readTargets(await this.read('GET', 'get_target_peak_power_kW', undefined, signal));
  }

  /**
   * Sets the targets of some months.
   *
   * @returns what the server holds now, all months
   * @throws DeviceError CONFLICT when that differs from what was asked, OUTCOME_UNKNOWN when no usable answer came
   */
  async setTargetPeakPower(targets: Targets, signal?: AbortSignal): Promise<AllTargets> {
    const body = { target_peak_power: targets };
    return this.command('set_target_peak_power_kW', body, signal, (response) => {
      const held = readTargets(parseForeignJson(response, { strict: true }));
      compareTargets(targets, held);
      return held;
    });
  }

  async getExternalSignals(signal?: AbortSignal): Promise<ExternalSignal[]> {
    const response = await this.read('POST', 'get_external_signal', {}, signal);
    return readSignals(response, (notice) => this.notices.once(notice));
  }

  async getExternalSignal(name: string, signal?: AbortSignal): Promise<ExternalSignal> {
    return readAskedSignal(await this.read('POST', 'get_external_signal', { name }, signal), name);
  }

  /**
   * As `getExternalSignal`, but `undefined` when there is none: how the server answers an unknown name is not
   * documented, so all are read.
   */
  async findExternalSignal(name: string, signal?: AbortSignal): Promise<ExternalSignal | undefined> {
    return readSignalNamed(await this.read('POST', 'get_external_signal', {}, signal), name);
  }

  /**
   * Sets or changes an external signal, which then stays until it is changed.
   *
   * @param onEcho hears what the server answers that it holds, also when that differs from what was asked
   * @throws DeviceError CONFLICT when the echo differs from what was asked, OUTCOME_UNKNOWN when no usable answer came
   */
  async setExternalSignal(
    wanted: ExternalSignal,
    signal?: AbortSignal,
    onEcho?: (held: ExternalSignal) => void,
  ): Promise<ExternalSignal> {
    return this.command('set_external_signal', signalBody(wanted), signal, (response) => {
      const held = readSignal(parseForeignJson(response, { strict: true }));
      onEcho?.(held);
      compareSignal(wanted, held);
      return held;
    });
  }

  /**
   * Reports the site's load.
   *
   * @param kilowatts a whole number, see `wholeKilowatts`
   * @throws DeviceError OUTCOME_UNKNOWN when no response came
   */
  async setRealTimeLoad(kilowatts: number, signal?: AbortSignal): Promise<void> {
    // What comes back is not documented: any body will do, as long as it does not tell another load.
    await this.command('set_real_time_load', { real_time_load_kW: kilowatts }, signal, (response) => {
      let body: unknown;
      try {
        body = parseForeignJson(response);
      } catch {
        return;
      }
      compareLoad(kilowatts, body);
    });
  }

  /**
   * Reads a time series and passes its rows on as they arrive, as fast as `onBatch` takes them.
   *
   * @returns whether the server left rows out
   * @throws DeviceError, possibly after some batches; what `onBatch` throws
   */
  async getMeasurementData(
    query: MeasurementQuery,
    onBatch: (batch: Batch) => Promise<void> | void,
    signal?: AbortSignal,
  ): Promise<{ partial: boolean }> {
    const { measurement, range } = query;
    const onNotice = query.onNotice ?? ((notice: Notice) => this.notices.once(notice));
    const budget = query.budget ?? new Budget({ bytes: MAX_BYTES, clock: this.clock });
    const filter = range && [Math.floor(range.start / 1000), Math.ceil(range.end / 1000)];
    const json = filter ? { measurement, time_filter: filter } : { measurement };
    let rows = new RowStream(onBatch, onNotice, this.clock);
    return this.http.guard(async () => {
      await this.authorised((headers) => {
        rows = new RowStream(onBatch, onNotice, this.clock);
        const call = { method: 'POST', path: 'get_measurement_data', headers, json, safe: true } as const;
        const limits = { retries: 2, timeout: DATA_TIMEOUT, maxBytes: MAX_BYTES, budget };
        return this.http.stream({ ...call, ...limits, signal }, (chunk) => rows.push(chunk));
      }, signal);
      return rows.end();
    });
  }

  private async login(username: string, password: string, signal: AbortSignal): Promise<string> {
    const response = await this.http.json({
      method: 'POST',
      path: 'login',
      json: { username, password },
      safe: true,
      signal,
      isLogin: true,
      explain: (error) => loginError(error, refusedLogin),
    });
    const token = isRecord(response) ? response.access_token : undefined;
    if (typeof token !== 'string' || token === '') {
      throw new DeviceError('BAD_RESPONSE', 'The login gave no access token. Check the address.', {
        reason: 'powerflexNoToken',
        sent: true,
      });
    }
    return headerValue(token, 'access token');
  }

  private async authorised<T>(
    call: (headers: Record<string, string>) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    return this.http.guard(() =>
      this.session.run((token) => call({ authorization: `Bearer ${token}` }), signal),
    );
  }

  private async read(
    method: 'GET' | 'POST',
    endpoint: string,
    json: unknown,
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    const path = `${endpoint}/${this.accId}`;
    const call: HttpCall = { method, path, safe: true, signal, ...(json === undefined ? {} : { json }) };
    return this.authorised((headers) => this.http.json({ ...call, headers }), signal);
  }

  /** A request that changes something: never repeated, except after a 401, which says that nothing was done. */
  private async command<T>(
    endpoint: string,
    json: unknown,
    signal: AbortSignal | undefined,
    read: (response: Buffer) => T,
  ): Promise<T> {
    const call: HttpCall = { method: 'POST', path: `${endpoint}/${this.accId}`, json, safe: false, signal };
    return this.authorised(
      (headers) => sendCommand(async () => read((await this.http.send({ ...call, headers })).body), signal),
      signal,
    );
  }
}

/** The vendor's number of a site, which goes into the path. */
function parseAccId(value: unknown): number {
  const typed = typeof value === 'number' ? String(value) : givenText(value);
  if (!/^\d{1,9}$/.test(typed))
    throw invalidInput('The site number (acc_id) is not a whole number.', 'powerflexAccId');
  return Number(typed);
}
