import type { SimReply, SimRequest } from '../support/server';

/** What a blueprint is stored as; its content is the user's. */
const CREATED = '2025-01-01T00:00:00Z';

/** Blueprints: taken as they come, and given back empty. @param parts of the path below `blueprints` */
export function blueprintRoute({ method }: SimRequest, [id = '', action = '']: readonly string[]): SimReply {
  if (method === 'POST' && id === 'validate') return { json: { validation_errors: [] } };
  if (method === 'POST' && id === 'upload') {
    return { json: { blueprint: { id: 'bluepri9-60n4-4t9d-e6v0-69i310cb110e', created_at: CREATED } } };
  }
  // An archive without files.
  const archive = {
    body: `PK\u0005\u0006${'\0'.repeat(18)}`,
    headers: { 'Content-Type': 'application/zip' },
  };
  if (action === 'zip' || action === 'download') return archive;
  return { json: { blueprint: { id, created_at: CREATED } } };
}
