import { X509Certificate } from 'node:crypto';

import { DeviceError } from '../errors';
import type { TlsOptions } from './transport';

/** What came between us and a TLS connection. */
export interface TlsFault {
  /** key of its text below `errors.` in the catalogues */
  reason: TlsReason;
  /** as OpenSSL or Node.js names it */
  code: string;
  /** English text: what is wrong and what to do */
  text: string;
}

export type TlsReason = (typeof FAULTS)[number]['reason'];

interface Kind {
  reason: string;
  codes: RegExp;
  text: string;
}

/**
 * The kinds, the first that fits counts. What the other side says of us comes as an alert, which each version of OpenSSL
 * names in its own way: `ERR_SSL_SSLV3_ALERT_…`, `ERR_SSL_SSL/TLS_ALERT_…`.
 */
const FAULTS = [
  {
    reason: 'tlsOwnExpired',
    codes: /ALERT_CERTIFICATE_EXPIRED$/,
    text: 'The own certificate in the TLS settings or the configuration has expired. Renew it.',
  },
  {
    reason: 'tlsOwnRevoked',
    codes: /ALERT_CERTIFICATE_REVOKED$/,
    text: 'The own certificate in the TLS settings or the configuration was revoked. Get a new one.',
  },
  {
    reason: 'tlsOwnMissing',
    codes: /ALERT_CERTIFICATE_REQUIRED$/,
    text: 'The server wants a certificate of its client. Give one in the TLS settings.',
  },
  {
    reason: 'tlsOwnRefused',
    codes: /ALERT_(BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_UNKNOWN|UNKNOWN_CA|ACCESS_DENIED)$/,
    text: 'The server refuses the own certificate in the TLS settings or the configuration.',
  },
  {
    reason: 'tlsOwnNotYetValid',
    codes: /^OWN_CERT_NOT_YET_VALID$/,
    text: 'The own certificate in the TLS settings or the configuration is not valid yet. Is the clock of this machine right?',
  },
  {
    reason: 'tlsOwnUnusable',
    codes: /^ERR_OSSL_/,
    text: 'The own certificate, its key or the authority in the TLS settings or the configuration cannot be used.',
  },
  {
    reason: 'tlsExpired',
    codes: /^CERT_HAS_EXPIRED$/,
    text: 'The certificate of the server has expired, or the clock of this machine is wrong.',
  },
  {
    reason: 'tlsNotYetValid',
    codes: /^CERT_NOT_YET_VALID$/,
    text: 'The certificate of the server is not valid yet. Is the clock of this machine right?',
  },
  {
    reason: 'tlsRevoked',
    codes: /^CERT_REVOKED$/,
    text: 'The certificate of the server was revoked. Do not trust what answers there.',
  },
  {
    reason: 'tlsHostName',
    codes: /^(ERR_TLS_CERT_ALTNAME_\w+|HOSTNAME_MISMATCH)$/,
    text: 'The certificate of the server is for another host name. Check the address, or give the name in the TLS settings.',
  },
  {
    reason: 'tlsUnknownCa',
    codes:
      /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT|UNABLE_TO_GET_ISSUER_CERT_LOCALLY|UNABLE_TO_VERIFY_LEAF_SIGNATURE|CERT_UNTRUSTED|CERT_REJECTED|INVALID_CA)$/,
    text: 'The certificate of the server comes from an unknown authority. If it is yours, give the authority in the TLS settings.',
  },
  {
    reason: 'tlsNotSpoken',
    codes:
      /^ERR_SSL_(WRONG_VERSION_NUMBER|HTTP_REQUEST|PACKET_LENGTH_TOO_LONG|UNKNOWN_PROTOCOL|RECORD_LAYER_FAILURE)$/,
    text: 'What answers there does not speak TLS. Check the port, and whether it is http in place of https.',
  },
  {
    reason: 'tls',
    codes:
      /^(CERT_|CRL_|DEPTH_ZERO|UNABLE_TO_|SELF_SIGNED|ERR_TLS|ERR_SSL|EPROTO|ERROR_IN_C|INVALID_|PATH_LENGTH)/,
    text: 'The TLS connection was refused. Compare the TLS settings with what the server wants.',
  },
] as const satisfies readonly Kind[];

