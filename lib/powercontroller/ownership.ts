import { isRecord } from '../core/values';
import { identifier } from './words';

/**
 * Whose a record says that it is: a status of a controller, or what answers a command to it. The cloud is asked for one
 * controller and is not believed where it names another one: its status would be taken for the first one's, and would
 * confirm a command that never arrived.
 */

/** What a record names as its controller; `undefined`: it names none. */
function namedBy({ deviceId, device }: Record<string, unknown>): unknown {
  if (isNamed(deviceId)) return deviceId;
  // A mere text there may be a name.
  const named = isRecord(device) ? device.id : undefined;
  return isNamed(named) ? named : undefined;
}

function isNamed(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

/** Whether a record may be one of a controller: it says so, or does not say whose it is. */
export function isOf(record: Record<string, unknown>, device: string): boolean {
  const named = namedBy(record);
  return named === undefined || identifier(named) === device;
}

/** Whether what answers a command names no controller but the one that was sent it. */
export function answersFor(body: unknown, device: string): boolean {
  if (!isRecord(body)) return true;
  const parts = [body, body.device, body.status, body.command].filter(isRecord);
  const named = [
    isRecord(body.device) ? body.device.id : undefined,
    ...parts.map(({ deviceId }) => deviceId),
  ];
  return named.filter(isNamed).every((id) => identifier(id) === device);
}
