import { randomBytes } from 'node:crypto';
import type { NodeAPI } from 'node-red';

import { invalidInput } from '../../lib/core/errors';
import { isRecord } from '../../lib/core/values';

/**
 * The way of an announced id from the network into a node's credentials. It is the API key until that is changed, so the
 * browser never sees it: it gets a ticket, which it stores in place of the id or of the key. The runtime keeps the id beside
 * the node's credentials, in the same file, and takes it where a node's credential is its ticket.
 */

type Stored = Readonly<Record<string, unknown>>;

/** An announced id, and where its device was. */
export interface AnnouncedId {
  id: string;
  /** as the dialog shows it */
  address: string;
}

const PREFIX = 'announced:';
/** the credential that no dialog knows of, and so nobody is told */
const KEPT = 'announced';
/** credentials that may be a ticket */
const TAKEN = ['apiKey', 'announcedId'] as const;
/** ids that are remembered for open dialogs */
const MAX_KNOWN = 256;
const NODE_ID = /^[A-Za-z0-9][\w.-]{0,63}$/;

/** Node-RED keeps credentials in a plain object, which must not lose what it already has. */
const isNodeId = (id: string): boolean => NODE_ID.test(id) && !(id in {});

const isTicket = (value: unknown): value is string => typeof value === 'string' && value.startsWith(PREFIX);

/** What was found for open dialogs, the newest of it. */
export class Tickets {
  private readonly known = new Map<string, AnnouncedId>();

  note(found: AnnouncedId): string {
    for (const [ticket, { id, address }] of this.known) {
      if (id === found.id && address === found.address) return ticket;
    }
    const ticket = PREFIX + randomBytes(16).toString('hex');
    this.known.set(ticket, found);
    for (const oldest of this.known.keys()) {
      if (this.known.size <= MAX_KNOWN) break;
      this.known.delete(oldest);
    }
    return ticket;
  }

  /**
   * Keeps the id that a ticket stands for beside the credentials of a node, which need not be deployed yet. It means nothing
   * before the ticket is stored as one of them.
   *
   * @throws DeviceError INVALID_INPUT `poweroptiAnnouncedLost`
   */
  async adopt(RED: NodeAPI, type: string, nodeId: string, ticket: unknown): Promise<void> {
    const found = typeof ticket === 'string' ? this.known.get(ticket) : undefined;
    if (!found || found.id === '' || !isNodeId(nodeId) || isOfAnother(RED, type, nodeId)) throw lost();
    const stored = storedOf(RED, nodeId);
    const kept = JSON.stringify({ ticket, ...found });
    // What an earlier ticket stood for would be gone with it.
    await RED.nodes.addCredentials(nodeId, { ...stored, ...settled(stored), [KEPT]: kept });
  }

  /** A dialog's key, to be compared with others; empty where it is a ticket that nothing is known of any more. */
  comparable(RED: NodeAPI, nodeId: string, key = ''): string {
    try {
      return this.keyOf(RED, nodeId, key, () => true) ?? '';
    } catch {
      return '';
    }
  }

  /**
   * What a dialog's key means, which may be a ticket.
   *
   * @param address as the dialog shows it: the id of a device goes to no other
   * @throws DeviceError INVALID_INPUT `secretElsewhere`, `poweroptiAnnouncedLost`
   */
  keyOf(RED: NodeAPI, nodeId: string, key: string | undefined, isAt: (address: string) => boolean) {
    if (!isTicket(key)) return key;
    const found = this.known.get(key) ?? keptIn(storedOf(RED, nodeId), key);
    if (!found || found.id === '') throw lost();
    if (!isAt(found.address)) {
      throw invalidInput(
        'The address is not that of the device that was found, so its ID is not sent there. Enter the key.',
        'secretElsewhere',
      );
    }
    return found.id;
  }
}

function lost(): Error {
  return invalidInput(
    'The device that was found is no longer known. Look for it again.',
    'poweroptiAnnouncedLost',
  );
}

function storedOf(RED: NodeAPI, nodeId: string): Stored {
  return isNodeId(nodeId) ? ((RED.nodes.getCredentials(nodeId) as Stored | null | undefined) ?? {}) : {};
}

function isOfAnother(RED: NodeAPI, type: string, nodeId: string): boolean {
  let other = false;
  try {
    RED.nodes.eachNode((node) => {
      if (node.id === nodeId && node.type !== type) other = true;
    });
  } catch {
    // Node-RED has no flows as long as it could not read them.
    return true;
  }
  return other;
}

/** The id that is kept for a ticket. */
function keptIn(stored: Stored, ticket: string): AnnouncedId | undefined {
  let kept: unknown;
  try {
    kept = JSON.parse(String(stored[KEPT]));
  } catch {
    return undefined;
  }
  if (!isRecord(kept) || kept.ticket !== ticket) return undefined;
  const { id, address } = kept;
  return typeof id === 'string' && typeof address === 'string' ? { id, address } : undefined;
}

/**
 * Credentials of which each ticket is replaced by the id that is kept for it; by nothing, where none is: a ticket is no key.
 *
 * @returns those that were tickets
 */
function settled(stored: Stored): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of TAKEN) {
    const value = stored[name];
    if (isTicket(value)) found[name] = keptIn(stored, value)?.id ?? '';
  }
  return found;
}

/**
 * Puts the ids into a node's credentials, for itself and as they are stored, before they are read.
 *
 * @returns whether one is lost
 */
export function settleTickets(RED: NodeAPI, node: { id: string; credentials?: unknown }): boolean {
  if (!isRecord(node.credentials)) return false;
  const found = settled(node.credentials);
  if (Object.keys(found).length === 0) return false;
  Object.assign(node.credentials, found);
  // In a subflow they are those of its definition.
  const storedId = (node as { _alias?: string })._alias ?? node.id;
  const stored = storedOf(RED, storedId);
  // Stored with the next deploy; until then the ticket does as well.
  if (Object.keys(stored).length > 0)
    void RED.nodes.addCredentials(storedId, { ...stored, ...settled(stored) });
  return Object.values(found).includes('');
}
