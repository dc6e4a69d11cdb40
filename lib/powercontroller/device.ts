import { DeviceError } from '../core/errors';
import { isRecord, toNumber } from '../core/units';
import { type ControllerStatus, normaliseStatus } from './status';

/** What a controller is set to, as far as it tells; numbers in the units of the `configure` command. */
export interface ControllerConfiguration {
  ffr: {
    enable: boolean | null;
    /** Hz */
    tripThreshold: number | null;
    /** Hz */
    returnThreshold: number | null;
    /** cycles of the grid */
    periods: number | null;
    delay: number | null;
  } | null;
  flowmeter: Record<string, unknown> | null;
  capacity: Record<string, unknown> | null;
  /** s */
  samplePeriod: number | null;
}

/** A controller as the account lists it. */
export interface PowerController {
  id: string;
  serialNumber: string | null;
  /** the vendor's type id, e.g. `power-controller-v10` */
  model: string | null;
  /** the vendor's words for the type */
  name: string | null;
  country: string | null;
  firmware: string | null;
  /** its last known status; up to a sample period old */
  status: ControllerStatus;
  configuration: ControllerConfiguration;
}

/** A controller with the vendor's own record. */
export interface DeviceAnswer {
  device: PowerController;
  raw: Record<string, unknown>;
}

const PROFILE = 'power-controller';

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function flag(...values: unknown[]): boolean | null {
  return values.find((value): value is boolean => typeof value === 'boolean') ?? null;
}

/** Written as `enable` and `delay`, read back as `enabled` and `maxBackOff`. */
function configurationOf(info: Record<string, unknown>): ControllerConfiguration {
  const { ffr, flowmeter, capacity } = info;
  const { enabled, ...levels } = isRecord(capacity) ? capacity : {};
  return {
    ffr: isRecord(ffr)
      ? {
          enable: flag(ffr.enable, ffr.enabled),
          tripThreshold: toNumber(ffr.tripThreshold),
          returnThreshold: toNumber(ffr.returnThreshold),
          periods: toNumber(ffr.periods),
          delay: toNumber(ffr.delay) ?? toNumber(ffr.maxBackOff),
        }
      : null,
    flowmeter: isRecord(flowmeter) ? { ...flowmeter } : null,
    capacity: isRecord(capacity) ? { ...levels, enable: flag(capacity.enable, enabled) } : null,
    samplePeriod: toNumber(info.samplePeriod),
  };
}

function unwrap(value: unknown): Record<string, unknown> | undefined {
  const inner = isRecord(value) && isRecord(value.device) ? value.device : value;
  return isRecord(inner) && text(inner.id) !== null ? inner : undefined;
}

function answerOf(raw: Record<string, unknown>): DeviceAnswer {
  const type = isRecord(raw.type) ? raw.type : {};
  const status = isRecord(raw.status) ? raw.status : {};
  const info = isRecord(status.info) ? status.info : {};
  const firmware = toNumber(info.firmware);
  const id = text(raw.id) ?? '';
  return {
    device: {
      id,
      serialNumber: text(raw.sn),
      model: text(type.id),
      name: text(raw.name) ?? text(type.desc),
      country: text(raw.country),
      firmware: firmware === null ? null : String(firmware),
      status: { ...normaliseStatus(status), deviceId: id },
      configuration: configurationOf(isRecord(raw.info) ? raw.info : {}),
    },
    raw,
  };
}

/** A device in an answer, wrapped as `{device: {...}}` or bare; `undefined` when it holds none. */
export function deviceIn(body: unknown): DeviceAnswer | undefined {
  const raw = unwrap(body);
  return raw && answerOf(raw);
}

/** @throws DeviceError BAD_RESPONSE when the answer holds no device */
export function parseDevice(body: unknown): DeviceAnswer {
  const found = deviceIn(body);
  if (found) return found;
  throw new DeviceError('BAD_RESPONSE', 'The answer holds no device.', {
    reason: 'noDeviceInAnswer',
    sent: true,
  });
}

/**
 * The power controllers in an answer of `GET /devices`; the account's other devices are left out, those of an
 * untold type are not.
 *
 * @throws DeviceError BAD_RESPONSE when it holds no list
 */
export function parseDevices(body: unknown): DeviceAnswer[] {
  const list: unknown = isRecord(body) ? body.devices : body;
  if (!Array.isArray(list)) {
    throw new DeviceError('BAD_RESPONSE', 'The answer holds no list of devices.', {
      reason: 'noDevices',
      sent: true,
    });
  }
  return list
    .map(unwrap)
    .filter((raw) => raw !== undefined)
    .filter(({ type }) => {
      const profile = isRecord(type) ? text(type.profile) : null;
      return profile === null || profile === PROFILE;
    })
    .map(answerOf);
}
