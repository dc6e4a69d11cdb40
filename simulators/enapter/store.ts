import { randomUUID } from 'node:crypto';

import { ApiError } from './api-error';
import { Sites } from './sites';

/** A device as the API sends it. */
export interface DeviceRecord {
  id: string;
  blueprint_id: string;
  name: string;
  site_id: string;
  /** RFC 3339, as the vendor's SDK demands it; the document shows Unix seconds */
  updated_at: string;
  slug: string;
  type: string;
  authorized_role: string;
  implemented_profiles?: string[];
  properties: Record<string, unknown>;
  communication: { type: string; upstream_id?: string; hardware_id?: string; channel_id?: string };
}

/** The newest value of an attribute, with Unix seconds. */
export interface Datapoint {
  value: unknown;
  timestamp: number;
}

export type Protocol = 'MQTT' | 'MQTTS';

const ID = {
  site: 'sitebba0-79f2-4e9e-a6f0-69a310ab110b',
  blueprint: 'bluepri1-50n3-4t9d-e6v0-69i310cb110e',
  gateway: 'gateway0-45f2-4e9e-a6f0-69a310ab110b',
  lua: 'devicea0-45f2-4e9e-a6f0-69a310ab110b',
  meter: 'meter000-45f2-4e9e-a6f0-69a310ab110b',
  ups: 'ups00000-45f2-4e9e-a6f0-69a310ab110b',
};

/** Ids that the simulator begins with. */
export const IDS: Readonly<typeof ID> = ID;

function standalone(id: string, name: string, slug: string): DeviceRecord {
  const hardware = Buffer.from(id).toString('hex').toUpperCase().slice(0, 32);
  return {
    id,
    blueprint_id: ID.blueprint,
    name,
    site_id: ID.site,
    updated_at: '2025-01-01T00:00:00Z',
    slug,
    type: 'STANDALONE',
    authorized_role: 'OWNER',
    properties: {},
    communication: { type: 'MQTT_V1_PLAINTEXT', hardware_id: hardware, channel_id: 'ucm' },
  };
}

/** The devices of one site, with the rules of the vendor document. */
export class Store {
  readonly sites = new Sites(ID.site);
  readonly devices = new Map<string, DeviceRecord>();
  /** by device id, then attribute */
  readonly telemetry = new Map<string, Map<string, Datapoint>>();
  /** Passwords by hardware id: a new configuration makes the one before useless. */
  readonly passwords = new Map<string, string>();
  /** Alerts that are active, by device id. */
  readonly alerts = new Map<string, string[]>();

  constructor() {
    const meter = standalone(ID.meter, 'Grid meter', 'grid-meter');
    const ups = standalone(ID.ups, 'UPS', 'ups');
    const gateway: DeviceRecord = {
      ...standalone(ID.gateway, 'Gateway', 'gateway'),
      type: 'GATEWAY',
      communication: { type: 'MQTT_V1_LOCALHOST', hardware_id: 'GATEWAY0', channel_id: 'gw' },
    };
    const lua: DeviceRecord = {
      ...standalone(ID.lua, 'Hydrogen detector', 'gas-detector'),
      type: 'LUA',
      authorized_role: 'INSTALLER',
      implemented_profiles: ['sensor.gas'],
      communication: { type: 'UCM_LUA', upstream_id: ID.gateway },
    };
    for (const device of [gateway, lua, meter, ups]) this.devices.set(device.id, device);
  }

  get(id: string): DeviceRecord {
    const device = this.devices.get(id);
    if (!device) throw new ApiError(404, 'not_found', 'Device not found.');
    return device;
  }

  byHardware(hardwareId: string): DeviceRecord | undefined {
    return [...this.devices.values()].find((device) => device.communication.hardware_id === hardwareId);
  }

