import type { NodeInitializer } from 'node-red';

import type { PowercontrollerSimulator } from '../../../simulators/powercontroller';
import { catching, completing, loadFlow, PLACED, sink, TAB, type TestFlow } from '../../support/flow';
import { nodeSet } from '../../support/node-set';

const accountNode = nodeSet('powercontroller-account');
const commandNode = nodeSet('powercontroller-command');
const statusNode = nodeSet('powercontroller-status');

export type Json = Record<string, unknown>;

/** A flow node of this vendor, wired to the sinks `out` and `state`. */
export function node(type: 'command' | 'status', more: Json = {}): Json {
  const wires = type === 'command' ? [['out']] : [['out'], ['state']];
  return { id: 'n', type: `powercontroller-${type}`, ...PLACED, account: 'a', wires, ...more };
}

/** Loads nodes with an account (node `a`) that signs in at the simulator. */
export function loadWith(
  simulator: PowercontrollerSimulator,
  nodes: Json[],
  credentials: Record<string, string> = { token: simulator.token },
  account: Json = {},
  modules: NodeInitializer[] = [],
): Promise<TestFlow> {
  const flow = [
    TAB,
    {
      id: 'a',
      type: 'powercontroller-account',
      name: '',
      url: simulator.url,
      durationKey: 'time',
      ...account,
    },
    ...['out', 'state', 'caught', 'completed'].map(sink),
    catching(),
    completing('n'),
    ...nodes,
  ];
  return loadFlow([accountNode, commandNode, statusNode, ...modules], flow, {
    a: credentials,
    b: credentials,
  });
}
