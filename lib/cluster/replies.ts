import { cleanText } from '../core/redact';
import { isRecord } from '../core/values';
import { type CommandRecord, LONGEST_LETTER, type Member, MOST_MEMBERS } from './engine';
import { PARTITIONS } from './partitions';
import { LONGEST_LEASE } from './settings';
import type { Sighting } from './sightings';

/** What others have written into the engine is read like anything from outside: bounded, and what is odd is left out. */

/** Entries of a list that are looked at. */
const MOST = 4096;
const LONGEST_ID = 200;

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? (value as unknown[]).slice(0, MOST) : [];
}

export function strings(value: unknown): string[] {
  return list(value).filter((one) => typeof one === 'string');
}

/** Partitions. */
export function numbers(value: unknown): number[] {
  return strings(value)
    .map(Number)
    .filter((one) => Number.isInteger(one) && one >= 0 && one < PARTITIONS);
}

/** Names and values in turn. */
function pairs(value: unknown): [string, string][] {
  const flat = list(value);
  const found: [string, string][] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const [name, text] = [flat[i], flat[i + 1]];
    if (typeof name === 'string' && typeof text === 'string') found.push([name, text]);
  }
  return found;
}

export function parsed(text: unknown, longest = LONGEST_LETTER): Record<string, unknown> | undefined {
  if (typeof text !== 'string' || text.length > longest) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function text(value: unknown, longest = LONGEST_ID): string {
  return typeof value === 'string' ? value.slice(0, longest) : '';
}

export function membersOf(value: unknown): Member[] {
  const members: Member[] = [];
  for (const [holder, own] of pairs(value).slice(0, MOST_MEMBERS)) {
    const found = parsed(own);
    if (!found || holder.length > LONGEST_ID) continue;
    members.push({
      holder,
      name: cleanText(text(found.name), undefined, 60),
      digest: text(found.digest),
      ready: found.ready === true,
      ...(isLease(found.lease) ? { lease: found.lease } : {}),
    });
  }
  return members;
}

function isLease(value: unknown): value is number {
  return typeof value === 'number' && value > 0 && value <= LONGEST_LEASE * 1000;
}

/** The same as they are told apart from what has been seen before. */
export function sightingsOf(value: unknown): Sighting[] {
  const seen: Sighting[] = [];
  for (const [holder, own] of pairs(value)) {
    const found = parsed(own);
    if (typeof found?.call !== 'number') continue;
    const lease = isLease(found.lease) ? found.lease : 0;
    seen.push({ holder, call: found.call, lease });
  }
  return seen;
}

export function ownersOf(value: unknown): Map<number, string> {
  const owners = new Map<number, string>();
  for (const [partition, holder] of pairs(value)) {
    const [number] = numbers([partition]);
    if (number !== undefined && holder.length <= LONGEST_ID) owners.set(number, holder);
  }
  return owners;
}

export function recordOf(value: unknown): CommandRecord | undefined {
  const found = parsed(value);
  const state = (['begun', 'done', 'failed', 'unknown'] as const).find((one) => one === found?.state);
  if (!found || !state || typeof found.at !== 'number' || typeof found.key !== 'string') return undefined;
  const { key, print, at, by, goal, outcome } = found;
  return {
    ...{ key: key.slice(0, 300), at, state, print: text(print), by: text(by), goal: text(goal, 20) },
    single: found.single === true,
    outcome: text(outcome, LONGEST_LETTER),
  };
}

/** What `XREAD` gives of one stream. */
export function letters(value: unknown): { id: string; text: string }[] {
  const [stream] = list(value);
  const [, entries] = list(stream);
  return lettersIn(entries);
}

/** What `XRANGE` gives. */
export function lettersIn(entries: unknown): { id: string; text: string }[] {
  const found: { id: string; text: string }[] = [];
  for (const entry of list(entries)) {
    const [id, fields] = list(entry);
    const [, letter] = list(fields);
    if (typeof id === 'string' && /^\d{1,16}-\d{1,16}$/.test(id))
      found.push({ id, text: typeof letter === 'string' ? letter : '' });
  }
  return found;
}
