import { isoFromEpochSeconds, isRecord } from '../../core/units';
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
  raisedAlertNames?: unknown;
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

/** A time as the vendor writes it (Unix seconds or RFC 3339) as ISO 8601 UTC, or `null`. */
export function parseTime(value: unknown): string | null {
  if (typeof value === 'number') return isoFromEpochSeconds(value);
  if (typeof value !== 'string') return null;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? null : new Date(ms).toISOString();
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
 * Reads one device of an answer.
 *
 * @throws DeviceError BAD_RESPONSE when it has no id
 */
export function parseDevice(value: unknown): EnapterDevice {
  if (!isRecord(value) || typeof value.id !== 'string') throw notEnapter('a device without id');
  const profiles = value.implemented_profiles;
  return {
    id: value.id,
    name: textOrNull(value.name),
    slug: textOrNull(value.slug),
    type: textOrNull(value.type),
    blueprintId: textOrNull(value.blueprint_id),
    siteId: textOrNull(value.site_id),
    authorizedRole: textOrNull(value.authorized_role),
    updatedAt: parseTime(value.updated_at),
    implementedProfiles: Array.isArray(profiles) ? profiles.filter((one) => typeof one === 'string') : null,
    ...(isRecord(value.communication) ? { communication: parseCommunication(value.communication) } : {}),
    ...('properties' in value ? { properties: value.properties } : {}),
    ...('connectivity' in value ? { connectivity: value.connectivity } : {}),
    ...('manifest' in value ? { manifest: value.manifest } : {}),
    ...('site' in value ? { site: value.site } : {}),
    ...('raised_alert_names' in value ? { raisedAlertNames: value.raised_alert_names } : {}),
  };
}

/** Reads `{ device }`. */
export function parseDeviceAnswer(body: unknown): EnapterDevice {
  if (!isRecord(body)) throw notEnapter('no object');
  return parseDevice(body.device);
}

/** Reads one site of an answer. */
export function parseSite(value: unknown): EnapterSite {
  if (!isRecord(value) || typeof value.id !== 'string') throw notEnapter('a site without id');
  return { id: value.id, name: textOrNull(value.name) };
}
