import { HomeAssistantExport } from '../../lib/home-assistant/life-cycle';
import type { BrokerPresence } from '../../lib/home-assistant/documents';
import type { Permission } from '../../lib/home-assistant/entity';
import type { ExportNotice, ExportOptions } from '../../lib/home-assistant/port';
import { FakeClock } from './fake-clock';
import { RetainingBroker } from './retaining-broker';

/** An exporter with a clock and a broker that tests decide about. */

export const CONFIG = 'homeassistant/device/nred_powerfox_m1/config';
export const ROOT = 'energy-devices/powerfox_m1';
export const METER = { id: 'm1', vendor: 'powerfox', model: 'poweropti', name: 'Meter' };
export const UPS = { id: 'u1', vendor: 'powersentrix', model: 'UPS', name: 'Server room' };
export const CONTROLLER = { id: 'c1', vendor: 'automate-green', model: 'power-controller', name: 'Boiler' };

export function begin(
  more: Partial<ExportOptions> & { permissions?: ReadonlySet<Permission> } = {},
  from?: RetainingBroker,
  presence?: BrokerPresence,
) {
  const clock = new FakeClock();
  const broker = from ?? new RetainingBroker();
  const commands: Record<string, unknown>[] = [];
  const notices: ExportNotice[] = [];
  const claims = new Set<string>();
  const own = new HomeAssistantExport(
    {
      ...{ roots: { prefix: 'homeassistant', root: 'energy-devices' }, birth: 'homeassistant/status' },
      ...{ permissions: new Set<Permission>(), every: 10_000, watch: 900, largestPower: 100_000 },
      ...{ removes: true, instance: 'n1', version: '1.0.0', words: (word: string) => word },
      ...more,
    },
    {
      clock,
      isConnected: () => broker.connected,
      publish: (publication) => broker.publish(publication),
      presence: () => presence,
      claim: (device) => !claims.has(device),
      command: (message) => commands.push(message),
      notice: (notice) => notices.push(notice),
      changed: () => undefined,
    },
  );
  /** What a real broker tells to a new subscriber. */
  const connect = (): void => {
    own.connected();
    for (const { topic, kind } of own.subscriptions()) {
      const expression = new RegExp(`^${topic.replaceAll('+', '[^/]+')}$`);
      for (const [found, payload] of broker.retained) {
        if (expression.test(found)) own.received(kind, found, payload, true);
      }
    }
  };
  const power = (watts: number | null, extra: object = {}): void =>
    own.take({
      device: METER,
      payload: { timestamp: new Date(clock.now()).toISOString(), power: watts, energyImport: null, ...extra },
    });
  const topics = (): string[] =>
    broker.take().map(({ topic, payload }) => `${topic}${payload === '' ? ' -' : ''}`);
  return { clock, broker, commands, notices, claims, own, connect, power, topics };
}

export const state = (broker: RetainingBroker, root = ROOT) => broker.json(`${root}/state`);
