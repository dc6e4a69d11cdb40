import { isRecord } from '../core/values';
import { CONNECTION, manufacturerOf } from './exports';
import type { Entity, EntityName } from './entity';
import { type DeviceTopics, slugOf } from './ids';
import type { DeviceIdentity } from './observation';

/** Documents by which Home Assistant gets to know a device. Never a `null` in them: a whole device is lost by one. */

export type Json = Readonly<Record<string, unknown>>;
export type Component = Json;

export interface DeviceDocument extends Json {
  device: Json;
  origin: Json;
  components: Record<string, Component>;
}

const ORIGIN = 'node-red-contrib-energy-devices';

/** The connection's last words and first words, if the broker node has some that tell whether Node-RED is there. */
export interface BrokerPresence {
  topic: string;
  online: string;
  offline: string;
}

/** Words of the catalogues below `entity.`. */
export type Words = (word: string, params: Readonly<Record<string, string | number>>) => string;

export interface DocumentContext {
  /** `<vendor>_<safe id>` */
  device: string;
  topics: DeviceTopics;
  /** of this package */
  version: string;
  presence: BrokerPresence | undefined;
  /** s after which a value that nobody has sent again is unavailable; 0: never */
  watch: number;
  words: Words;
  /** the device's name in entity ids */
  slug: string;
  /** identifiers of the device that it belongs to, where that is announced too */
  via?: string | undefined;
}

/** ms within which Home Assistant's command is worth anything. */
const COMMAND_EXPIRES = 10;
/** Platforms that know when their value is too old. */
const EXPIRING: readonly string[] = ['sensor', 'binary_sensor'];
/** Platforms of which the state document holds a value. */
const WITH_STATE: readonly string[] = ['sensor', 'binary_sensor', 'switch', 'number'];

export function hasState({ platform, key }: Pick<Entity, 'platform' | 'key'>): boolean {
  return WITH_STATE.includes(platform) && key !== CONNECTION.key;
}

const identifier = (device: string): string => `nred_${device}`;

/** Makes the document of a device. @param components by key, see `componentOf` */
export function documentOf(
  identity: DeviceIdentity,
  components: Record<string, Component>,
  { device, topics, version, presence, via }: DocumentContext,
): DeviceDocument {
  const { name, model, serialNumber, firmware, url, vendor } = identity;
  return {
    device: {
      identifiers: [identifier(device)],
      name,
      manufacturer: manufacturerOf(vendor),
      model,
      ...(serialNumber === undefined ? {} : { serial_number: serialNumber }),
      ...(firmware === undefined ? {} : { sw_version: firmware }),
      ...(url === undefined ? {} : { configuration_url: url }),
      ...(via === undefined ? {} : { via_device: identifier(via) }),
    },
    origin: { name: ORIGIN, sw_version: version },
    availability: [{ topic: topics.availability }, ...presenceEntry(presence)],
    availability_mode: 'all',
    state_topic: topics.state,
    qos: 1,
    components,
  };
}

function presenceEntry(presence: BrokerPresence | undefined): Json[] {
  if (!presence) return [];
  const { topic, online, offline } = presence;
  return [{ topic, payload_available: online, payload_not_available: offline }];
}

/** A component of a device. @param name as its owner calls a part of it */
export function componentOf(
  entity: Entity,
  context: DocumentContext,
  { name, quiet = false }: { name?: string | undefined; quiet?: boolean } = {},
): Component {
  const { key, platform } = entity;
  const { device, topics, watch, presence, slug } = context;
  const own = key === CONNECTION.key;
  const words = nameOf(entity.name, name, context.words);
  const plain: Record<string, unknown> = {
    platform,
    unique_id: `nred_${device}_${key}`,
    default_entity_id: `${platform}.${slug}_${slugOf(key)}`,
    name: words,
    device_class: entity.deviceClass,
    state_class: entity.stateClass,
    unit_of_measurement: entity.unit,
    suggested_display_precision: platform === 'sensor' ? entity.decimals : undefined,
    entity_category: entity.category,
    enabled_by_default: entity.off || quiet ? false : undefined,
    icon: entity.icon,
    options: entity.options,
    event_types: entity.eventTypes,
    value_template: hasState(entity) ? `{{ value_json['${key}'] }}` : undefined,
    expire_after: hasState(entity) && watch > 0 && EXPIRING.includes(platform) ? watch : undefined,
    ...(entity.permission
      ? { command_topic: topics.set(key), message_expiry_interval: COMMAND_EXPIRES }
      : {}),
    ...(platform === 'number' ? { ...entity.range, mode: 'box' } : {}),
    ...(platform === 'event' ? { state_topic: topics.event } : {}),
    ...(own
      ? {
          state_topic: topics.connection,
          value_template: "{{ value_json['state'] }}",
          json_attributes_topic: topics.connection,
          json_attributes_template:
            "{{ {'code': value_json['code'], 'message': value_json['message'], 'since': value_json['since']} | tojson }}",
          availability: presenceEntry(presence),
        }
      : {}),
  };
  // `null` is a name's own value, the only one that Home Assistant takes.
  return Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined));
}

function nameOf(
  name: EntityName | undefined,
  given: string | undefined,
  words: Words,
): string | null | undefined {
  if (name === null || name === undefined) return given ?? name;
  if ('text' in name) return name.text;
  // What its owner calls a port stands in place of its number.
  return given === undefined
    ? words(name.word, name.params ?? {})
    : words(`${name.word}Named`, { name: given });
}

/** Whether a retained document is one of this package for this device, as far as the document itself tells. */
export function isOwnDocument(value: unknown, device: string): value is DeviceDocument {
  if (!isRecord(value) || !isRecord(value.origin) || !isRecord(value.device)) return false;
  const { identifiers } = value.device;
  const isOurs = value.origin.name === ORIGIN && isRecord(value.components);
  return (
    isOurs && Array.isArray(identifiers) && identifiers.length === 1 && identifiers[0] === identifier(device)
  );
}
