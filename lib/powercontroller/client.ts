import { setImmediate } from 'node:timers/promises';

import type { Budget } from '../core/budget';
import { type Clock, systemClock } from '../core/clock';
import { DeviceError, invalidInput } from '../core/errors';
import { givenPassword, givenText } from '../core/given';
import { headerValue, type HttpCall } from '../core/http/call';
import { HttpClient } from '../core/http/client';
import { type NoticeHandler, Notices } from '../core/notices';
import { sendCommand } from '../core/command/outcome';
import type { ProxyChoice } from '../core/http/proxy';
import { cleanText, createRedactor } from '../core/redact';
import { loginError, saysWrongCredentials } from '../core/poll/refusal';
import { BearerSession, type Login, secondsLeftOfJwt } from '../core/session';
import type { Transport } from '../core/http/transport';
import { isRecord } from '../core/values';
import { parseBaseUrl } from '../core/http/url';
import { refuseFailureCodes, responseCodes, saysError, saysTaken } from './codes';
import { type CommandRequest, commandRequest, type DurationKey } from './input';
import { type DeviceResponse, otherDevice, parseDevice, parseDevices } from './device';
import { answersFor, isOf } from './ownership';
import { foreignStatus, parseStatuses, type StatusResponse } from './status';

export interface AccountSettings {
  /** host or http(s) URL that ends in `/v1` */
  url: unknown;
  email?: string | undefined;
  password?: string | undefined;
  /** a token made in the vendor's web app; used instead of email and password */
  token?: string | undefined;
  /** see `DurationKey`; default `time` */
  durationKey?: DurationKey;
  /** ms for reading; default 30 s */
  timeout?: number;
  /** ms for whatever has to reach the device over the mobile network; default 60 s */
  commandTimeout?: number;
  /** hears once of each oddity in the cloud's answers */
  onNotice?: NoticeHandler;
  proxy?: ProxyChoice | undefined;
}

/** Which statuses to list. Times are epoch ms; without any, the vendor gives those since yesterday. */
export interface StatusQuery {
  device: string;
  /** from this time to now */
  date?: number | undefined;
  /** not before this time */
  start?: number | undefined;
  /** before this time */
  end?: number | undefined;
  /** further tries after a network error, 429 or 5xx; default 1, because who polls or tests tries again anyway */
  retries?: number;
  /** ms, the longest `Retry-After` that is waited for; default 10 s */
  longestWait?: number | undefined;
  /** what the history that this is a part of may cost as a whole */
  budget?: Budget | undefined;
}

/** What a command was answered. */
export interface CommandResponse {
  /** the controller's codes, `[]` when the response held none */
  responseCodes: number[];
  /** the body; `undefined` when there was none (202) */
  raw: unknown;
}

/** bytes; ten days of statuses five minutes apart take 1 MB, and a history asks for shorter windows where it is more */
const MAX_STATUSES_BYTES = 2 * 1024 * 1024;
/** bytes; a device takes less than 1 KB */
const MAX_DEVICES_BYTES = 4 * 1024 * 1024;
/** bytes of any other answer: one device, codes, a token */
const MAX_RESPONSE = 256 * 1024;
/** Further tries of a single reading call after a network error, 429 or 5xx. */
const READ_RETRIES = 1;
/** The vendor's own default, sent so that we know it: two weeks. */
const TOKEN_SECONDS = 14 * 86_400;
const DEVICE_ID = /^[\w~-][\w.~-]{0,127}$/;

/** The Automate Green cloud as one account sees it. */
export class PowercontrollerClient {
  readonly baseUrl: string;
  readonly durationKey: DurationKey;
  private readonly http: HttpClient;
  private readonly session: BearerSession;
  private readonly notices: Notices;

  /** @throws DeviceError INVALID_INPUT for an unusable address or credentials; nothing is sent */
  constructor(
    private readonly settings: AccountSettings,
    transport: Transport,
    private readonly clock: Clock = systemClock,
  ) {
    const { url } = settings;
    const email = givenText(settings.email);
    const password = givenPassword(settings.password);
    const token = givenText(settings.token);
    this.baseUrl = parseBaseUrl(url, 'https');
    this.durationKey = settings.durationKey ?? 'time';
    this.notices = new Notices(settings.onNotice ?? (() => undefined));
    if (!token && !(email && password)) {
      throw invalidInput('Enter email and password, or a token.', 'powercontrollerSignInEmpty');
    }
    if (token) headerValue(token, 'token');
    this.http = new HttpClient(
      transport,
      {
        baseUrl: this.baseUrl,
        timeout: settings.timeout ?? 30_000,
        maxBytes: MAX_RESPONSE,
        secrets: () => this.secrets(),
        proxy: settings.proxy,
        parallel: true,
        vendorMessage,
      },
      clock,
    );
    this.session = new BearerSession({
      login: token ? () => Promise.resolve({ token }) : (signal) => this.signIn(email, password, signal),
      ...(token ? { refusedToken } : {}),
      clock,
    });
  }

