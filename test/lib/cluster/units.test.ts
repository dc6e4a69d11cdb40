import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { type FlowEntry, isOwn } from '../../../lib/cluster/flow-settings';
import { partitionOf, rendezvous } from '../../../lib/cluster/partitions';
import { unitsOf } from '../../../lib/cluster/units';
import { projectRoot } from '../../../scripts/support/project-root';
import { CONFIG, METERS, node, together } from '../../support/cluster/units';

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
      node('sub', 'subflow', CONFIG),
      node('inner', 'ups-port', { z: 'sub', device: '' }),
      node('i1', 'subflow:sub', { wires: [['m1']] }),
    ];
    assert.equal(together(entries, 'inner', 'm1'), true);
  });

  it('hold every type of the package', () => {
    const manifest = JSON.parse(readFileSync(join(projectRoot(), 'package.json'), 'utf8')) as {
      'node-red': { nodes: Record<string, string> };
    };
    const types = Object.keys(manifest['node-red'].nodes);
    const own = types.filter((type) => isOwn(node('id', type)));
    assert.deepEqual(own, types);
    assert.equal(isOwn(node('id', 'mqtt-broker')), false);
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

/** A tab with a group, a subflow of which there is one, a broker with TLS, and what is for others. */
const HOUSE: FlowEntry[] = [
  ...METERS,
  { id: 'tab', type: 'tab', label: 'House', env: [{ name: 'HOST', value: 'a', type: 'str' }] },
  node('group', 'group', { env: [{ name: 'PORT', value: '1', type: 'str' }], nodes: ['named'] }),
  node('named', 'ups-port', { device: 'ups1', g: 'group', port: '${PORT}' }),
  { id: 'sub', type: 'subflow', name: 'Port', env: [{ name: 'TO', value: '1', type: 'str' }] },
  node('inner', 'ups-port', { z: 'sub', device: 'ups1', port: '2' }),
  node('i1', 'subflow:sub', { env: [{ name: 'TO', value: '2', type: 'str' }] }),
  node('ha', 'home-assistant-device', { broker: 'broker' }),
  { id: 'broker', type: 'mqtt-broker', broker: '${BROKER}', tls: 'tls', usetls: true },
  { id: 'tls', type: 'tls-config', verifyservercert: true },
  { id: 'other', type: 'mqtt-broker', broker: 'x' },
  { id: 'second', type: 'tab', env: [{ name: 'X', value: '1', type: 'str' }] },
  node('fn', 'function', { func: 'return msg;' }),
];

describe('the digest of a flow file', () => {
  const changed = (changes: Record<string, Record<string, unknown>>): FlowEntry[] =>
    HOUSE.map((entry) => ({ ...entry, ...changes[entry.id] }));
  const digest = (entries: FlowEntry[]): string => unitsOf(entries, 'none').digest;
  const env = (value: string): Record<string, unknown> => ({ env: [{ name: 'ANY', value, type: 'str' }] });

  const others: [what: string, changes: Record<string, Record<string, unknown>>][] = [
    ['a port that is another one', { p1: { port: '3' } }],
    ['a setting that is gone', { p1: { device: undefined } }],
    ['a variable of another name', { named: { port: '${OTHER}' } }],
    ['a node that is disabled', { p1: { d: true } }],
    ['a tab that is disabled', { tab: { disabled: true } }],
    ['an address of a device', { ups1: { url: 'http://b' } }],
    ['a broker that is named', { broker: { broker: '10.0.0.1' } }],
    ['what a named one names', { tls: { verifyservercert: false } }],
    ['the value of a variable in the group', { group: env('2') }],
    ['in the tab', { tab: env('b') }],
    ['in an instance of a subflow', { i1: env('3') }],
    ['an instance that is disabled', { i1: { d: true } }],
  ];
  for (const [what, changes] of others) {
    it(`is another one: ${what}`, () => assert.notEqual(digest(changed(changes)), digest(HOUSE)));
  }

  const same: [what: string, changes: Record<string, Record<string, unknown>>][] = [
    [
      'what is for people',
      { p1: { name: 'Pump', info: 'x', x: 7, y: 8, w: 1, h: 1, l: false, icon: 'a.svg' } },
    ],
    ['a group', { p1: { g: 'somewhere' } }],
    ['another wire', { m1: { wires: [['fn']] } }],
    ['what others do', { fn: { func: 'return null;' }, other: { broker: 'y' } }],
    ['what nobody here names', { second: env('2') }],
    ['a secret', { ups1: { credentials: { apiKey: 'k' } } }],
    [
      'an environment that is empty',
      { i1: { env: HOUSE.find(({ id }) => id === 'i1')?.env }, second: { env: [] } },
    ],
  ];
  for (const [what, changes] of same) {
    it(`is the same: ${what}`, () => assert.equal(digest(changed(changes)), digest(HOUSE)));
  }

  it('does not depend on the order of nodes, or of the settings in one', () => {
    const turned = [...HOUSE]
      .reverse()
      .map((entry) => Object.fromEntries(Object.entries(entry).reverse()) as FlowEntry);
    for (const spread of ['none', 'flow'] as const)
      assert.equal(unitsOf(turned, spread).digest, unitsOf(HOUSE, spread).digest);
    const rows = (list: number[]): string => digest(changed({ p1: { rows: list } }));
    assert.notEqual(rows([1, 2]), rows([2, 1]), 'but on that of a list');
  });

  it('leaves out what is disabled', () => {
    const without = HOUSE.filter(({ id }) => id !== 'p1');
    assert.equal(digest(changed({ p1: { d: true } })), digest(without));
    const nothing = changed({ tab: { disabled: true } }).filter(({ z }) => z === undefined);
    assert.equal(digest(changed({ tab: { disabled: true }, inner: { d: true } })), digest(nothing));
  });

  it('does not take the value of an environment variable', () => {
    const before = digest(HOUSE);
    process.env.BROKER = '10.0.0.9';
    try {
      assert.equal(digest(HOUSE), before);
    } finally {
      delete process.env.BROKER;
    }
  });

  it('of one node is of what it does alone', () => {
    const of = (id: string, changes: Record<string, Record<string, unknown>> = {}): string =>
      unitsOf(changed(changes), 'flow').settingsOf(id);
    const before = of('p1');
    assert.match(before, /^[0-9a-f]{16}$/);
    assert.equal(of('p1', { p2: { port: '3' }, ha: { root: 'x' } }), before);
    for (const changes of [{ p1: { port: '3' } }, { ups1: { url: 'b' } }, { acc: { url: 'c' } }])
      assert.notEqual(of('p1', changes), before);
    assert.equal(of('p1', { p1: { d: true } }), '');
    assert.equal(of('nowhere'), '');
    assert.notEqual(of('inner', { i1: env('3') }), of('inner'), 'in a subflow');
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
