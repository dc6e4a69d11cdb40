import { randomUUID } from 'node:crypto';

import type { DeviceError } from '../core/errors';
import type { Copy } from './copies';
import type { CommandRecord } from './engine';
import { alreadyKnown, begunElsewhere, failedBefore } from './errors';
import type { Place } from './line';
import type { CommandPermit } from './permit';

/** One command's message at one node. */
export interface Work<R> extends Copy {
  node: string;
  /** what it is about where a node has several of these, such as a port; missing: the node has one */
  target?: string;
  partition: number;
  /** of the sender; `undefined`: none */
  commandId: string | undefined;
  /** Carries it out here. */
  run: (permit: CommandPermit) => Promise<R>;
  /** what came of it, as it is kept for who asks again */
  outcome?: (result: R) => string;
}

/** What became of a message that every instance gets. */
export type Shared<R> = { dropped: false; result: R } | { dropped: true };

/** Another owner has done it, in words that were kept or in none. */
export class KnownCommand extends Error {
  constructor(readonly record: CommandRecord | undefined) {
    super('known');
  }
}

/** An error of a known command, for who asks again. */
export function knownError({ record }: KnownCommand): DeviceError {
  if (record?.state === 'failed') return failedBefore();
  return record?.state === 'begun' || record?.state === 'unknown' ? begunElsewhere() : alreadyKnown();
}

/** What is commanded: commands to one of these are told from older ones, and begin in their order. */
export function deviceOf({ node, target = '' }: Pick<Work<never>, 'node' | 'target'>): string {
  return `${node} ${target}`;
}

export function placeOf(work: Pick<Work<never>, 'node' | 'target' | 'arrived'>): Place {
  return { device: deviceOf(work), arrived: work.arrived };
}

/** What the command is known by; a sender's id holds for one node. */
export function keyOf({ node, commandId }: Pick<Work<unknown>, 'node' | 'commandId'>): string {
  return commandId === undefined ? randomUUID() : `${node} ${commandId}`;
}
