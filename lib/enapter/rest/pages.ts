import { isDeepStrictEqual } from 'node:util';

import { tooMuch } from '../../core/budget';
import type { Notices } from '../../core/notices';
import { isRecord, toNumber } from '../../core/values';
import { hasId } from './device';
import { notEnapter } from './errors';

export interface PagesOptions<T> {
  /** where the list is in a response */
  key: 'devices' | 'sites';
  /** entries asked for at a time */
  size: number;
  wanted: { offset: number; limit: number };
  parse: (entry: unknown) => T;
  fetch: (offset: number, limit: number) => Promise<unknown>;
  /** hears of entries that cannot be told from others */
  notices: Notices;
}

/** Entries of a list, those that are left out included. */
const MAX_ENTRIES = 10_000;
/** Pages of a list: a server that always has one more must not be asked for ever. */
const MAX_PAGES = 1000;

/**
 * A list, page by page. An entry without id costs that entry.
 *
 * @throws DeviceError BAD_RESPONSE for another shape, for more than a list can have, and for a page that came before
 *   although the server says that there are more
 */
export async function collectPages<T>(options: PagesOptions<T>): Promise<T[]> {
  const { key, wanted, parse, notices } = options;
  const found = new Map<string, T>();
  let { offset } = wanted;
  let last: readonly unknown[] = [];
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const body = await options.fetch(offset, Math.min(options.size, wanted.limit - found.size));
    const page = listIn(body, key);
    const before = found.size;
    let odd = 0;
    for (const [index, entry] of page.entries()) {
      if (hasId(entry)) found.set(entry.id, parse(entry));
      else {
        odd++;
        notices.once({ reason: 'enapterEntry', params: { list: key, position: offset + index + 1 } });
      }
    }
    offset += page.length;
    if (offset - wanted.offset > MAX_ENTRIES) throw tooMuch(MAX_ENTRIES, key);
    if (page.length === 0 || found.size >= wanted.limit) return [...found.values()].slice(0, wanted.limit);
    // Old gateways tell no total, and send the same page whatever they are asked for.
    const total = totalIn(body, offset);
    // A page with odd entries only cannot be recognised, unless all of its entries equal those of the page before.
    const isRepeated =
      found.size === before && (odd < page.length || (total === null && isDeepStrictEqual(page, last)));
    last = page;
    if (total === null ? isRepeated : offset >= total) return [...found.values()];
    if (isRepeated) throw notEnapter(`the same page of ${key} again`);
  }
  throw notEnapter(`a list of ${key} that does not end`);
}

/** How many there are. A total of fewer than came already is none: what came later would be left out. */
function totalIn(body: unknown, offset: number): number | null {
  const total = isRecord(body) ? toNumber(body.total_count) : null;
  return total !== null && total < offset ? null : total;
}

function listIn(body: unknown, key: string): readonly unknown[] {
  const page = isRecord(body) ? body[key] : undefined;
  // Written by a server that has none.
  if (page === null) return [];
  if (!Array.isArray(page)) throw notEnapter(`no list of ${key}`);
  if (page.length > MAX_ENTRIES) throw tooMuch(MAX_ENTRIES, key);
  return page;
}
