import { type EnapterSimulator, IDS, startEnapter } from '../../simulators/enapter';
import { type PowercontrollerSimulator, startPowercontroller } from '../../simulators/powercontroller';
import { type PowerflexSimulator, startPowerflex } from '../../simulators/powerflex';
import { type PoweroptiSimulator, startPoweropti } from '../../simulators/poweropti';
import {
  type PowersentrixCloud,
  type PowersentrixSimulator,
  startPowersentrix,
  startPowersentrixCloud,
} from '../../simulators/powersentrix';
import { freePort } from '../../simulators/support/free-port';
import { dialogDefinitions } from './dialogs';
import { type FlowNode, type Runtime, type RuntimeOptions, startRuntime } from './runtime';

/** The devices and services that the flow with every node type talks to. */
export interface Devices {
  meter: PoweroptiSimulator;
  ups: PowersentrixSimulator;
  cloud: PowersentrixCloud;
  controller: PowercontrollerSimulator;
  powerflex: PowerflexSimulator;
  enapter: EnapterSimulator;
}

const TAB = 'every-tab';

/** The id of the node of a type. Not the type itself: Node-RED would take a node's own type for a use of itself. */
export function nodeOf(type: string): string {
  return `every-${type}`;
}

/** A node of every type, set up as somebody would have it. */
export function everyNode(
  { meter, ups, cloud, controller, powerflex, enapter }: Devices,
  nutPort: number,
): FlowNode[] {
  const definitions = dialogDefinitions();
  const config = (type: string, settings: object): FlowNode => {
    const defaults = Object.entries(definitions.get(type)?.defaults ?? {});
    const values = Object.fromEntries(defaults.map(([name, { value }]) => [name, value]));
    return { ...values, id: nodeOf(type), type, ...settings };
  };
  const inFlow = (type: string, settings: object, outputs: number, row: number): FlowNode => ({
    ...config(type, settings),
    z: TAB,
    x: 200,
    y: 60 + row * 60,
    wires: Array.from({ length: outputs }, () => []),
  });
  const flowNodes: [type: string, settings: object, outputs: number][] = [
    ['poweropti-meter', { device: nodeOf('poweropti-device') }, 2],
    ['energy-demand', { hours: [{ days: [1, 2], from: '07:00', to: '19:00', weight: 1 }] }, 2],
    ['energy-counter', { price: 'table', priceTable: [{ from: '22:00', to: '06:00', price: 0.2 }] }, 2],
    ['energy-surplus', { kind: 'modulate', output: 'current', runAtLeast: 2 }, 2],
    ['energy-price-plan', { schedule: true, fallback: [{ from: '02:00', to: '06:00', on: 1 }] }, 3],
    [
      'charging-report',
      {
        price: 'table',
        priceTable: [{ from: '22:00', to: '06:00', price: 0.2 }],
        names: [{ station: '101', name: 'Ann' }],
      },
      2,
    ],
    ['grid-event-log', {}, 2],
    ['ups-status', { device: nodeOf('ups-device') }, 2],
    ['ups-port', { device: nodeOf('ups-device'), port: '3', action: 'on' }, 1],
    [
      'ups-outage-plan',
      {
        device: nodeOf('ups-device'),
        steps: [{ action: 'off', port: 3, after: 60, wait: 'none' }],
      },
      3,
    ],
    ['ups-events', { device: nodeOf('ups-device'), events: ['status', 'log', 'registered'] }, 2],
    [
      'ups-nut-server',
      { device: nodeOf('ups-device'), host: '127.0.0.1', port: nutPort, user1: 'monuser', commandPorts: '3' },
      2,
    ],
    [
      'powercontroller-command',
      { account: nodeOf('powercontroller-account'), operation: 'on', deviceId: controller.deviceId },
      1,
    ],
    [
      'powercontroller-status',
      {
        account: nodeOf('powercontroller-account'),
        operation: 'watch',
        deviceId: controller.deviceId,
        interval: 60,
      },
      2,
    ],
    ['powerflex-dcm', { site: nodeOf('powerflex-site'), operation: 'get_target_peak_power', targets: {} }, 2],
    [
      'powerflex-measurements',
      { site: nodeOf('powerflex-site'), measurement: 'ct_response', output: 'array' },
      2,
    ],
    ['enapter-device', { account: nodeOf('enapter-account'), operation: 'get', deviceId: IDS.meter }, 1],
    ['enapter-telemetry', { connection: nodeOf('enapter-connection'), operation: 'telemetry' }, 1],
    ['enapter-command-in', { connection: nodeOf('enapter-connection'), command: 'start', timeout: 30 }, 1],
    ['enapter-command-response', { result: 'completed' }, 0],
    ['energy-metrics', { access: 'password' }, 1],
    ['cluster-gate', {}, 2],
    ['home-assistant-device', { broker: 'every-mqtt' }, 1],
  ];
  return [
    { id: TAB, type: 'tab', label: 'every node type' },
    // Nobody listens there: the node then says that it cannot reach its broker.
    { id: 'every-mqtt', type: 'mqtt-broker', name: 'Broker', broker: '127.0.0.1', port: '1' },
    config('poweropti-device', { name: 'House', host: meter.host, interval: 5, staleAfter: 60 }),
    config('powersentrix-account', { url: cloud.url, tls: '' }),
    config('ups-receiver', { path: '/powersentrix' }),
    config('ups-device', {
      name: 'Server room',
      source: 'lan',
      url: ups.url,
      interval: 60,
      currentUnit: 'mA',
    }),
    config('powercontroller-account', { url: controller.url, durationKey: 'time' }),
    config('powerflex-site', { name: 'Garage', url: powerflex.url, accId: String(powerflex.accId) }),
    config('enapter-account', { name: 'EMS', url: enapter.url }),
    config('enapter-connection', {
      name: 'Electrolyser',
      account: nodeOf('enapter-account'),
      host: '',
      propertiesTopic: 'register',
      mqttVersion: '3.1.1',
    }),
    ...flowNodes.map(([type, settings, outputs], row) => inFlow(type, settings, outputs, row)),
  ];
}

