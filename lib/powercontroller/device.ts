import { bounded } from '../core/budget';
import { DeviceError } from '../core/errors';
import type { NoticeHandler } from '../core/notices';
import { isRecord, toNumber } from '../core/values';
import { isOf } from './ownership';
import { type ControllerStatus, foreignStatus, normaliseStatus } from './status';
import { identifier, shortText } from './words';

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
  /** as `configure` takes it; `null`: the controller does not tell it */
  schedule: Record<string, unknown>[] | null;
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
export interface DeviceResponse {
  device: PowerController;
  raw: Record<string, unknown>;
}

const PROFILE = 'power-controller';
/** Entries of a schedule that are read: a controller takes 39. */
const MAX_SCHEDULE = 100;
/** Most devices that are taken from an account. */
const MAX_DEVICES = 10_000;

function flag(...values: unknown[]): boolean | null {
  return values.find((value): value is boolean => typeof value === 'boolean') ?? null;
}

/** Written as `enable` and `delay`, read back as `enabled` and `maxBackOff`. */
function configurationOf(
  info: Record<string, unknown>,
  device: Record<string, unknown>,
): ControllerConfiguration {
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
    schedule: scheduleOf(device.schedule) ?? scheduleOf(info.schedule),
  };
}

/** It is written beside `info`; where it is read back is not documented. */
function scheduleOf(value: unknown): Record<string, unknown>[] | null {
  if (!Array.isArray(value)) return null;
  return (value as unknown[]).slice(0, MAX_SCHEDULE).map((entry) => (isRecord(entry) ? { ...entry } : {}));
}

function unwrap(value: unknown): Record<string, unknown> | undefined {
  const inner = isRecord(value) && isRecord(value.device) ? value.device : value;
  return isRecord(inner) && identifier(inner.id) !== null ? inner : undefined;
}

function responseOf(raw: Record<string, unknown>, notice?: NoticeHandler): DeviceResponse {
  const id = identifier(raw.id) ?? '';
  const type = isRecord(raw.type) ? raw.type : {};
  const status = statusIn(raw, id, notice);
  const info = isRecord(status.info) ? status.info : {};
  const firmware = toNumber(info.firmware);
  return {
    device: {
      id,
      serialNumber: shortText(raw.sn),
      model: shortText(type.id),
      name: shortText(raw.name) ?? shortText(type.desc),
      country: shortText(raw.country),
      firmware: firmware === null ? null : String(firmware),
      status: { ...normaliseStatus(status), deviceId: id },
      configuration: configurationOf(isRecord(raw.info) ? raw.info : {}, raw),
    },
    raw,
  };
}

/** Its last known status; one that names another controller is none. */
function statusIn(
  { status }: Record<string, unknown>,
  id: string,
  notice?: NoticeHandler,
): Record<string, unknown> {
  if (!isRecord(status)) return {};
  if (isOf(status, id)) return status;
  notice?.(foreignStatus(id));
  return {};
}

/** A device in a response, wrapped as `{device: {...}}` or bare; `undefined` when it holds none. */
export function deviceIn(body: unknown): DeviceResponse | undefined {
  const raw = unwrap(body);
  return raw && responseOf(raw);
}

/**
 * @param notice hears of a status that was left out
 * @throws DeviceError BAD_RESPONSE when the response holds no device
 */
export function parseDevice(body: unknown, notice?: NoticeHandler): DeviceResponse {
  const found = unwrap(body);
  if (found) return responseOf(found, notice);
  throw new DeviceError('BAD_RESPONSE', 'The answer holds no device.', {
    reason: 'powercontrollerNoDeviceInResponse',
    sent: true,
  });
}

export function otherDevice(): DeviceError {
  return new DeviceError('BAD_RESPONSE', 'The answer is about another device than the one asked for.', {
    reason: 'powercontrollerOtherDevice',
    sent: true,
  });
}

/**
 * The power controllers in a response of `GET /devices`; the account's other devices are left out, those of an
 * untold type are not. `null` for an empty list is empty. An entry that is no device costs itself, not the list.
 *
 * @param notice hears of entries that were left out
 * @throws DeviceError BAD_RESPONSE when it holds no list, or more than 10,000 entries
 */
export function parseDevices(body: unknown, notice: NoticeHandler = () => undefined): DeviceResponse[] {
  const list: unknown = isRecord(body) ? body.devices : body;
  if (list === null) return [];
  if (!Array.isArray(list)) {
    throw new DeviceError('BAD_RESPONSE', 'The answer holds no list of devices.', {
      reason: 'powercontrollerNoDevices',
      sent: true,
    });
  }
  const responses: DeviceResponse[] = [];
  bounded(list as unknown[], MAX_DEVICES, 'devices').forEach((entry, index) => {
    const raw = unwrap(entry);
    if (!raw) notice({ reason: 'powercontrollerDevice', params: { position: index + 1 } });
    else if (isController(raw)) responses.push(responseOf(raw, notice));
  });
  return responses;
}

function isController({ type }: Record<string, unknown>): boolean {
  const profile = isRecord(type) ? shortText(type.profile) : null;
  return profile === null || profile === PROFILE;
}
