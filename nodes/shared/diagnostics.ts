import type { Node, NodeAPI } from 'node-red';

import type { Availability } from '../../lib/core/poll/availability';
import { trimmed } from '../../lib/core/given';
import type { PollStats } from '../../lib/core/poll/options';
import { createRedactor, type Redactor } from '../../lib/core/redact';
import type { DialogQuery } from './admin';
import { clusterOf } from './cluster';
import { VERSION } from './version';

/** What a config node contributes; nothing here may be a secret. */
export interface DiagnosticsPart {
  /** the settings, each named on purpose: what is not listed is not shown */
  settings: Record<string, unknown>;
  availability?: Availability | undefined;
  stats?: PollStats | undefined;
  /** types and sizes of the last reading, no values */
  lastReadingShape?: unknown;
  listeners?: number;
  /** what must not stand in any text beside the node's credentials, such as the tokens of a session; not shown itself */
  secrets?: Iterable<string | undefined>;
  [more: string]: unknown;
}

const SECRET_KEY = /password|private_key|secret|token/i;

/** Replaces secrets in every text of a JSON-like value, as a second line of defence. */
function redactDeep(value: unknown, redact: Redactor): unknown {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map((item) => redactDeep(item, redact));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [redact(key), redactDeep(inner, redact)]),
    );
  }
  return value;
}

/** A credential, and the secrets within one that is a JSON document, such as a pasted configuration. */
function secretsIn(value: unknown): unknown[] {
  // One from a variable may be a number, or JSON.
  const credential = typeof value === 'string' ? value : JSON.stringify(value);
  // As it was pasted, and as it is used.
  const found: unknown[] = [credential, trimmed(credential)];
  if (typeof credential !== 'string' || !credential.includes('{')) return found;
  try {
    JSON.parse(credential, (key, value: unknown) => {
      if (SECRET_KEY.test(key)) found.push(value);
      return value;
    });
  } catch {
    // No document.
  }
  return found;
}

/**
 * The diagnostics download of a node type: versions, settings, state, counts and last errors, to be attached to a
 * bug report. Credentials of the node are removed from every text.
 */
export function diagnosticsQuery(
  RED: NodeAPI,
  type: string,
  collect: (node: Node) => DiagnosticsPart | undefined,
): DialogQuery {
  return (id) => {
    const node = RED.nodes.getNode(id) as Node<Record<string, string>> | null | undefined;
    const part = node?.type === type ? collect(node) : undefined;
    if (!node || !part) return undefined;
    const { availability, secrets = [], ...rest } = part;
    // A flow node may have none.
    const credentials = node.credentials as Record<string, string> | undefined;
    const redact = createRedactor([...Object.values(credentials ?? {}).flatMap(secretsIn), ...secrets]);
    const cluster = clusterOf(RED);
    const report = {
      package: `node-red-contrib-energy-devices ${VERSION}`,
      nodeRed: (RED.settings as { version?: string }).version ?? null,
      node: process.version,
      platform: process.platform,
      time: new Date().toISOString(),
      type,
      availability: availability && {
        available: availability.available,
        since: new Date(availability.since).toISOString(),
        ...(availability.reason
          ? { code: availability.reason.code, message: availability.reason.message }
          : {}),
      },
      ...(cluster ? { cluster: cluster.report } : {}),
      ...rest,
    };
    return redactDeep(report, redact) as Record<string, unknown>;
  };
}
