import { invalidInput } from '../core/errors';
import { lanPage } from '../core/http/lan';
import { readTimeIso } from '../core/time';
import { isRecord } from '../core/values';
import { CONTROLLER_DECISIONS, CONTROLLER_ENTITIES, controllerCommand, readController } from './controller';
import type { DecidedGroup } from './decision';
import { ENAPTER_ENTITIES, readEnapter } from './enapter';
import { ENERGY_DECISIONS, ENERGY_ENTITIES, energyCommand, readEnergy } from './energy';
import type { Catalogue, Entity, EntityPattern } from './entity';
import { deviceName } from './ids';
import { METER_DECISIONS, METER_ENTITIES, readMeter } from './meter';
import type { CommandMaker, DeviceIdentity, Observation, Permissions, Reader } from './observation';
import { readFeed, readSite, SITE_DECISIONS, SITE_ENTITIES, siteCommand } from './site';
import { readUps, UPS_DECISIONS, UPS_ENTITIES, upsCommand } from './ups';
import { textValue } from './values';

/** What is exported of each system, by `msg.device.vendor`. */

interface Export {
  manufacturer: string;
  entities: Catalogue;
  decisions: readonly DecidedGroup[];
  read: Reader;
  command?: CommandMaker;
}

const EXPORTS: Readonly<Record<string, Export>> = {
  powerfox: {
    manufacturer: 'powerfox',
    entities: METER_ENTITIES,
    decisions: METER_DECISIONS,
    read: readMeter,
  },
  powersentrix: {
    manufacturer: 'PowerSentrix',
    entities: UPS_ENTITIES,
    decisions: UPS_DECISIONS,
    read: readUps,
    command: upsCommand,
  },
  'automate-green': {
    manufacturer: 'Automate Green',
    entities: CONTROLLER_ENTITIES,
    decisions: CONTROLLER_DECISIONS,
    read: readController,
    command: controllerCommand,
  },
  powerflex: {
    manufacturer: 'PowerFlex',
    entities: SITE_ENTITIES,
    decisions: SITE_DECISIONS,
    read: (told, { now }) => readSite(told, now),
    command: siteCommand,
  },
  enapter: { manufacturer: 'Enapter', entities: ENAPTER_ENTITIES, decisions: [], read: readEnapter },
  'energy-devices': {
    manufacturer: 'node-red-contrib-energy-devices',
    entities: ENERGY_ENTITIES,
    decisions: ENERGY_DECISIONS,
    read: readEnergy,
    command: energyCommand,
  },
};

/** Whether the device can be reached, which tells itself even while everything else is unavailable. */
export const CONNECTION: EntityPattern = {
  key: 'connection',
  platform: 'binary_sensor',
  deviceClass: 'connectivity',
  category: 'diagnostic',
};

/** All decisions about measurements. */
export const DECISIONS: readonly DecidedGroup[] = Object.values(EXPORTS).flatMap(
  ({ decisions }) => decisions,
);

/** All entities that there can be, but for those that a device describes itself. */
export const PATTERNS: readonly EntityPattern[] = [
  CONNECTION,
  ...Object.values(EXPORTS).flatMap(({ entities }) => entities.patterns),
];

export function manufacturerOf(vendor: string): string {
  return EXPORTS[vendor]?.manufacturer ?? vendor;
}

export function commandMakerOf(vendor: string): CommandMaker | undefined {
  return EXPORTS[vendor]?.command;
}

/** Whether an entity is there with the commands that are permitted. */
export function isPermitted({ permission, unless }: Entity, permissions: Permissions): boolean {
  if (permission) return permissions.has(permission);
  return !unless || !permissions.has(unless);
}

/** The entity of a key; `undefined` where this vendor has none, or not with these permissions. */
export function findEntity(vendor: string, key: string, permissions: Permissions): Entity | undefined {
  const found = key === CONNECTION.key ? CONNECTION : EXPORTS[vendor]?.entities.find(key);
  return found && isPermitted(found, permissions) ? found : undefined;
}

/** Keys of entities that devices describe themselves, whose definition the document alone holds after a restart. */
const OWN_KEYS: Readonly<Record<string, RegExp>> = { enapter: /^[tb]_/, powerflex: /^signal_/ };

export function isOwnKey(vendor: string, key: string): boolean {
  return OWN_KEYS[vendor]?.test(key) ?? false;
}

/** A message as it comes to the node. */
export interface ExportMessage {
  device?: unknown;
  payload?: unknown;
}

const LONGEST_NAME = 100;

/**
 * What a message says about devices; empty for one that has nothing to export, such as a list of the past.
 *
 * @throws DeviceError INVALID_INPUT for one without a device, or whose payload no node of this package sends
 */
export function readMessage({ device: given, payload }: ExportMessage, now: number): Observation[] {
  const device = identityOf(given);
  const found = EXPORTS[device.vendor];
  if (isRecord(payload) && typeof payload.available === 'boolean') {
    return [availability(device, payload, payload.available)];
  }
  const read = found?.read({ device, payload }, { now });
  if (read) return read;
  if (Array.isArray(payload)) return [];
  throw invalidInput('The message holds nothing of this device that can be shown.', 'homeAssistantNothing');
}

function identityOf(given: unknown): DeviceIdentity {
  const device = isRecord(given) ? given : {};
  const vendor = typeof device.vendor === 'string' ? device.vendor : '';
  const id = typeof device.id === 'string' ? device.id : '';
  // Throws for what is none.
  deviceName({ vendor, id });
  const short = (value: unknown): string | undefined => {
    const text = textValue(value)?.slice(0, LONGEST_NAME).trim();
    return text === '' ? undefined : text;
  };
  const { via } = device;
  const serialNumber = short(device.serialNumber);
  const firmware = short(device.firmware);
  // Others set `msg.device` too, and what the broker keeps can be read by many.
  const url = lanPage(device.url);
  return {
    ...{
      vendor,
      id,
      name: short(device.name) ?? id.slice(0, LONGEST_NAME),
      model: short(device.model) ?? vendor,
    },
    ...(serialNumber === undefined ? {} : { serialNumber }),
    ...(firmware === undefined ? {} : { firmware }),
    ...(url === undefined ? {} : { url }),
    ...(typeof via === 'string' && via !== '' ? { via } : {}),
  };
}

function availability(
  device: DeviceIdentity,
  { since, reason }: Record<string, unknown>,
  available: boolean,
): Observation {
  // Only the feed of a site tells that, and the site takes commands all the same.
  if (device.vendor === 'powerflex') return readFeed(device, available);
  const { code, message } = isRecord(reason) ? reason : {};
  const told = {
    available,
    since: readTimeIso(since),
    code: textValue(code),
    message: textValue(message),
  };
  return { device, values: {}, time: null, availability: told };
}