/** Those that only a person can end: no server takes such a certificate however often it is shown. */
const NEEDS_USER: ReadonlySet<string> = new Set<TlsReason>([
  'tlsOwnExpired',
  'tlsOwnRevoked',
  'tlsOwnMissing',
  'tlsOwnRefused',
  'tlsOwnUnusable',
]);

/** Whether an error's reason is a certificate of our own that has to be replaced. */
export function isOwnCertificate(reason: string): boolean {
  return NEEDS_USER.has(reason);
}

function textOf(error: unknown, name: 'code' | 'message'): string {
  const value: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined;
  return typeof value === 'string' ? value : '';
}

/** The code; that of OpenSSL, out of its own line of text, where Node.js gives none but EPROTO. */
function codeOf(error: unknown): string {
  const code = textOf(error, 'code').slice(0, 64);
  if (code !== 'EPROTO') return code;
  const [, said = ''] = textOf(error, 'message').slice(0, 1000).split('SSL routines:');
  const [, words = '', ...more] = said.split(':');
  return words === '' || words.length > 64 || more.length === 0
    ? code
    : `ERR_SSL_${words.toUpperCase().replaceAll(' ', '_')}`;
}

/**
 * What a foreign error says of TLS, for HTTP and MQTT alike. The error is read, never kept.
 *
 * @returns `undefined` when it is none of TLS
 */
export function tlsFault(error: unknown): TlsFault | undefined {
  const code = codeOf(error);
  const kinds: readonly (Kind & { reason: TlsReason })[] = FAULTS;
  const kind = kinds.find(({ codes }) => codes.test(code));
  return kind && { reason: kind.reason, code, text: kind.text };
}

/**
 * The error for a TLS fault.
 *
 * @param sent whether a request may have left
 */
export function tlsError({ reason, code, text }: TlsFault, sent: boolean): DeviceError {
  return new DeviceError('UNREACHABLE', `${text} (${code})`, { reason, sent, params: { code } });
}

type OwnCertificate = Pick<TlsOptions, 'cert'>;

const validity = new WeakMap<OwnCertificate, { from: number; to: number } | null>();

/** From when to when the own certificate is valid, in epoch ms; `null` when there is none or it cannot be read. */
function validityOf(tls: OwnCertificate): { from: number; to: number } | null {
  const known = validity.get(tls);
  if (known !== undefined) return known;
  let found: { from: number; to: number } | null = null;
  try {
    const first: unknown = Array.isArray(tls.cert) ? tls.cert[0] : tls.cert;
    if (typeof first === 'string' || Buffer.isBuffer(first)) {
      const { validFrom, validTo } = new X509Certificate(first);
      found = { from: Date.parse(validFrom), to: Date.parse(validTo) };
    }
  } catch {
    // What cannot be read is told when the connection is made.
  }
  validity.set(tls, found);
  return found;
}

/**
 * What is wrong with the time of our own certificate. An expired one is not even shown to a server: many close the
 * connection without a word, and the outage would look like one that passes. One that is not valid yet is shown all the
 * same, since it is more likely that our clock is wrong; if the connection breaks then, this is why.
 *
 * @param now epoch ms
 */
export function ownCertificateFault(tls: OwnCertificate, now: number): TlsFault | undefined {
  const valid = validityOf(tls);
  if (!valid) return undefined;
  if (now > valid.to) return faultOf('tlsOwnExpired', 'OWN_CERT_HAS_EXPIRED');
  if (now < valid.from) return faultOf('tlsOwnNotYetValid', 'OWN_CERT_NOT_YET_VALID');
  return undefined;
}

function faultOf(reason: TlsReason, code: string): TlsFault {
  const text = FAULTS.find((kind) => kind.reason === reason)?.text ?? '';
  return { reason, code, text };
}