export function everyCredentials({ meter, ups, cloud, controller, powerflex, enapter }: Devices) {
  const byType: Record<string, Record<string, string>> = {
    'poweropti-device': { apiKey: meter.apiKey },
    'powersentrix-account': { email: cloud.email, password: cloud.password },
    'ups-receiver': { companyId: 'company', secret: '5f0c' },
    'ups-device': { apiKey: ups.apiKey },
    'ups-nut-server': { password1: 'a password of its own' },
    'powercontroller-account': { token: controller.token },
    'powerflex-site': { username: powerflex.username, password: powerflex.password },
    'enapter-account': { token: enapter.token },
    'energy-metrics': { password: 'a scraper knows it' },
    'enapter-connection': { config: JSON.stringify(enapter.generateConfig(IDS.meter, 'MQTT')) },
  };
  return Object.fromEntries(Object.entries(byType).map(([type, values]) => [nodeOf(type), values]));
}

/** Node-RED with a node of every type, and what they talk to. */
export interface EveryDialog extends Devices {
  runtime: Runtime;
  close(): Promise<void>;
}

/** A simulator of every system. */
export async function startDevices(): Promise<{ devices: Devices; close: () => Promise<void> }> {
  const devices: Devices = {
    meter: await startPoweropti({ apiKey: '1097bd725557' }),
    ups: await startPowersentrix(),
    cloud: await startPowersentrixCloud(),
    controller: await startPowercontroller({ historyDays: 2 }),
    powerflex: await startPowerflex(),
    enapter: await startEnapter(),
  };
  const close = async (): Promise<void> => {
    await Promise.all(Object.values(devices).map((device: { close(): Promise<void> }) => device.close()));
  };
  return { devices, close };
}

/** Starts a simulator of every system, and Node-RED with a node of every type that works with them. */
export async function startEveryDialog(options: RuntimeOptions = {}): Promise<EveryDialog> {
  const { devices, close: closeDevices } = await startDevices();
  try {
    const runtime = await startRuntime({
      flows: everyNode(devices, await freePort()),
      credentials: everyCredentials(devices),
      ...options,
    });
    const close = async (): Promise<void> => {
      await runtime.stop();
      await closeDevices();
    };
    return { ...devices, runtime, close };
  } catch (error) {
    await closeDevices();
    throw error;
  }
}
