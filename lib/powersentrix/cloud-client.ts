import { type Budget, bounded } from '../core/budget';
import { type Clock, systemClock } from '../core/clock';
import { DeviceError, invalidInput } from '../core/errors';
import { givenPassword, givenText } from '../core/given';
import { headerValue, type HttpCall } from '../core/http/call';
import { HttpClient } from '../core/http/client';
import { type NoticeHandler, Notices } from '../core/notices';
import type { ProxyChoice } from '../core/http/proxy';
import { createRedactor } from '../core/redact';
import { loginError } from '../core/poll/refusal';
import { BearerSession, type Login, secondsLeftOfJwt } from '../core/session';
import type { TlsOptions, Transport } from '../core/http/transport';
import { isRecord } from '../core/values';
import { parseBaseUrl } from '../core/http/url';
import { expectComplex, listIn, notPermitted, parseStrictly, unwrap, wordsOf, wrongShape } from './response';
import type { ComplexObject } from './complex';
import { type LogRecord, parseLogRecord } from './log';
import type { UpsLink } from './commands';
import { type BasicInfo, type CloudUps, parseListed, parseMasterData } from './portal';

const DEFAULT_CLOUD_URL = 'https://view.powersentrix.com/api/v1';

export interface CloudSettings {
  /** default `DEFAULT_CLOUD_URL` */
  url?: unknown;
  email: unknown;
  password: unknown;
  tls?: TlsOptions | undefined;
  /** hears of entries that are left out of a list */
  onNotice?: NoticeHandler;
  proxy?: ProxyChoice | undefined;
  /** ms for one request; default 15 s: the cloud asks the UPS before it answers */
  timeout?: number;
}

export type { CloudUps } from './portal';

/** Of a list or a page of the log, as a whole. */
const MAX_BYTES = 4 * 1024 * 1024;
/** Of one UPS: it sends some 4 KB. */
const MAX_UPS_BYTES = 256 * 1024;
/** UPSes of one account */
const MAX_UPSES = 10_000;

/** One account of the PowerSentrix cloud (API v1). */
export class CloudClient {
  readonly baseUrl: string;
  readonly session: BearerSession;
  private readonly password: string;
  private readonly http: HttpClient;
  private readonly redact: (text: string) => string;
  private readonly notices: Notices;

  /** @throws DeviceError INVALID_INPUT for an unusable address or missing credentials; nothing is sent */
  constructor(settings: CloudSettings, transport: Transport, clock: Clock = systemClock) {
    const email = givenText(settings.email);
    const password = givenPassword(settings.password);
    if (email === '' || password === '') {
      throw invalidInput(
        'Email and password of the PowerSentrix account are missing.',
        'powersentrixLoginEmpty',
      );
    }
    this.baseUrl = parseBaseUrl(
      settings.url === '' ? DEFAULT_CLOUD_URL : (settings.url ?? DEFAULT_CLOUD_URL),
      'https',
    );
    this.password = password;
    this.redact = (text) => createRedactor(this.secrets())(text);
    this.notices = new Notices(settings.onNotice ?? (() => undefined));
    this.http = new HttpClient(
      transport,
      {
        baseUrl: this.baseUrl,
        timeout: settings.timeout ?? 15_000,
        maxBytes: MAX_BYTES,
        tls: settings.tls,
        secrets: () => this.secrets(),
        proxy: settings.proxy,
        parallel: true,
        vendorMessage: wordsOf,
        explain,
      },
      clock,
    );
    this.session = new BearerSession({
      login: (signal) => this.login(email, password, clock.now(), signal),
      clock,
    });
  }

  /** The UPSes that the account may see, filtered by name or description (`searchText`) and model (`searchType`). */
  async list(
    filter: { searchText?: string; searchType?: string } = {},
    signal?: AbortSignal,
  ): Promise<CloudUps[]> {
    const { searchText, searchType } = filter;
    const body = await this.get('ups/getUpsList', { searchText, searchType }, signal);
    const entries = bounded(listIn(body, 'responseObject'), MAX_UPSES, 'entries');
    const upses = entries.flatMap((entry) => parseListed(entry) ?? []);
    // One odd entry shall not hide the others; a list of nothing else is something else.
    if (upses.length === 0 && entries.length > 1) throw wrongShape('id');
    if (upses.length < entries.length) this.notices.once({ reason: 'powersentrixListOdd' });
    return upses;
  }

  /** The whole status; the cloud asks the UPS for it. */
  async readComplex(id: string, signal?: AbortSignal): Promise<ComplexObject> {
    return expectComplex(await this.get('ups/getUpsComplexObject', { id }, signal, MAX_UPS_BYTES));
  }

  /** Name, model, firmware and place of a UPS, and whether the portal reaches it. */
  async basicInfo(id: string, signal?: AbortSignal): Promise<BasicInfo> {
    const body = await this.get('ups/getBasicInfo', { id }, signal, MAX_UPS_BYTES);
    if (!isRecord(body)) throw wrongShape('getBasicInfo');
    return { ...parseMasterData(body), raw: body };
  }