  /** What must not stand in any text: password, token, and the tokens of the session. */
  secrets(): (string | undefined)[] {
    const { password, token } = this.settings;
    return [givenPassword(password), givenText(token), ...this.session.tokens];
  }

  /** Why the credentials were refused, while that stands. */
  get refused(): DeviceError | undefined {
    return this.session.refused;
  }

  /** Cancels a sign-in in flight; later calls fail. */
  close(): void {
    this.session.close();
  }

  /** The account's power controllers. */
  async devices(signal?: AbortSignal): Promise<DeviceResponse[]> {
    const body = await this.read({ path: 'devices', signal, maxBytes: MAX_DEVICES_BYTES });
    return parseDevices(body, (notice) => this.notices.once(notice));
  }

  /** One controller with its last known status. */
  async device(id: string, signal?: AbortSignal): Promise<DeviceResponse> {
    const body = await this.read({ path: `devices/${segment(id)}`, signal });
    const found = parseDevice(body, (notice) => this.notices.once(notice));
    if (found.device.id !== deviceId(id)) throw otherDevice();
    return found;
  }

  /**
   * Statuses, in the vendor's order. Those that name another controller are left out.
   *
   * @throws DeviceError; REJECTED when the range is longer than ten days, BAD_RESPONSE when there are more than 20,000
   *   statuses or 2 MB of them
   */
  async statuses(wanted: StatusQuery, signal?: AbortSignal): Promise<StatusResponse[]> {
    const { device, date, start, end, retries = READ_RETRIES, longestWait, budget } = wanted;
    const query = {
      device: deviceId(device),
      date: iso(date),
      'date[start]': iso(start),
      'date[end]': iso(end),
    };
    const body = await this.read({
      path: 'statuses',
      query,
      signal,
      retries,
      budget,
      maxBytes: MAX_STATUSES_BYTES,
      ...(longestWait === undefined ? {} : { longestWait }),
    });
    // Parsing the text took its time; others have theirs before its statuses are read.
    await setImmediate();
    const notice: NoticeHandler = (one) => this.notices.once(one);
    return parseStatuses(body, notice).filter(({ raw }) => {
      if (isOf(raw, query.device)) return true;
      notice(foreignStatus(query.device));
      return false;
    });
  }

  /**
   * Sends a command or configuration once.
   *
   * @param id the device; not looked at for a command that concerns the account
   * @throws DeviceError REJECTED with the controller's code, OUTCOME_UNKNOWN when it may have arrived
   */
  async send(request: CommandRequest, id: string, signal?: AbortSignal): Promise<CommandResponse> {
    const path = request.forDevice ? `devices/${segment(id)}${request.path}` : 'devices';
    const send = (token: string): Promise<unknown> =>
      sendCommand(() => this.sendOnce(request, path, token, signal), signal);
    const raw = await this.session.run(send, signal);
    const codes = responseCodes(raw);
    refuseFailureCodes(codes);
    if (saysError(raw)) throw this.rejection(raw);
    const response = { responseCodes: codes, raw };
    // Neither a question nor a registration switches anything, and what they ask for is looked for in the response.
    const isQuestion = request.command === 'refresh' || request.command === 'add';
    const understood = isQuestion || (saysTaken(raw, codes) && answersFor(raw, id.trim()));
    if (!understood) throw notUnderstood();
    return response;
  }

  /** Adds a controller to the account. */
  async add(sn: string, country: string, signal?: AbortSignal): Promise<DeviceResponse> {
    const { raw } = await this.send(commandRequest({ command: 'add', sn, country }), '', signal);
    return parseDevice(raw);
  }

  private rejection(body: unknown): DeviceError {
    const said = vendorMessage(body);
    const message = said === undefined ? '' : cleanText(said, createRedactor(this.secrets()));
    return new DeviceError('REJECTED', `The cloud answers with an error. ${message}`.trim(), {
      reason: 'powercontrollerErrorMessage',
      params: { message },
      sent: true,
    });
  }

