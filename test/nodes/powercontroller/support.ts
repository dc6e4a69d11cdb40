import type { NodeInitializer } from 'node-red';

import type { PowercontrollerSimulator } from '../../../simulators/powercontroller';
import { loadFlow, type Message, type TestFlow } from '../../support/helper-flow';
import { nodeSet } from '../../support/node-set';

const accountNode = nodeSet('powercontroller-account');
const commandNode = nodeSet('powercontroller-command');
const statusNode = nodeSet('powercontroller-status');

export type Json = Record<string, unknown>;

const place = { z: 'tab', x: 1, y: 1 };
const sink = (id: string): Json => ({ id, type: 'helper', ...place, wires: [] });

/** A flow node of this vendor, wired to the sinks `out` and `state`. */
export function node(type: 'command' | 'status', more: Json = {}): Json {
  const wires = type === 'command' ? [['out']] : [['out'], ['state']];
  return { id: 'n', type: `powercontroller-${type}`, ...place, account: 'a', wires, ...more };
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
    { id: 'tab', type: 'tab' },
    {
      id: 'a',
      type: 'powercontroller-account',
      name: '',
      url: simulator.url,
      durationKey: 'time',
      ...account,
    },
    ...['out', 'state', 'caught', 'completed'].map(sink),
    { id: 'catch', type: 'catch', ...place, scope: null, wires: [['caught']] },
    { id: 'complete', type: 'complete', ...place, scope: ['n'], wires: [['completed']] },
    ...nodes,
  ];
  return loadFlow([accountNode, commandNode, statusNode, ...modules], flow, {
    a: credentials,
    b: credentials,
  });
}

export function payloadOf(msg: Message): Json {
  return msg.payload as Json;
}

export function codeOf(msg: Message): unknown {
  return (msg.error as Json | undefined)?.code;
}
