import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { projectRoot } from '../../scripts/support/project-root';
import type { FlowNode } from '../support/user-dir';
import type { Seeded } from '../support/seeded';
import type { SystemName } from './clients';
import { changedJson, oddValue } from './values';

/** The flow under attack: that of the demo, which has every node type, and a door by which messages reach each node. */
export interface FuzzFlow {
  nodes: FlowNode[];
  credentials: Record<string, Record<string, string>>;
  /** nodes that take messages, by their place at the door */
  inputs: { type: string; system: SystemName }[];
}

const FAMILIES: Record<string, SystemName> = {
  poweropti: 'poweropti',
  powersentrix: 'powersentrix',
  ups: 'powersentrix',
  powercontroller: 'powercontroller',
  powerflex: 'powerflex',
  enapter: 'enapter',
};

const systemOf = (type: string): SystemName | undefined => FAMILIES[type.split('-')[0] ?? ''];
const DOOR = { z: 'fuzz', x: 1, y: 1 };

export function fuzzFlow(): FuzzFlow {
  const folder = join(projectRoot(), 'scripts/demo/flows');
  const nodes = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as FlowNode[])
    // Core nodes fall over messages that only a fuzz sends (a switch node over `parts: null`), and end the runtime.
    .filter(({ type }) => type === 'tab' || systemOf(type) !== undefined);
  const credentials: FuzzFlow['credentials'] = {};
  for (const node of nodes) {
    if (!node.credentials) continue;
    credentials[node.id] = node.credentials as Record<string, string>;
    delete node.credentials;
    if (node.interval !== undefined && systemOf(node.type)) node.interval = 1;
  }
  const own = nodes.filter(
    (node) => systemOf(node.type) !== undefined && 'wires' in node && node.x !== undefined,
  );
  for (const node of own) node.wires = (node.wires as string[][]).map(() => ['fuzz-sink']);
  const send = {
    id: 'fuzz-send',
    type: 'function',
    ...DOOR,
    name: 'send',
    // A function node sends nothing but objects, and complains of each element of a list that is none.
    func:
      `const out = Array(${own.length}).fill(null);\nconst { payload } = msg;\n` +
      `const isMessage = typeof payload === 'object' && payload !== null && !Array.isArray(payload);\n` +
      `out[Number(msg.req.params.place)] = isMessage ? payload : { payload };\nreturn out;`,
    outputs: own.length,
    libs: [],
    wires: own.map(({ id }) => [id]),
  };
  const door: FlowNode[] = [
    { id: 'fuzz', type: 'tab', label: 'door' },
    {
      id: 'fuzz-in',
      type: 'http in',
      ...DOOR,
      url: '/fuzz/:place',
      method: 'post',
      wires: [['fuzz-send', 'fuzz-ok']],
    },
    { id: 'fuzz-ok', type: 'http response', ...DOOR, statusCode: '204', wires: [] },
    send,
    {
      id: 'fuzz-sink',
      type: 'function',
      ...DOOR,
      name: 'sink',
      func: 'return null;',
      outputs: 0,
      libs: [],
      wires: [],
    },
  ];
  const inputs = own.map(({ type }) => ({ type, system: systemOf(type) ?? 'enapter' }));
  return { nodes: [...nodes, ...door], credentials, inputs };
}

/** Messages that nodes of these kinds are meant to get. */
const VALID: Record<string, unknown[]> = {
  'powercontroller-command': [
    true,
    { command: 'on_for', time: 60 },
    { command: 'configure', samplePeriod: 60 },
  ],
  'powercontroller-status': [{ start: '2025-06-01', end: '2025-06-20' }, { cancel: true }],
  'powerflex-dcm': [12, { JAN: 5 }, { name: 'GRID_EVENT', maxLoad: 5, maxLoadUnit: 'kW', enabled: true }],
  'powerflex-measurements': [{ start: '2025-06-01', end: '2025-06-03' }, { cancel: true }],
  'ups-port': [
    { port: 1, on: true },
    { port: 0, action: 'toggle' },
  ],
  'enapter-telemetry': [{ power: 5, voltage: 230 }, { values: [1, 2] }, { severity: 'error', message: 'x' }],
  'enapter-device': [{ name: 'x' }, { arguments: { port: 1 } }, { from: '2025-06-01', to: '2025-06-02' }],
};

/** A message for a node, odd in one way or another. */
export function drawMessage(type: string, random: Seeded): string {
  const valid = VALID[type] ?? [{}];
  const payload = valid[random.below(valid.length)];
  const message = { payload, deviceId: 'x', topic: 'y', device: { id: 'z' }, parts: { id: '1', index: 0 } };
  if (random.chance(0.3)) return JSON.stringify({ payload });
  if (random.chance(0.3))
    return JSON.stringify({ payload: oddValue(random) }).replace(/"@raw:[^"]*@"/g, 'null');
  return changedJson(JSON.stringify(message), random);
}
