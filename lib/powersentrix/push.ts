import type { ParsedUrlQuery } from 'node:querystring';

import { DEEPEST, parseForeignJson } from '../core/json/parse';
import { ownText } from '../core/own-text';
import { cleanText } from '../core/redact';
import type { SecretCheck } from '../core/secret';
import { isRecord } from '../core/values';
import { faultInJson } from '../core/json/untrusted';
import { type ComplexObject, isIdent, readComplex } from './complex';
import { type LogRecord, parseLogRecord } from './log';
import type { PushKind } from './push-address';
import { LONGEST_LABEL } from './status';

/** What a UPS tells a monitoring server. */
export type Push = {
  /** where several instances take pushes: the same on all of them */
  id?: string;
} & (
  | { kind: 'registered'; cmm: string; description: string | null; ident: Record<string, unknown> }
  | { kind: 'data'; cmm: string; complex: ComplexObject; odd: readonly string[]; raw: unknown }
  | { kind: 'log'; cmm: string; record: LogRecord }
);

/** A request that is refused: a status of 4xx and a word, no more. */
export interface Refusal {
  status: number;
  message: string;
}

/** Longest body accepted, in bytes; the longest that the firmware sends is some 4 KB. */
export const MAX_PUSH_BYTES = 64 * 1024;

/** The only value of a query parameter; a repeated one is none. */
function only(query: ParsedUrlQuery, name: string): string | undefined {
  const value = query[name];
  return typeof value === 'string' ? value : undefined;
}

/** Characters of a UPS's identifier. */
const LONGEST_CMM = 64;
/** Letters, digits, signs and blanks of any language, and the two joiners that some of them need; no other invisible ones. */
const CMM = /^(?:[^\p{C}\p{Zl}\p{Zp}]|[\u200c\u200d])+$/u;
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u;

/** An identifier in the one spelling that is compared: an accent may be a part of its letter or follow it. */
export function sameCmm(text: string): string {
  return text.trim().normalize('NFC');
}

/** @returns the identifier in its one spelling, `undefined` when it is none */
function readCmm(text: string | undefined): string | undefined {
  if (text === undefined || text.length > 4 * LONGEST_CMM) return undefined;
  const cmm = sameCmm(text);
  return Array.from(cmm).length <= LONGEST_CMM && CMM.test(cmm) && VISIBLE.test(cmm)
    ? ownText(cmm)
    : undefined;
}

/**
 * Who sends, before the body is read.
 *
 * @returns the UPS's identifier
 */
export function checkSender(query: ParsedUrlQuery, isCompany: SecretCheck): { cmm: string } | Refusal {
  const given = only(query, 'companyId');
  if (given === undefined || !isCompany(given.trim())) return { status: 401, message: 'companyId not found' };
  const cmm = readCmm(only(query, 'cmm'));
  return cmm === undefined ? { status: 400, message: 'cmm missing or wrong' } : { cmm };
}

/** Whether a body comes as it is. What type it is said to be does not matter: it is JSON or it is not. */
export function isPlainCoding(contentEncoding: string | undefined): boolean {
  if (contentEncoding === undefined) return true;
  return contentEncoding.split(',').every((coding) => ['', 'identity'].includes(coding.trim().toLowerCase()));
}

/** Parses a body, whose depth is for `parsePush` to look at. `undefined` when it is no JSON. */
export function parseBody(body: Buffer | string): unknown {
  try {
    return parseForeignJson(body, { bounded: body.length <= MAX_PUSH_BYTES });
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
  const fault = faultInJson(body, { depth: DEEPEST });
  if (fault !== undefined)
    return { status: 400, message: fault === 'depth' ? 'nested too deep' : 'key refused' };
  if (!isRecord(body)) return wrong('body');
  switch (kind) {
    case 'registered': {
      const description = ownText(cleanText(only(query, 'upsDescription') ?? '', undefined, LONGEST_LABEL));
      return isIdent(body) ? { kind, cmm, ident: body, description: description || null } : wrong('sn, type');
    }
    case 'data': {
      const read = readComplex(body);
      return 'complex' in read ? { kind, cmm, ...read, raw: body } : wrong(read.fault);
    }
    case 'log': {
      const record = parseLogRecord(body);
      // The address names the UPS; a body that names another one is not believed.
      if (!record) return wrong('code, timestamp');
      // `id` is the cloud's name for a number that rises for ever; what a UPS counts begins anew with each start.
      return { kind, cmm, record: { ...record, cmm, ord: record.ord ?? record.id, id: null } };
    }
  }
}

export function isRefusal(result: object): result is Refusal {
  return 'status' in result;
}
