import type { FlowEntry } from '../../../lib/cluster/flow-settings';
import { unitsOf } from '../../../lib/cluster/units';

/** Flows whose nodes belong together or not. */

export const node = (id: string, type: string, more: Record<string, unknown> = {}): FlowEntry => ({
  ...{ id, type, z: 'tab', wires: [] },
  ...more,
});

export const CONFIG = { z: undefined, wires: undefined };

/** Whether two nodes are one unit. */
export const together = (entries: FlowEntry[], a: string, b: string): boolean => {
  const units = unitsOf(entries, 'flow');
  return units.partitionOf(a) === units.partitionOf(b);
};

export const METERS = [
  node('dev1', 'poweropti-device', CONFIG),
  node('m1', 'poweropti-meter', { device: 'dev1' }),
  node('ups1', 'ups-device', { ...CONFIG, account: 'acc' }),
  node('p1', 'ups-port', { device: 'ups1' }),
  node('acc', 'powersentrix-account', CONFIG),
  node('ups2', 'ups-device', { ...CONFIG, account: 'acc' }),
  node('p2', 'ups-port', { device: 'ups2' }),
];
