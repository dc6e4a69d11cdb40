import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import helper from 'node-red-node-test-helper';

import { IDS, startEnapter } from '../../simulators/enapter';
import { startPowercontroller } from '../../simulators/powercontroller';
import { startPowerflex } from '../../simulators/powerflex';
import { startPoweropti } from '../../simulators/poweropti';
import { startPowersentrix } from '../../simulators/powersentrix';
import type { Faults } from '../../simulators/support/faults';
import type { SimServer } from '../../simulators/support/server';
import type { Message, TestFlow } from './flow';

type Json = Record<string, unknown>;

/** What stands at the other end of a node: a simulated device, and the flow's part that reaches it. */
export interface InputBench {
  /** config nodes and others that the node under test needs */
  nodes: Json[];
  credentials: Record<string, Record<string, string>>;
  /** missing: no HTTP is spoken */
  http?: SimServer;
  faults?: Faults;
  close: () => Promise<void>;
  /** a message that the node takes */
  ok: (flow: TestFlow) => Message | Promise<Message>;
}

/** A node type that takes messages, in one of its operations. */
export interface InputCase {
  name: string;
  /** node types of the flow; the first one is under test, as node `n` */
  types: string[];
  settings: Json;
  start: () => Promise<InputBench>;
  /** a message that is refused before anything is sent; missing: every message is a question */
  refused?: Message;
  /** reads by itself as well, so that its first reading is waited for */
  polls?: boolean;
  /** sends nothing on for a message that it has taken */
  silent?: boolean;
  /** speaks no HTTP, so that no answer of a server can fail */
  withoutHttp?: boolean;
}

const ok = (msg: Message) => () => msg;
const HOUR = 3_600_000;

async function powercontroller(msg?: (deviceId: string) => Message): Promise<InputBench> {
  const sim = await startPowercontroller({ historyDays: 1 });
  return {
    nodes: [{ id: 'd', type: 'powercontroller-account', url: sim.url, durationKey: 'time' }],
    credentials: { d: { token: sim.token } },
    http: sim.http,
    faults: sim.faults,
    close: () => sim.close(),
    ok: ok(msg?.(sim.deviceId) ?? { payload: 1, deviceId: sim.deviceId }),
  };
}

async function powerflex(msg: Message): Promise<InputBench> {
  const sim = await startPowerflex();
  const { url, accId, username, password } = sim;
  return {
    nodes: [{ id: 'd', type: 'powerflex-site', name: 'Garage', url, accId: String(accId) }],
    credentials: { d: { username, password } },
    http: sim.http,
    faults: sim.faults,
    close: () => sim.close(),
    ok: ok(msg),
  };
}

async function enapterAccount(msg: Message): Promise<InputBench> {
  const sim = await startEnapter();
  return {
    nodes: [{ id: 'd', type: 'enapter-account', url: sim.url }],
    credentials: { d: { token: sim.token } },
    http: sim.http,
    faults: sim.faults,
    close: () => sim.close(),
    ok: ok(msg),
  };
}

/** A device of our own over MQTT; `command`: the message is that of a command that has come. */
async function enapterConnection(msg: Message, command = false): Promise<InputBench> {
  const sim = await startEnapter();
  const place = { z: 'tab', x: 1, y: 1 };
  const listening = { id: 'in', type: 'enapter-command-in', ...place, connection: 'd', timeout: 30 };
  return {
    nodes: [
      { id: 'd', type: 'enapter-connection', name: 'Meter', host: '', propertiesTopic: 'register' },
      ...(command ? [{ ...listening, command: '', wires: [['asked']] }] : []),
      { id: 'asked', type: 'helper', ...place, wires: [] },
    ],
    credentials: { d: { config: JSON.stringify({ config: sim.generateConfig(IDS.meter, 'MQTT') }) } },
    close: () => sim.close(),
    ok: async (flow) => {
      if (!command) return msg;
      await flow.statusOf('in').waitFor(({ fill }) => fill === 'green', 'connection');
      const from = flow.at('asked').items.length;
      void sim.execute(IDS.meter, 'start').catch(() => undefined);
      return flow.at('asked').waitFor(() => true, 'command', { from });
    },
  };
}

async function powersentrix(msg: Message): Promise<InputBench> {
  const sim = await startPowersentrix();
  return {
    nodes: [
      {
        ...{ id: 'd', type: 'ups-device', name: 'Rack', source: 'lan', url: sim.url, interval: 3600 },
        ...{ currentUnit: 'mA', mainsThreshold: '', timezone: '' },
      },
    ],
    credentials: { d: { apiKey: sim.apiKey } },
    http: sim.http,
    faults: sim.faults,
    close: () => sim.close(),
    ok: ok(msg),
  };
}

async function poweropti(): Promise<InputBench> {
  const sim = await startPoweropti();
  return {
    nodes: [{ id: 'd', type: 'poweropti-device', host: sim.host, interval: 3600, staleAfter: 0 }],
    credentials: { d: { apiKey: sim.apiKey } },
    http: sim.http,
    faults: sim.faults,
    close: () => sim.close(),
    ok: ok({ payload: 1 }),
  };
}

/** The energy nodes talk to no device, and keep their state in a folder. */
async function energy(): Promise<InputBench> {
  const folder = await mkdtemp(join(tmpdir(), 'input-cases-'));
  helper.settings({ userDir: folder });
  let time = Date.now() - HOUR;
  return {
    nodes: [],
    credentials: {},
    close: async () => {
      helper.settings({});
      await rm(folder, { recursive: true, force: true });
    },
    // A reading is taken once, so each message has one of its own.
    ok: () => {
      time += 60_000;
      return { payload: { timestamp: new Date(time).toISOString(), power: 1000, energyImport: 5000 } };
    },
  };
}