  private sendOnce(
    { method, json, async: later }: CommandRequest,
    path: string,
    token: string,
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    return this.http.jsonOrNothing({
      method,
      path,
      ...(later ? { query: { async: 'true' } } : {}),
      ...(json === undefined ? {} : { json }),
      headers: bearer(token),
      safe: false,
      timeout: this.settings.commandTimeout ?? 60_000,
      signal,
      explain: (error) => (error.status === 503 ? notResponding(error) : error),
    });
  }

  private read(
    call: Pick<HttpCall, 'path' | 'query' | 'signal' | 'retries' | 'longestWait' | 'budget' | 'maxBytes'>,
  ): Promise<unknown> {
    const read = (token: string): Promise<unknown> =>
      this.http.json({ retries: READ_RETRIES, ...call, method: 'GET', headers: bearer(token), safe: true });
    return this.session.run(read, call.signal);
  }

  private async signIn(email: string, password: string, signal: AbortSignal): Promise<Login> {
    const body = await this.http.json({
      method: 'POST',
      path: 'signin',
      json: { user: { email, password }, expires: TOKEN_SECONDS },
      safe: false,
      signal,
      isLogin: true,
      explain: (error) => loginError(error, refusedSignIn),
    });
    const token = isRecord(body) ? body.token : undefined;
    if (typeof token !== 'string' || token === '') {
      throw new DeviceError('BAD_RESPONSE', 'The sign-in was answered without a token.', {
        reason: 'powercontrollerNoToken',
        sent: true,
      });
    }
    headerValue(token, 'token');
    return { token, expiresIn: secondsLeftOfJwt(token, this.clock.now()) ?? TOKEN_SECONDS };
  }
}

/** Only the user can make another token. The cloud may accept the same one again a moment later. */
function refusedToken({ status }: DeviceError): DeviceError {
  return new DeviceError('AUTH_FAILED', 'The token is refused. Make a new one in the web app.', {
    reason: 'powercontrollerTokenRefused',
    sent: true,
    ...(status === undefined ? {} : { status }),
  });
}

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

function iso(time: number | undefined): string | undefined {
  return time === undefined ? undefined : new Date(time).toISOString();
}

/** @throws DeviceError INVALID_INPUT for what could not be a device's id, and could leave its place in a path */
export function deviceId(value: unknown): string {
  if (typeof value === 'string' && DEVICE_ID.test(value.trim())) return value.trim();
  const empty = value === undefined || value === null || value === '';
  throw empty
    ? invalidInput('No device: choose one, or give its id as msg.deviceId.', 'powercontrollerDeviceIdEmpty')
    : invalidInput('This is no device id.', 'powercontrollerDeviceIdInvalid');
}

function segment(id: string): string {
  return encodeURIComponent(deviceId(id));
}

function vendorMessage(body: unknown): string | undefined {
  if (!isRecord(body)) return undefined;
  const said = body.message ?? (isRecord(body.error) ? body.error.message : body.error);
  return typeof said === 'string' ? said : undefined;
}

/** A response with status 200 came, and it is not certain that the cloud sent it. */
function notUnderstood(): DeviceError {
  return new DeviceError(
    'OUTCOME_UNKNOWN',
    'The answer to the command cannot be understood: nobody knows whether it was carried out.',
    { reason: 'powercontrollerResponseNotUnderstood', sent: true },
  );
}

/** A gateway says 503 when the controller did not answer it; the command may be on its way all the same. */
function notResponding(error: DeviceError): DeviceError {
  return new DeviceError(
    'OUTCOME_UNKNOWN',
    'The controller does not respond (HTTP 503). Nobody knows whether the command reached it.',
    {
      reason: 'powercontrollerNotResponding',
      status: 503,
      sent: true,
      ...(error.retryAfter === undefined ? {} : { retryAfter: error.retryAfter }),
    },
  );
}

/** The document does not say how a wrong password is answered, so any words for it count. */
function refusedSignIn(message: string, status: number | undefined): DeviceError | undefined {
  if (!saysWrongCredentials(message)) return undefined;
  return new DeviceError(
    'AUTH_FAILED',
    `The sign-in is refused (HTTP ${status}). Check email and password.`,
    {
      reason: 'powercontrollerSignInRefused',
      definite: true,
      sent: true,
      params: { status: status ?? 0 },
      ...(status === undefined ? {} : { status }),
    },
  );
}
