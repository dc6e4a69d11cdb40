import type { SimReply, SimRequest } from '../support/server';

/** A page of a list; the vendor's server tells the total along. */
export function page(items: readonly unknown[], key: string, { query }: SimRequest): SimReply {
  const offset = Number(query.get('offset') ?? 0);
  const limit = Number(query.get('limit') ?? 50);
  return { json: { [key]: items.slice(offset, offset + limit), total_count: items.length } };
}
