import { type Clock, systemClock } from '../core/clock';
import { DeviceError } from '../core/errors';
import { afterSending } from '../core/command/outcome';
import { deviceId, type PowercontrollerClient } from './client';
import { commandRequest } from './input';
import { type DeviceResponse, deviceIn } from './device';
import { Newcomers } from './newcomers';

/** ms to wait for the status that the controller was asked for. */
const REFRESH_WITHIN = 30_000;

/**
 * Has a controller send a status now, and gives the device with it. The device's last known status is no response: it
 * may be from before. What is fresh is a status in the response with a new date, or a new `update` with reason `api`.
 *
 * @throws DeviceError what `client.send` throws; OUTCOME_UNKNOWN when no new status came in time, or the wait was stopped
 */
export async function refreshed(
  client: Pick<PowercontrollerClient, 'device' | 'send' | 'statuses'>,
  id: string,
  signal: AbortSignal,
  clock: Clock = systemClock,
): Promise<DeviceResponse> {
  const newcomers = await Newcomers.after(client, id, clock, signal);
  const { raw } = await client.send(commandRequest('refresh'), id, signal);
  const found = deviceIn(raw);
  const responded = found?.device.id === deviceId(id) ? found : undefined;
  if (responded && newcomers.isNewDate(responded.device.status.timestamp)) return responded;
  const sent = await afterSending(
    newcomers.wait(
      (fresh) => fresh.findLast(({ status }) => status.type === 'update' && status.reason === 'api'),
      REFRESH_WITHIN,
      signal,
    ),
  );
  if (sent) {
    const { device, raw: record } = responded ?? (await afterSending(client.device(id, signal)));
    return { device: { ...device, status: sent.status }, raw: record };
  }
  const seconds = REFRESH_WITHIN / 1000;
  throw new DeviceError('OUTCOME_UNKNOWN', `The controller sent no new status within ${seconds} s.`, {
    reason: 'powercontrollerNotRefreshed',
    params: { seconds },
    sent: true,
  });
}
