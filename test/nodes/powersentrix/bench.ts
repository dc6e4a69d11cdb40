import type { NodeInitializer } from 'node-red';

import { loadFlow, type Message, type TestFlow } from '../../support/helper-flow';
import { nodeSet } from '../../support/node-set';

const account = nodeSet('powersentrix-account');
const device = nodeSet('ups-device');
const events = nodeSet('ups-events');
const port = nodeSet('ups-port');
const receiver = nodeSet('ups-receiver');
const status = nodeSet('ups-status');

export const NODES: NodeInitializer[] = [account, receiver, device, status, port, events];

export type FlowNode = Record<string, unknown>;

const inTab = { z: 'tab', x: 1, y: 1 };

export const sink = (id: string): FlowNode => ({ id, type: 'helper', ...inTab, wires: [] });

export const lanDevice = (url: string, more: FlowNode = {}): FlowNode => ({
  id: 'd',
  type: 'ups-device',
  name: 'Rack',
  source: 'lan',
  url,
  interval: 3600,
  currentUnit: 'mA',
  mainsThreshold: '',
  timezone: '',
  ...more,
});

export const pushDevice = (more: FlowNode = {}): FlowNode => ({
  id: 'd',
  type: 'ups-device',
  name: '',
  source: 'push',
  receiver: 'r',
  cmm: 'ups-01',
  url: '',
  interval: 300,
  ...more,
});

export const statusNode = (more: FlowNode = {}): FlowNode => ({
  id: 's',
  type: 'ups-status',
  ...inTab,
  device: 'd',
  raw: false,
  wires: [['out'], ['state']],
  ...more,
});

export const portNode = (more: FlowNode = {}): FlowNode => ({
  id: 'p',
  type: 'ups-port',
  ...inTab,
  device: 'd',
  port: '',
  action: 'msg',
  wires: [['done']],
  ...more,
});

export const eventsNode = (more: FlowNode = {}): FlowNode => ({
  id: 'e',
  type: 'ups-events',
  ...inTab,
  device: 'd',
  events: ['status', 'log', 'registered'],
  temperatureLimit: 60,
  imbalanceLimit: 0.5,
  wires: [['event'], ['state']],
  ...more,
});

const COMMON: FlowNode[] = [
  { id: 'tab', type: 'tab' },
  ...['out', 'state', 'done', 'event', 'caught', 'completed'].map(sink),
  { id: 'catch', type: 'catch', ...inTab, scope: null, wires: [['caught']] },
  { id: 'complete', type: 'complete', ...inTab, scope: ['p'], wires: [['completed']] },
];

export function load(
  nodes: FlowNode[],
  credentials: Record<string, Record<string, string>> = {},
): Promise<TestFlow> {
  return loadFlow(NODES, [...COMMON, ...nodes], credentials);
}

export const payloadOf = (msg: Message): Record<string, unknown> => msg.payload as Record<string, unknown>;

/** The error that a Catch node passes on. */
export const errorOf = (msg: Message): { code: string; message: string } =>
  msg.error as { code: string; message: string };
