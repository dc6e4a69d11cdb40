import { type Clock, systemClock } from '../core/clock';
import { DeviceError, invalidInput } from '../core/errors';
import { givenText } from '../core/given';
import { headerValue } from '../core/http/call';
import { HttpClient } from '../core/http/client';
import { type NoticeHandler, Notices } from '../core/notices';
import type { Transport } from '../core/http/transport';
import { parseBaseUrl } from '../core/http/url';
import { FirstSeen } from './gate';
import { parseReading, type PoweroptiReading } from './reading';

export interface PoweroptiSettings {
  /** host name, IP, host:port or http(s) URL with a path; a trailing `/value` is accepted */
  host: unknown;
  /** 12 characters, or the literal text `null` */
  apiKey: unknown;
  /** more that must not stand in an error */
  secrets?: readonly string[];
  /** ms for one request; default 8 s */
  timeout?: number;
  /** hears once of each oddity in the device's answers */
  onNotice?: NoticeHandler;
  /** take answers that deviate from HTTP; default off */
  insecureHTTPParser?: boolean;
}

/** A reading with the vendor's own body. */
export interface PoweroptiResponse {
  reading: PoweroptiReading;
  raw: unknown;
  /** ms since this measurement was first seen, by our own clock */
  age: () => number;
}

/** A reading is some hundred bytes; a longer answer comes from something else. */
const MAX_BYTES = 64 * 1024;

/** The local interface of one poweropti (firmware v2.02.07 or later): a single read-only endpoint. */
export class PoweroptiClient {
  readonly baseUrl: string;
  private readonly http: HttpClient;
  private readonly headers: Readonly<Record<string, string>>;
  private readonly firstSeen: FirstSeen;
  private readonly notices: Notices;

  /** @throws DeviceError INVALID_INPUT for an unusable host or key; nothing is sent */
  constructor(settings: PoweroptiSettings, transport: Transport, clock: Clock = systemClock) {
    const apiKey = givenText(settings.apiKey);
    const { secrets = [] } = settings;
    if (apiKey === '') {
      throw invalidInput('The API key is empty. If the device has none, enter the word null.', 'apiKeyEmpty');
    }
    this.baseUrl = parseBaseUrl(settings.host, 'http').replace(/\/value$/, '');
    this.headers = { 'x-api-key': headerValue(apiKey, 'API key') };
    this.firstSeen = new FirstSeen(clock);
    this.notices = new Notices(settings.onNotice ?? (() => undefined));
    this.http = new HttpClient(
      transport,
      {
        baseUrl: this.baseUrl,
        timeout: settings.timeout ?? 8000,
        maxBytes: MAX_BYTES,
        insecureHTTPParser: settings.insecureHTTPParser ?? false,
        secrets: () => [apiKey, ...secrets],
        explain,
      },
      clock,
    );
  }

  /**
   * Reads the meter once.
   *
   * @throws DeviceError AUTH_FAILED, NOT_FOUND, UNREACHABLE, TIMEOUT, BAD_RESPONSE
   */
  async read(signal?: AbortSignal): Promise<PoweroptiResponse> {
    const { headers } = this;
    const raw = await this.http.json({ method: 'GET', path: 'value', headers, safe: true, signal });
    const reading = parseReading(raw, (notice) => this.notices.once(notice));
    return { reading, raw, age: this.firstSeen.note(reading.timestamp) };
  }
}

/** Says what a status means with this device; the documented causes of 401 cannot be told apart from here. */
function explain(error: DeviceError): DeviceError {
  if (error.code === 'AUTH_FAILED') {
    return new DeviceError(
      'AUTH_FAILED',
      'The poweropti refuses access (HTTP 401). Either the API key is wrong, or the local interface is not enabled ' +
        '(powerfox PRO service), or the firmware is older than v2.02.07.',
      {
        reason: 'poweroptiUnauthorized',
        status: 401,
        sent: true,
        ...(error.retryAfter === undefined ? {} : { retryAfter: error.retryAfter }),
      },
    );
  }
  if (error.code === 'NOT_FOUND') {
    return new DeviceError(
      'NOT_FOUND',
      'Something answers at this address, but it has no /value. Check the address.',
      {
        reason: 'poweroptiNotFound',
        status: 404,
        sent: true,
      },
    );
  }
  return error;
}
