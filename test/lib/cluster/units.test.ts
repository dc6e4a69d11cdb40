import assert from 'node:assert/strict';

import { partitionOf, rendezvous } from '../../../lib/cluster/partitions';
import { type FlowEntry, unitsOf } from '../../../lib/cluster/units';

const node = (id: string, type: string, more: Record<string, unknown> = {}): FlowEntry => ({
  ...{ id, type, z: 'tab', wires: [] },
  ...more,
});

/** Whether two nodes are one unit. */
const together = (entries: FlowEntry[], a: string, b: string): boolean => {
  const units = unitsOf(entries, 'flow');
  return units.partitionOf(a) === units.partitionOf(b);
};

const METERS = [
  node('dev1', 'poweropti-device', { z: undefined }),
  node('m1', 'poweropti-meter', { device: 'dev1' }),
  node('ups1', 'ups-device', { z: undefined, account: 'acc' }),
  node('p1', 'ups-port', { device: 'ups1' }),
  node('acc', 'powersentrix-account', { z: undefined }),
  node('ups2', 'ups-device', { z: undefined, account: 'acc' }),
  node('p2', 'ups-port', { device: 'ups2' }),
];

describe('units', () => {
  it('are one with the spread "none"', () => {
    const units = unitsOf(METERS, 'none');
    assert.equal(units.count, 1);
    assert.deepEqual(
      METERS.map(({ id }) => units.partitionOf(id)),
      METERS.map(() => 0),
    );
  });

  const cases: [
    name: string,
    changed: Record<string, Record<string, unknown>>,
    pair: [string, string],
    one: boolean,
  ][] = [
    ['a device and its node', {}, ['dev1', 'm1'], true],
    ['two devices', {}, ['m1', 'p1'], false],
    ['two devices of one account', {}, ['p1', 'p2'], false],
    ['what is wired', { m1: { wires: [[], ['p1']] } }, ['dev1', 'ups1'], true],
    ['a tab whose nodes use its context', { m1: { func: "flow.set('x', 1)" } }, ['m1', 'p1'], true],
    ['link nodes', { m1: { links: ['p2'] } }, ['m1', 'p2'], true],
  ];
  for (const [name, changed, [a, b], one] of cases) {
    it(`${one ? 'join' : 'keep apart'}: ${name}`, () => {
      const entries = METERS.map((entry) => ({ ...entry, ...changed[entry.id] }));
      assert.equal(together(entries, a, b), one);
    });
  }

  it('join a node for a whole account with that account, and not a device of it', () => {
    const all = [...METERS, node('all', 'ups-status', { scope: 'account', account: 'acc', device: '' })];
    assert.equal(together(all, 'all', 'acc'), true);
    assert.equal(together(all, 'all', 'p1'), false);
  });

  it('join the nodes of a subflow with each instance', () => {
    const entries = [
      ...METERS,
      node('sub', 'subflow', { z: undefined }),
      node('inner', 'ups-port', { z: 'sub', device: '' }),
      node('i1', 'subflow:sub', { wires: [['m1']] }),
    ];
    assert.equal(together(entries, 'inner', 'm1'), true);
  });

  it('do not depend on the order of the flow file', () => {
    const [a, b] = [unitsOf(METERS, 'flow'), unitsOf([...METERS].reverse(), 'flow')];
    assert.equal(a.digest, b.digest);
    assert.deepEqual(
      METERS.map(({ id }) => a.partitionOf(id)),
      METERS.map(({ id }) => b.partitionOf(id)),
    );
  });

  it('have another digest with other nodes', () => {
    for (const spread of ['none', 'flow'] as const) {
      assert.notEqual(unitsOf(METERS, spread).digest, unitsOf(METERS.slice(1), spread).digest);
    }
  });

  it('take a flow file of 20,000 nodes in one long chain', () => {
    const chain = Array.from({ length: 20_000 }, (_, i) =>
      node(`n${i}`, 'ups-port', { wires: [[`n${i + 1}`]] }),
    );
    assert.equal(unitsOf(chain, 'flow').count, 1);
  });
});

describe('partitions', () => {
  it('spread over members, and move only to one that joins', () => {
    const before = new Map<number, string | undefined>();
    for (let p = 0; p < 256; p++) before.set(p, rendezvous(p, ['a', 'b']));
    const counts = [...before.values()].filter((holder) => holder === 'a').length;
    assert.ok(counts > 90 && counts < 166, String(counts));
    for (let p = 0; p < 256; p++) {
      const after = rendezvous(p, ['a', 'b', 'c']);
      assert.ok(after === before.get(p) || after === 'c');
    }
    assert.equal(rendezvous(1, []), undefined);
  });

  it('of a key are always the same', () => {
    assert.equal(partitionOf('e0de000000000002'), partitionOf('e0de000000000002'));
  });
});
