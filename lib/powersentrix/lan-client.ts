import { type Clock, systemClock } from '../core/clock';
import { DeviceError, invalidInput } from '../core/errors';
import { givenText } from '../core/given';
import { HttpClient } from '../core/http/client';
import { createRedactor } from '../core/redact';
import type { TlsOptions, Transport } from '../core/http/transport';
import { isRecord } from '../core/values';
import { parseBaseUrl } from '../core/http/url';
import {
  errorFromWords,
  expectComplex,
  notPermitted,
  parseStrictly,
  unwrap,
  wordsOf,
  wrongShape,
} from './response';
import { type ComplexObject, isIdent } from './complex';
import type { UpsLink } from './commands';

export interface LanSettings {
  /** the UPS's own address: host, IP, host:port or http(s) URL; a trailing `/api_actions` is accepted */
  url: unknown;
  /** the API key of one of the UPS's users; it travels in the query, as the vendor has it */
  apiKey: unknown;
  tls?: TlsOptions | undefined;
  /** ms for one request; default 8 s */
  timeout?: number;
  /** take answers that deviate from HTTP; default off */
  insecureHTTPParser?: boolean;
}

/** `/api_actions?fn=…` of the UPS's own HTTP server. */
const FN = { ident: 1, data: 2, toggle: 3, restart: 4, describe: 5 } as const;
type Fn = (typeof FN)[keyof typeof FN];

/** The UPS sends some 4 KB. */
const MAX_BYTES = 64 * 1024;

/** The own interface of one UPS. */
export class LanClient implements UpsLink {
  readonly baseUrl: string;
  private readonly http: HttpClient;
  private readonly apiKey: string;
  private readonly redact: (text: string) => string;
  /** the key has been accepted for reading, so a refused command is a matter of its permission */
  private keyWorks = false;

  /** @throws DeviceError INVALID_INPUT for an unusable address or key; nothing is sent */
  constructor(settings: LanSettings, transport: Transport, clock: Clock = systemClock) {
    const { url } = settings;
    const apiKey = givenText(settings.apiKey);
    if (apiKey === '') {
      throw invalidInput(
        'The API key is empty. Every user of the UPS has one in its web management.',
        'powersentrixKeyEmpty',
      );
    }
    this.apiKey = apiKey;
    this.redact = createRedactor([apiKey]);
    this.baseUrl = parseBaseUrl(url, 'http').replace(/\/api_actions$/, '');
    this.http = new HttpClient(
      transport,
      {
        baseUrl: this.baseUrl,
        timeout: settings.timeout ?? 8000,
        maxBytes: MAX_BYTES,
        insecureHTTPParser: settings.insecureHTTPParser ?? false,
        tls: settings.tls,
        secrets: () => [apiKey],
        vendorMessage: wordsOf,
        explain,
      },
      clock,
    );
  }

  /** Who the UPS is (fn=1), as it came. */
  async readIdent(signal?: AbortSignal): Promise<Record<string, unknown>> {
    const body = await this.ask(FN.ident, signal);
    if (!isIdent(body)) throw wrongShape('sn, type');
    return body;
  }

  /** The whole status (fn=2). */
  async readComplex(signal?: AbortSignal): Promise<ComplexObject> {
    return expectComplex(await this.ask(FN.data, signal));
  }

  /** Turns a port over (fn=3). Sent once. */
  async toggle(port: number, signal?: AbortSignal): Promise<void> {
    await this.command(FN.toggle, { param1: port }, signal);
  }

  /** Turns a port off for 5 s (fn=4); the response means that it has begun. Sent once. */
  async restart(port: number, signal?: AbortSignal): Promise<void> {
    const body = await this.command(FN.restart, { param1: port }, signal);
    // The one command whose response is documented, and whose effect passes by: what is no acknowledgement must not count
    // as one.
    if (!isRecord(body) || body.info !== 1) throw wrongShape('info');
  }

  /** Renames a port (fn=5). Sent once. */
  async describe(port: number, text: string, signal?: AbortSignal): Promise<void> {
    await this.command(FN.describe, { param1: port, param2: text }, signal);
  }

  private async ask(fn: Fn, signal?: AbortSignal): Promise<unknown> {
    const body = unwrap(await this.http.json(this.call(fn, {}, true, signal)), this.redact);
    this.keyWorks = true;
    return body;
  }

  private async command(
    fn: Fn,
    params: Readonly<Record<string, string | number>>,
    signal?: AbortSignal,
  ): Promise<unknown> {
    try {
      const response = await this.http.send(this.call(fn, params, false, signal));
      const body = unwrap(parseStrictly(response.body), this.redact);
      // Where the UPS says how it went, it has to say that it went well.
      if (isRecord(body) && 'info' in body && body.info !== 1) throw wrongShape('info');
      // An acknowledgement has no words; what has some is none, whatever stands beside them.
      const words = wordsOf(body);
      if (words !== undefined && words.toUpperCase() !== 'OK') throw errorFromWords(words, this.redact);
      return body;
    } catch (error) {
      const refused =
        error instanceof DeviceError &&
        (error.code === 'FORBIDDEN' || (error.code === 'AUTH_FAILED' && this.keyWorks));
      throw refused ? notPermitted(error.status) : error;
    }
  }

  private call(
    fn: Fn,
    params: Readonly<Record<string, string | number>>,
    safe: boolean,
    signal?: AbortSignal,
  ) {
    return {
      method: 'GET',
      path: 'api_actions',
      query: { apiKey: this.apiKey, fn, ...params },
      headers: { 'cache-control': 'no-cache' },
      safe,
      signal,
    } as const;
  }
}

/** Says what a status means with this device. */
function explain(error: DeviceError): DeviceError {
  if (error.code === 'AUTH_FAILED' && error.status === 401) {
    return new DeviceError('AUTH_FAILED', 'The UPS refuses the API key (HTTP 401).', {
      reason: 'powersentrixKeyRefused',
      status: 401,
      sent: true,
    });
  }
  if (error.code === 'NOT_FOUND') {
    return new DeviceError(
      'NOT_FOUND',
      'Something answers at this address, but it has no /api_actions. Check it.',
      {
        reason: 'powersentrixLanNotFound',
        status: 404,
        sent: true,
      },
    );
  }
  return error;
}
