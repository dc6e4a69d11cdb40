import type { ParsedUrlQuery } from 'node:querystring';

import type { SecretCheck } from '../core/secret';
import { isRecord } from '../core/units';
import { faultInJson } from '../core/untrusted-json';
import { type ComplexObject, isIdent, readComplex } from './complex';
import { type LogRecord, parseLogRecord } from './log';

/** What a UPS tells a monitoring server. */
export type Push =
  | { kind: 'registered'; cmm: string; description: string | null; ident: Record<string, unknown> }
  | { kind: 'data'; cmm: string; complex: ComplexObject; raw: unknown }
  | { kind: 'log'; cmm: string; record: LogRecord };

export type PushKind = Push['kind'];

/** A request that is refused: a status of 4xx and a word, no more. */
export interface Refusal {
  status: number;
  message: string;
}

/** Longest body accepted, in bytes; the longest that the firmware sends is some 4 KB. */
export const MAX_PUSH_BYTES = 64 * 1024;

const ENDPOINTS: ReadonlyMap<string, PushKind> = new Map([
  ['setNewUps', 'registered'],
  ['setUpsData', 'data'],
  ['setUpsLog', 'log'],
]);

/** The vendor writes the path in three ways, and nobody knows which one the firmware takes. */
const SPELLINGS = ['api/', 'api/v1/', 'api/v1/api/'];
const LONGEST_FIRST = [...SPELLINGS].reverse();

/**
 * Reads the receiver's path as typed.
 *
 * @returns with one leading and no trailing slash; `undefined` when it cannot be part of an address
 */
export function parseReceiverPath(text: string): string | undefined {
  const path = `/${text.trim().replace(/^\/+|\/+$/g, '')}`;
  return /^(?:\/[A-Za-z0-9._~-]+)+$/.test(path) && !path.includes('/..') ? path : undefined;
}

/** A secret that can stand in an address as it is. */
export function isPathSecret(text: string): boolean {
  return /^[A-Za-z0-9._~-]{1,128}$/.test(text) && !/^\.+$/.test(text);
}

/**
 * What a path asks for.
 *
 * @param path of the request, below the server's root
 * @param base the receiver's path, see `parseReceiverPath`
 * @param isSecret knows the segment that has to follow it; missing: none
 */
export function endpointOf(path: string, base: string, isSecret?: SecretCheck): PushKind | undefined {
  if (!path.startsWith(`${base}/`)) return undefined;
  let rest = path.slice(base.length + 1);
  if (isSecret) {
    const slash = rest.indexOf('/');
    if (!isSecret(rest.slice(0, Math.max(slash, 0)))) return undefined;
    rest = rest.slice(slash + 1);
  }
  const spelling = LONGEST_FIRST.find((one) => rest.startsWith(one));
  return spelling === undefined ? undefined : ENDPOINTS.get(rest.slice(spelling.length));
}

/** The only value of a query parameter; a repeated one is none. */
function only(query: ParsedUrlQuery, name: string): string | undefined {
  const value = query[name];
  return typeof value === 'string' ? value : undefined;
}

const CMM = /^[\x21-\x7e][\x20-\x7e]{0,63}$/;

/**
 * Who sends, before the body is read.
 *
 * @returns the UPS's identifier
 */
export function checkSender(query: ParsedUrlQuery, isCompany: SecretCheck): { cmm: string } | Refusal {
  const given = only(query, 'companyId');
  if (given === undefined || !isCompany(given)) return { status: 401, message: 'companyId not found' };
  const cmm = only(query, 'cmm');
  if (cmm === undefined || !CMM.test(cmm)) return { status: 400, message: 'cmm missing or wrong' };
  return { cmm };
}

/** Whether a body of this type may be JSON; a firmware that names no type is believed. */
export function isJsonType(contentType: string | undefined): boolean {
  return contentType === undefined || /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(contentType);
}

/** Parses a body. `undefined` when it is no JSON. */
export function parseBody(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

const wrong = (part: string): Refusal => ({ status: 400, message: `${part} missing or wrong` });

/**
 * Reads a push.
 *
 * @param body parsed JSON
 */
export function parsePush(kind: PushKind, cmm: string, query: ParsedUrlQuery, body: unknown): Push | Refusal {
  const fault = faultInJson(body, { depth: 12 });
  if (fault !== undefined)
    return { status: 400, message: fault === 'depth' ? 'nested too deep' : 'key refused' };
  if (!isRecord(body)) return wrong('body');
  switch (kind) {
    case 'registered':
      return isIdent(body)
        ? { kind, cmm, ident: body, description: only(query, 'upsDescription')?.slice(0, 128) ?? null }
        : wrong('sn, type');
    case 'data': {
      const read = readComplex(body);
      return 'complex' in read ? { kind, cmm, complex: read.complex, raw: body } : wrong(read.fault);
    }
    case 'log': {
      const record = parseLogRecord(body);
      // The address names the UPS; a body that names another one is not believed.
      return record ? { kind, cmm, record: { ...record, cmm } } : wrong('code, timestamp');
    }
  }
}

export function isRefusal(result: object): result is Refusal {
  return 'status' in result;
}
