import type { RaisedAlerts } from './alerts';
import type { Entity, Permission, StateValue } from './entity';
import type { DeviceKey } from './ids';

/** What a message says about a device, before anything is published. */

export interface DeviceIdentity extends DeviceKey {
  name: string;
  model: string;
  serialNumber?: string;
  firmware?: string;
  /** of its own pages, in the network of its owner */
  url?: string;
  /** id of the device that it belongs to, of any vendor */
  via?: string;
}

/** An availability message. */
export interface TellsAvailable {
  available: boolean;
  /** ISO 8601 UTC */
  since: string | null;
  code: string | null;
  message: string | null;
}

/** One period's use that a sum grows by. */
export interface Addition {
  key: string;
  /** Wh */
  energy: number;
  /** epoch ms of the status that tells it */
  time: number;
}

export interface Observation {
  device: DeviceIdentity;
  /** by key; `null`: it did not arrive, and is unknown now. What the message does not speak of is not there. */
  values: Readonly<Record<string, StateValue>>;
  /** keys without a value that the device has as well: buttons and events */
  also?: readonly string[];
  /** entities that are not enabled at first, although their kind is */
  quiet?: readonly string[];
  /** names that the device's owner gave, by key */
  names?: Readonly<Record<string, string>>;
  /** entities that only this device has */
  extra?: readonly Entity[];
  /** epoch ms that the device tells; `null`: now */
  time: number | null;
  /** a command's answer: it is newer than any reading of before */
  answer?: true;
  /** rows of the past may come: only what is newer than the last and not older than an hour counts */
  history?: true;
  availability?: TellsAvailable;
  addition?: Addition;
  event?: Readonly<Record<string, unknown>>;
  /** all alerts that are raised now: one that has come or gone since the last look is an event */
  alerts?: RaisedAlerts;
  /** what commands need to know, by key */
  memory?: Readonly<Record<string, unknown>>;
  /** it holds until it is changed, however long nothing is said */
  lasting?: true;
  /** how many of its values are left out, because there are too many */
  leftOut?: number;
}

/** What the readers are told besides the message. */
export interface ReadContext {
  now: number;
}

/** A message's parts that are read. */
export interface Told {
  device: DeviceIdentity;
  payload: unknown;
}

/** Reads what one vendor's nodes send; `undefined` for what is not of this shape. */
export type Reader = (told: Told, context: ReadContext) => Observation[] | undefined;

/** What Home Assistant asks for, as one of this package's command nodes takes it. */
export type CommandMessage = Readonly<Record<string, unknown>>;

/** A command of Home Assistant that fits its entity. */
export interface EntityCommand {
  device: DeviceIdentity;
  entity: Entity;
  /** of a switch, a number, or a button */
  value: boolean | number | null;
  memory: Readonly<Record<string, unknown>>;
  now: number;
}

/** @returns `undefined` where something that the command needs is not known yet */
export type CommandMaker = (command: EntityCommand) => CommandMessage | undefined;

export type Permissions = ReadonlySet<Permission>;