  update(id: string, body: Record<string, unknown>): DeviceRecord {
    const device = this.get(id);
    for (const key of ['name', 'slug'] as const) {
      const value = body[key];
      // The vendor's SDK sends null for what its caller did not give.
      if (value === undefined || value === null) continue;
      if (typeof value !== 'string' || value === '') {
        throw new ApiError(422, 'validation_failed', `${key} must be a text that is not empty.`);
      }
      const taken = [...this.devices.values()].some((one) => one.slug === value && one.id !== id);
      if (key === 'slug' && taken) throw new ApiError(409, 'slug_taken', `The slug ${value} is taken.`);
      device[key] = value;
    }
    return this.touch(device);
  }

  assignBlueprint(id: string, blueprint: unknown): DeviceRecord {
    const device = this.get(id);
    if (typeof blueprint !== 'string' || !blueprint.startsWith('bluepri')) {
      throw new ApiError(422, 'no_blueprint', 'There is no such blueprint.');
    }
    device.blueprint_id = blueprint;
    return this.touch(device);
  }

  delete(id: string): void {
    this.get(id);
    const running = [...this.devices.values()].filter((one) => one.communication.upstream_id === id);
    if (running.length > 0) {
      const names = running.map(({ name }) => name).join(', ');
      throw new ApiError(409, 'running_devices', `Delete the running devices first: ${names}.`);
    }
    this.devices.delete(id);
  }

  /** @param type of the device; it decides how it reaches the EMS */
  create(
    body: Record<string, unknown>,
    type: 'STANDALONE' | 'VIRTUAL_UCM' | 'LUA' = 'STANDALONE',
  ): DeviceRecord {
    const {
      name,
      slug,
      site_id: site,
      hardware_id: hardware,
      runtime_id: runtime,
      blueprint_id: blueprint,
    } = body;
    if (typeof name !== 'string' || name === '')
      throw new ApiError(422, 'validation_failed', 'name is missing.');
    const known = this.sites.get(typeof site === 'string' ? site : undefined);
    const id = randomUUID();
    const device = standalone(
      id,
      name,
      typeof slug === 'string' ? slug : name.toLowerCase().replace(/\W+/g, '-'),
    );
    device.type = type;
    device.site_id = known.id;
    device.communication.hardware_id =
      typeof hardware === 'string' ? hardware : randomUUID().replaceAll('-', '').toUpperCase();
    if (type === 'LUA') {
      device.communication = { type: 'UCM_LUA', upstream_id: this.get(String(runtime)).id };
      device.blueprint_id = String(blueprint);
    }
    this.devices.set(id, device);
    return this.touch(device);
  }

  /** A new password for a device; the one before no longer works. */
  renewPassword(id: string): { hardwareId: string; channelId: string; password: string } {
    const device = this.get(id);
    const { type, hardware_id: hardwareId, channel_id: channelId } = device.communication;
    if (type.startsWith('UCM_') || !hardwareId || !channelId) {
      throw new ApiError(
        422,
        'not_possible',
        'It is not possible to generate a configuration for this device.',
      );
    }
    const password = randomUUID();
    this.passwords.set(hardwareId, password);
    return { hardwareId, channelId, password };
  }

  /** Takes what a device published. */
  publish(hardwareId: string, kind: 'telemetry' | 'properties', values: Record<string, unknown>): void {
    const device = this.byHardware(hardwareId);
    if (!device) return;
    const { timestamp, ...rest } = values;
    const { alerts } = rest;
    if (kind === 'telemetry' && Array.isArray(alerts)) this.alerts.set(device.id, alerts.map(String));
    if (kind === 'properties') {
      Object.assign(device.properties, rest);
      return;
    }
    const points = this.telemetry.get(device.id) ?? new Map<string, Datapoint>();
    this.telemetry.set(device.id, points);
    for (const [key, value] of Object.entries(rest)) points.set(key, { value, timestamp: Number(timestamp) });
  }

  private touch(device: DeviceRecord): DeviceRecord {
    device.updated_at = new Date().toISOString();
    return device;
  }
}
