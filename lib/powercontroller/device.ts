import { bounded } from '../core/budget';
import { DeviceError } from '../core/errors';
import type { NoticeHandler } from '../core/notices';
import { isRecord, toNumber } from '../core/units';
import { type ControllerStatus, normaliseStatus } from './status';
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
/** Most devices that are taken from an account. */
const MOST_DEVICES = 10_000;

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
  return isRecord(inner) && identifier(inner.id) !== null ? inner : undefined;
}

function answerOf(raw: Record<string, unknown>): DeviceAnswer {
  const type = isRecord(raw.type) ? raw.type : {};
  const status = isRecord(raw.status) ? raw.status : {};
  const info = isRecord(status.info) ? status.info : {};
  const firmware = toNumber(info.firmware);
  const id = identifier(raw.id) ?? '';
  return {
    device: {
      id,
      serialNumber: shortText(raw.sn),
      model: shortText(type.id),
      name: shortText(raw.name) ?? shortText(type.desc),
      country: shortText(raw.country),
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
 * untold type are not. `null` for an empty list is empty. An entry that is no device costs itself, not the list.
 *
 * @param notice hears of entries that were left out
 * @throws DeviceError BAD_RESPONSE when it holds no list, or more than 10,000 entries
 */
export function parseDevices(body: unknown, notice: NoticeHandler = () => undefined): DeviceAnswer[] {
  const list: unknown = isRecord(body) ? body.devices : body;
  if (list === null) return [];
  if (!Array.isArray(list)) {
    throw new DeviceError('BAD_RESPONSE', 'The answer holds no list of devices.', {
      reason: 'noDevices',
      sent: true,
    });
  }
  const answers: DeviceAnswer[] = [];
  bounded(list as unknown[], MOST_DEVICES, 'devices').forEach((entry, index) => {
    const raw = unwrap(entry);
    if (!raw) notice({ reason: 'powercontrollerDevice', params: { position: index + 1 } });
    else if (isController(raw)) answers.push(answerOf(raw));
  });
  return answers;
}

function isController({ type }: Record<string, unknown>): boolean {
  const profile = isRecord(type) ? shortText(type.profile) : null;
  return profile === null || profile === PROFILE;
}
