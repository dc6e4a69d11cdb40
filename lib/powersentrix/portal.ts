import { readTimeIso } from '../core/time';
import { isRecord } from '../core/values';
import { parseUptime } from './uptime';
import { flag, labelOf, textOf, upsNumber } from './values';

/** One entry of the account's list. */
export interface CloudUps {
  /** internal id, for every other call */
  id: string;
  name: string | null;
  model: string | null;
  serialNumber: string | null;
  cmm: string | null;
}

/** What the portal knows of a UPS (`getBasicInfo`). */
export interface MasterData extends Omit<CloudUps, 'id'> {
  description: string | null;
  location: string | null;
  company: string | null;
  /** whether the portal reaches it */
  online: boolean | null;
  /** the UPS's address, as the portal knows it */
  ip: string | null;
  comFirmware: string | null;
  mainFirmware: string | null;
  /** s */
  comUptime: number | null;
  /** s */
  mainUptime: number | null;
  /** °C */
  temperature: number | null;
  /** of the portal's data, ISO 8601 UTC */
  timestamp: string | null;
}

/** `getBasicInfo`, with the object as it came. */
export interface BasicInfo extends MasterData {
  raw: Record<string, unknown>;
}

/** The first of these fields that holds a text or a number; the list's objects are not documented. */
function textAmong(source: Record<string, unknown>, ...names: string[]): string | null {
  for (const name of names) {
    const value = source[name];
    const text = labelOf(isRecord(value) ? value.name : value);
    if (text !== null) return text;
  }
  return null;
}

/** @returns `undefined` for an entry that cannot be asked about, because it has no id */
export function parseListed(entry: unknown): CloudUps | undefined {
  const id = isRecord(entry) ? textAmong(entry, 'id', 'upsId') : null;
  return isRecord(entry) && id !== null ? { id, ...summary(entry) } : undefined;
}

function summary(source: Record<string, unknown>): Omit<CloudUps, 'id'> {
  return {
    name: textAmong(source, 'name', 'description', 'upsDescription'),
    model: textAmong(source, 'model', 'type', 'upsType'),
    serialNumber: textAmong(source, 'serialNumber', 'sn'),
    cmm: textAmong(source, 'cmm'),
  };
}

/** `online` and `offline`, or a flag; nothing else says. */
function onlineOf(value: unknown): boolean | null {
  if (typeof value === 'boolean') return value;
  const word = typeof value === 'string' && value.length <= 16 ? value.trim().toLowerCase() : '';
  return word === 'online' ? true : word === 'offline' ? false : flag(value);
}

/** @param source what `getBasicInfo` answers */
export function parseMasterData(source: Record<string, unknown>): MasterData {
  return {
    ...summary(source),
    description: textOf(source.description),
    location: textAmong(source, 'location'),
    company: textAmong(source, 'company'),
    online: onlineOf(source.onOffLine),
    ip: textOf(source.ip),
    comFirmware: labelOf(source.comFirmware),
    mainFirmware: labelOf(source.mainFirmware),
    comUptime: parseUptime(source.comUptime),
    mainUptime: parseUptime(source.mainUptime),
    temperature: upsNumber(source.temperature),
    timestamp: readTimeIso(source.timestamp),
  };
}
