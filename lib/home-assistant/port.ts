import type { Clock } from '../core/clock';
import type { CounterEvent } from '../energy/counter';
import type { BrokerPresence, Words } from './documents';
import type { HeardCommand } from './heard-commands';
import type { Roots } from './ids';
import type { CommandMessage, Permissions } from './observation';
import type { Publication } from './publisher';

/** What the exporter needs from outside, and what it tells there. */

/** What the exporter tells of itself, for a log or a status. */
export type ExportNotice =
  | { kind: 'counter'; event: CounterEvent }
  | { kind: 'removed'; name: string }
  | { kind: 'twoPublishers'; name: string }
  | { kind: 'commandUnknown'; name: string }
  | { kind: 'leftOut'; name: string; count: number };

export interface ExportOptions {
  roots: Roots;
  /** topic of Home Assistant's own birth */
  birth: string;
  permissions: Permissions;
  /** ms */
  every: number;
  /** s */
  watch: number;
  /** W */
  largestPower: number;
  /** deleting the node takes its devices out of Home Assistant */
  removes: boolean;
  /** of this node */
  instance: string;
  version: string;
  words: Words;
}

/** What the exporter works with. */
export interface ExportPort {
  clock: Clock;
  isConnected: () => boolean;
  publish: (publication: Publication) => void;
  presence: () => BrokerPresence | undefined;
  /** whether this node may speak for a device */
  claim: (device: string) => boolean;
  /** @param heard what it was made of */
  command: (message: CommandMessage, heard: HeardCommand) => void;
  notice: (notice: ExportNotice) => void;
  /** something that a status shows may have changed */
  changed: () => void;
}

export interface ExportSubscription {
  topic: string;
  kind: 'config' | 'connection' | 'energy' | 'birth' | 'presence' | 'command';
}
