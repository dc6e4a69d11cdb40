import { readTimeIso } from '../../core/time';
import { isRecord } from '../../core/values';
import { notEnapter } from './errors';

/** How a device reaches the EMS; only when asked for with `expand`. */
export interface DeviceCommunication {
  /** e.g. `MQTT_V1_TLS`, `UCM_LUA`, `LINK`; open: unknown ones are passed through */
  type: string | null;
  upstreamId: string | null;
  hardwareId: string | null;
  channelId: string | null;
}

/** A device as the EMS describes it. Texts that did not arrive are `null`. */
export interface EnapterDevice {
  id: string;
  name: string | null;
  slug: string | null;
  /** e.g. `STANDALONE`, `GATEWAY`, `LUA`, `NATIVE`; open: unknown ones are passed through */
  type: string | null;
  blueprintId: string | null;
  siteId: string | null;
  authorizedRole: string | null;
  /** ISO 8601 UTC */
  updatedAt: string | null;
  implementedProfiles: string[] | null;
  communication?: DeviceCommunication;
  /** the expanded parts below are passed through as the vendor sends them */
  properties?: unknown;
  connectivity?: unknown;
  manifest?: unknown;
  site?: unknown;
  /** `null`: the EMS does not say */
  raisedAlertNames?: string[] | null;
}

export interface EnapterSite {
  id: string;
  name: string | null;
}

/** What `expand` may name. */
export const EXPANDABLE = [
  'manifest',
  'properties',
  'connectivity',
  'communication',
  'site',
  'raised_alert_names',
] as const;

export function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function textsOrNull(value: unknown): string[] | null {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : null;
}

/** Whether an entry of a list can be told from the others. */
export function hasId(value: unknown): value is Record<string, unknown> & { id: string } {
  return isRecord(value) && typeof value.id === 'string' && value.id !== '';
}

function parseCommunication(value: Record<string, unknown>): DeviceCommunication {
  return {
    type: textOrNull(value.type),
    upstreamId: textOrNull(value.upstream_id),
    hardwareId: textOrNull(value.hardware_id),
    channelId: textOrNull(value.channel_id),
  };
}

/**
 * Reads one device of a response.
 *
 * @throws DeviceError BAD_RESPONSE when it has no id
 */
export function parseDevice(value: unknown): EnapterDevice {
  if (!hasId(value)) throw notEnapter('a device without id');
  return {
    id: value.id,
    name: textOrNull(value.name),
    slug: textOrNull(value.slug),
    type: textOrNull(value.type),
    blueprintId: textOrNull(value.blueprint_id),
    siteId: textOrNull(value.site_id),
    authorizedRole: textOrNull(value.authorized_role),
    updatedAt: readTimeIso(value.updated_at),
    implementedProfiles: textsOrNull(value.implemented_profiles),
    ...(isRecord(value.communication) ? { communication: parseCommunication(value.communication) } : {}),
    ...('properties' in value ? { properties: value.properties } : {}),
    ...('connectivity' in value ? { connectivity: value.connectivity } : {}),
    ...('manifest' in value ? { manifest: value.manifest } : {}),
    ...('site' in value ? { site: value.site } : {}),
    ...('raised_alert_names' in value ? { raisedAlertNames: textsOrNull(value.raised_alert_names) } : {}),
  };
}

/** Reads `{ device }`. */
export function parseDeviceResponse(body: unknown): EnapterDevice {
  if (!isRecord(body)) throw notEnapter('no object');
  return parseDevice(body.device);
}

/** Reads one site of a response. */
export function parseSite(value: unknown): EnapterSite {
  if (!hasId(value)) throw notEnapter('a site without id');
  return { id: value.id, name: textOrNull(value.name) };
}
