import { REDACTED } from '../core/redact';
import { isRecord } from '../core/values';
import type { ComplexObject } from './complex';
import type { StatusReader, UpsStatus } from './status';

/** One status of a UPS, when it was read, and the vendor's body. */
export interface UpsReading {
  /** ISO 8601 UTC; the UPS itself tells no time with its status */
  timestamp: string;
  status: UpsStatus;
  raw: ComplexObject;
}

/** Names of what lets others push, read or switch; a firmware may write them in another way than the document. */
const SECRET_NAME = /^(?:company_?id(?:entifier)?|server_?url|api_?key|pass(?:word|wd)?|secret|token)$/i;
/** Where the server's address stands; as a mere text it is one. */
const SERVER_NAME = /^remote_?server$/i;

/** A value without the secrets in it; the same value when there are none. */
function redacted(value: unknown, name: string): unknown {
  if (isShort(name) && value !== null && (SECRET_NAME.test(name) || isServerText(name, value)))
    return REDACTED;
  if (Array.isArray(value)) return value.map((one: unknown) => redacted(one, ''));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, redacted(one, key)]));
}

const isShort = (name: string): boolean => name !== '' && name.length <= 32;
const isServerText = (name: string, value: unknown): boolean =>
  typeof value === 'string' && SERVER_NAME.test(name);

/**
 * The vendor's body without what lets others push: the company identifier, and the server's address, which may hold the
 * receiver's secret. Messages go into debug panes and files.
 */
const withoutSecrets = (raw: ComplexObject): ComplexObject => ({
  ...raw,
  config: redacted(raw.config, '') as ComplexObject['config'],
});

/** @param at epoch ms */
export function readingOf(raw: ComplexObject, reader: StatusReader, at: number): UpsReading {
  return {
    timestamp: new Date(at).toISOString(),
    status: reader.read(raw),
    raw: withoutSecrets(raw),
  };
}
