import { catching, loadFlow, type Message, PLACED, sink, TAB, type TestFlow } from '../../support/flow';
import { nodeSet } from '../../support/node-set';

export const MODULES = ['connection', 'telemetry', 'command-in', 'command-response'].map((name) =>
  nodeSet(`enapter-${name}`),
);

type Json = Record<string, unknown>;

/** Whether a message says that the connection stands. */
export const isAvailable = ({ payload }: Message): boolean =>
  (payload as { available?: boolean }).available === true;

/** Loads nodes with a connection (node `c`) of this configuration; what they tell goes to the sink `out`. */
export function loadWith(nodes: readonly Json[], config: string): Promise<TestFlow> {
  const connection = { id: 'c', type: 'enapter-connection', name: 'Meter', host: '' };
  return loadFlow(
    MODULES,
    [TAB, { ...connection, propertiesTopic: 'register' }, ...nodes, sink('out'), catching(), sink('caught')],
    { c: { config } },
  );
}

export const telemetry = (more: Json = {}): Json => ({
  ...{ id: 't', type: 'enapter-telemetry', ...PLACED, connection: 'c' },
  ...{ operation: 'telemetry', wires: [['out']] },
  ...more,
});

export const commandIn = (more: Json = {}): Json => ({
  ...{ id: 'in', type: 'enapter-command-in', ...PLACED, connection: 'c' },
  ...{ command: '', timeout: 30, wires: [['out']] },
  ...more,
});
