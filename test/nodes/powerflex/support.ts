import type { NodeInitializer } from 'node-red';

import type { PowerflexSimulator } from '../../../simulators/powerflex';
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

const dcmNode = nodeSet('powerflex-dcm');
const measurementsNode = nodeSet('powerflex-measurements');
const siteNode = nodeSet('powerflex-site');

export const NODES: NodeInitializer[] = [siteNode, dcmNode, measurementsNode];

/** A flow node of this vendor, `n` by default, wired to `out` and `state`. */
export function flowNode(type: string, more: FlowNode = {}): FlowNode {
  return { id: 'n', type, ...PLACED, site: 'd', wires: [['out'], ['state']], ...more };
}

/** Loads flow nodes with a site, sinks, and nodes that catch errors and completions of node `n`. */
export function loadSite(
  simulator: Pick<PowerflexSimulator, 'url' | 'accId' | 'username' | 'password'>,
  nodes: FlowNode[],
  site: FlowNode = {},
): Promise<TestFlow> {
  const { url, accId, username, password } = simulator;
  return loadFlow(
    NODES,
    [
      TAB,
      { id: 'd', type: 'powerflex-site', name: 'Garage', url, accId: String(accId), ...site },
      ...['out', 'state', 'caught', 'completed'].map(sink),
      catching(),
      completing('n'),
      ...nodes,
    ],
    { d: { username, password }, d2: { username, password } },
  );
}
