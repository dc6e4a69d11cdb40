import type { NodeInitializer } from 'node-red';

import type { PowerflexSimulator } from '../../../simulators/powerflex';
import { loadFlow, type TestFlow } from '../../support/helper-flow';
import { nodeSet } from '../../support/node-set';

const dcmNode = nodeSet('powerflex-dcm');
const measurementsNode = nodeSet('powerflex-measurements');
const siteNode = nodeSet('powerflex-site');

export const NODES: NodeInitializer[] = [siteNode, dcmNode, measurementsNode];

type Flow = Record<string, unknown>[];

const placed = { z: 'tab', x: 1, y: 1 };

/** A helper node that takes what arrives. */
export const sink = (id: string): Record<string, unknown> => ({ id, type: 'helper', ...placed, wires: [] });

/** A flow node of this vendor, `n` by default, wired to `out` and `state`. */
export function flowNode(type: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { id: 'n', type, ...placed, site: 'd', wires: [['out'], ['state']], ...more };
}

/** Loads flow nodes with a site, sinks, and nodes that catch errors and completions of node `n`. */
export function loadSite(
  simulator: Pick<PowerflexSimulator, 'url' | 'accId' | 'username' | 'password'>,
  nodes: Flow,
  site: Record<string, unknown> = {},
): Promise<TestFlow> {
  const { url, accId, username, password } = simulator;
  const watchers = [
    { id: 'catch', type: 'catch', ...placed, scope: null, wires: [['caught']] },
    { id: 'complete', type: 'complete', ...placed, scope: ['n'], wires: [['completed']] },
  ];
  return loadFlow(
    NODES,
    [
      { id: 'tab', type: 'tab' },
      { id: 'd', type: 'powerflex-site', name: 'Garage', url, accId: String(accId), ...site },
      ...['out', 'state', 'caught', 'completed'].map(sink),
      ...watchers,
      ...nodes,
    ],
    { d: { username, password }, d2: { username, password } },
  );
}