const controllerOf = (type: string): string[] => [`powercontroller-${type}`, 'powercontroller-account'];
const flexOf = (type: string): string[] => [`powerflex-${type}`, 'powerflex-site'];
const upsOf = (type: string): string[] => [`ups-${type}`, 'ups-device'];
const account = ['enapter-device', 'enapter-account'];
const METER = { deviceId: IDS.meter };
const PORT = { port: '2', action: 'msg' };
const lastHour = (): Message => ({ payload: { start: Date.now() - HOUR, end: Date.now() } });

/** Every node type that takes messages, and of those with several operations each way that differs. */
export const INPUT_CASES: InputCase[] = [
  {
    name: 'powercontroller-command',
    types: controllerOf('command'),
    settings: { account: 'd', operation: 'msg' },
    start: () => powercontroller((deviceId) => ({ payload: 'on', deviceId })),
    refused: { payload: 'explode', deviceId: 'a' },
  },
  ...['get', 'refresh'].map((operation) => ({
    name: `powercontroller-status ${operation}`,
    types: controllerOf('status'),
    settings: { account: 'd', operation },
    start: () => powercontroller(),
    refused: { payload: 1, deviceId: '../all' },
  })),
  {
    name: 'powercontroller-status list',
    types: controllerOf('status'),
    settings: { account: 'd', operation: 'list' },
    start: () => powercontroller(),
  },
  ...['array', 'windows'].map((output) => ({
    name: `powercontroller-status history, ${output}`,
    types: controllerOf('status'),
    settings: { account: 'd', operation: 'history', output, inFlight: 1 },
    start: () => powercontroller((deviceId) => ({ ...lastHour(), deviceId })),
    refused: { payload: { start: 'yesterday' }, deviceId: 'a' },
  })),
  ...[
    ['set_real_time_load', { payload: 80 }, { payload: 'much' }],
    ['get_target_peak_power', { payload: 1 }, undefined],
    ['set_target_peak_power', { payload: { targets: { Jun: 700 } } }, { payload: { targets: { June: 1 } } }],
    ['get_external_signal', { payload: {} }, { payload: { name: '' } }],
    ['set_external_signal', { payload: { name: 'a', maxLoad: 5 } }, { payload: { name: 'a', maxload: 5 } }],
  ].map(([operation, taken, refused]): InputCase => ({
    name: `powerflex-dcm ${operation as string}`,
    types: flexOf('dcm'),
    settings: { site: 'd', operation, minInterval: 0 },
    start: () => powerflex(taken as Message),
    ...(refused ? { refused: refused as Message } : {}),
  })),
  ...['array', 'messages'].map((output) => ({
    name: `powerflex-measurements, ${output}`,
    types: flexOf('measurements'),
    settings: { site: 'd', measurement: 'ct_response', output, rowsPerMessage: 1 },
    start: () => powerflex(lastHour()),
    refused: { payload: { measurement: 'weather' } },
  })),
  ...[
    ['get', {}, { payload: 1 }, { payload: { expand: 'everything' } }],
    ['update', {}, { payload: { name: 'New' } }, { payload: { name: '' } }],
    [
      'execute',
      { wait: false },
      { payload: { name: 'reboot' } },
      { payload: { name: 'reboot', arguments: 1 } },
    ],
    ['telemetry', { attributes: 'power' }, { payload: 1 }, { payload: { relevance: -1 } }],
    ['list', {}, { payload: 1 }, { payload: { limit: 0 } }],
  ].map(([operation, settings, taken, refused]): InputCase => ({
    name: `enapter-device ${operation as string}`,
    types: account,
    settings: { account: 'd', operation, ...METER, ...(settings as Json) },
    start: () => enapterAccount(taken as Message),
    refused: refused as Message,
  })),
  {
    name: 'enapter-telemetry',
    types: ['enapter-telemetry', 'enapter-connection'],
    settings: { connection: 'd', operation: 'telemetry' },
    start: () => enapterConnection({ payload: { power: 5 } }),
    refused: { payload: 'much' },
    silent: true,
    polls: true,
    withoutHttp: true,
  },
  {
    name: 'enapter-command-response',
    types: ['enapter-command-response', 'enapter-connection', 'enapter-command-in'],
    settings: { result: 'completed' },
    start: () => enapterConnection({}, true),
    refused: { payload: 1 },
    silent: true,
    withoutHttp: true,
  },
  {
    name: 'ups-port',
    types: upsOf('port'),
    settings: { device: 'd', ...PORT },
    start: () => powersentrix({ payload: 'off' }),
    refused: { payload: 'explode' },
  },
  ...['status', 'events'].map((type) => ({
    name: `ups-${type}`,
    types: upsOf(type),
    settings: { device: 'd', raw: false, events: ['status'] },
    start: () => powersentrix({ payload: 1 }),
    polls: true,
  })),
  {
    name: 'poweropti-meter',
    types: ['poweropti-meter', 'poweropti-device'],
    settings: { device: 'd', deadband: 0, raw: false },
    start: poweropti,
    polls: true,
  },
  ...['demand', 'counter'].map((type) => ({
    name: `energy-${type}`,
    types: [`energy-${type}`],
    settings: { window: '15', target: 4000, zone: 'UTC', smoothing: 0, longestGap: 3600 },
    start: energy,
    refused: { payload: { power: 'much' } },
    withoutHttp: true,
  })),
];
