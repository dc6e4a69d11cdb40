import type { NodeInitializer } from 'node-red';

import {
  catching,
  completing,
  type FlowNode,
  loadFlow,
  PLACED,
  sink,
  TAB,
  type TestFlow,
} from '../../support/flow';
import { nodeSet } from '../../support/node-set';

const account = nodeSet('powersentrix-account');
const device = nodeSet('ups-device');
const events = nodeSet('ups-events');
const port = nodeSet('ups-port');
const receiver = nodeSet('ups-receiver');
const status = nodeSet('ups-status');

export const NODES: NodeInitializer[] = [account, receiver, device, status, port, events];

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
  ...PLACED,
  device: 'd',
  raw: false,
  wires: [['out'], ['state']],
  ...more,
});

export const portNode = (more: FlowNode = {}): FlowNode => ({
  id: 'p',
  type: 'ups-port',
  ...PLACED,
  device: 'd',
  port: '',
  action: 'msg',
  wires: [['done']],
  ...more,
});

export const eventsNode = (more: FlowNode = {}): FlowNode => ({
  id: 'e',
  type: 'ups-events',
  ...PLACED,
  device: 'd',
  events: ['status', 'log', 'registered'],
  temperatureLimit: 60,
  imbalanceLimit: 0.5,
  wires: [['event'], ['state']],
  ...more,
});

const COMMON: FlowNode[] = [
  TAB,
  ...['out', 'state', 'done', 'event', 'caught', 'completed'].map(sink),
  catching(),
  completing('p'),
];

export function load(
  nodes: FlowNode[],
  credentials: Record<string, Record<string, string>> = {},
  more: readonly NodeInitializer[] = [],
): Promise<TestFlow> {
  return loadFlow([...NODES, ...more], [...COMMON, ...nodes], credentials);
}