  /**
   * One page of the event log, in the server's order.
   *
   * @param page counted from 0
   * @param budget of the reading that the page is a part of
   * @returns `undefined` in the place of a record that cannot be read: one odd record shall not hide the others
   * @throws DeviceError BAD_RESPONSE `tooMuch` when there are more than asked
   */
  async logs(
    id: string,
    page: number,
    limit: number,
    signal?: AbortSignal,
    budget?: Budget,
  ): Promise<(LogRecord | undefined)[]> {
    const query = { id, page, limit };
    const body = await this.call({
      method: 'GET',
      path: 'ups/getUpsLogs',
      query,
      safe: true,
      signal,
      budget,
    });
    return bounded(listIn(body, 'getUpsLogs'), limit, 'records').map(parseLogRecord);
  }

  /** Turns a port over. Sent once; only a request that was refused for its token is sent again, with a new one. */
  async toggle(id: string, port: number, signal?: AbortSignal): Promise<void> {
    const call = { method: 'GET', path: 'ups/changePortState', query: { id, port }, safe: false } as const;
    await this.call({
      ...call,
      signal,
      explain: (error) => (error.code === 'FORBIDDEN' ? notPermitted(error.status) : explain(error)),
    });
  }

  /** The way to one UPS of this account. Restart and description have no documented path in the cloud. */
  link(id: string): UpsLink {
    return {
      readComplex: (signal) => this.readComplex(id, signal),
      toggle: (port, signal) => this.toggle(id, port, signal),
    };
  }

  /** What must not stand in any text: the password, and the tokens of the session. */
  secrets(): (string | undefined)[] {
    return [this.password, ...this.session.tokens];
  }

  close(): void {
    this.session.close();
  }

  private get(
    path: string,
    query: Readonly<Record<string, string | number | undefined>>,
    signal?: AbortSignal,
    maxBytes = MAX_BYTES,
  ) {
    return this.call({ method: 'GET', path, query, safe: true, signal, maxBytes });
  }

  private call(call: HttpCall): Promise<unknown> {
    return this.session.run(async (token) => {
      const headers = { authorization: `Bearer ${token}`, 'cache-control': 'no-cache' };
      const whole = { ...call, headers };
      const body = call.safe
        ? await this.http.jsonOrNothing(whole)
        : parseStrictly((await this.http.send(whole)).body);
      return this.unwrapped(body);
    }, call.signal);
  }

  /**
   * Only the portal's token is ours to renew. A key that a UPS refuses is a matter of that UPS: a new login would not
   * help, it would send a command once more and, refused again, stop every UPS of the account.
   */
  private unwrapped(body: unknown): unknown {
    try {
      return unwrap(body, this.redact);
    } catch (error) {
      if (!(error instanceof DeviceError) || error.reason !== 'powersentrixKeyRefused') throw error;
      throw new DeviceError('FORBIDDEN', 'The UPS refuses the API key that the portal holds of it.', {
        reason: 'powersentrixPortalKeyRefused',
        sent: true,
      });
    }
  }

  private async login(email: string, password: string, now: number, signal: AbortSignal): Promise<Login> {
    const body = await this.http.json({
      method: 'POST',
      path: 'user/authenticate',
      json: { email, password },
      safe: true,
      signal,
      isLogin: true,
      explain: (error) => loginError(error, refusedLogin),
    });
    const token: unknown = isRecord(body)
      ? (body.token ?? (isRecord(body.responseObject) && body.responseObject.token))
      : null;
    if (typeof token !== 'string' || token === '') {
      const words = wordsOf(body);
      throw (words === undefined ? undefined : refusedLogin(words, undefined)) ?? wrongShape('token');
    }
    return { token: headerValue(token, 'token'), expiresIn: secondsLeftOfJwt(token, now) };
  }
}

/** A wrong login is status 400 here, with a word that says why. */
function refusedLogin(words: string, status: number | undefined): DeviceError | undefined {
  const disabled = words.includes('disabledLoginFromWeb');
  if (!disabled && !words.includes('invalidEmailOrPassword')) return undefined;
  return new DeviceError(
    'AUTH_FAILED',
    disabled
      ? 'Web login is disabled for this PowerSentrix user. It will not be tried again until you change it.'
      : 'PowerSentrix refuses email or password. They will not be tried again until you change them.',
    {
      reason: disabled ? 'powersentrixLoginDisabled' : 'powersentrixLoginRefused',
      definite: true,
      sent: true,
      ...(status === undefined ? {} : { status }),
    },
  );
}

/** A token's end may be told with another status than 401. */
function explain(error: DeviceError): DeviceError {
  const words = String(error.params.message ?? '');
  if (error.status === 400 && /invalid authorization token/i.test(words)) {
    return new DeviceError('AUTH_FAILED', 'The token was refused.', {
      reason: 'powersentrixTokenRefused',
      status: 400,
      sent: true,
    });
  }
  if (error.status === 404) {
    return new DeviceError('NOT_FOUND', 'The cloud does not know this UPS, or the address is wrong.', {
      reason: 'powersentrixNotFound',
      status: 404,
      sent: true,
    });
  }
  return error;
}
