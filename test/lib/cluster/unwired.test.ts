import assert from 'node:assert/strict';

import type { FlowEntry } from '../../../lib/cluster/flow-settings';
import { CONFIG, METERS, node, together } from '../../support/cluster/units';

/** A group within a group, with a meter in each. */
const IN_GROUPS = [
  node('outer', 'group'),
  node('outer-m', 'poweropti-meter', { g: 'outer' }),
  node('inner', 'group', { g: 'outer' }),
  node('inner-m', 'poweropti-meter', { g: 'inner' }),
];
const CALLED = [node('li', 'link in', { wires: [['p1']], links: [] })];

describe('units of what has no wire', () => {
  const UNWIRED: [name: string, more: FlowEntry[], pair: [string, string], one: boolean][] = [
    ['what Catch hears of', [node('c', 'catch', { scope: ['m1'], wires: [['p1']] })], ['m1', 'p1'], true],
    ['what Status hears of', [node('c', 'status', { scope: ['m1'], wires: [['p1']] })], ['m1', 'p1'], true],
    [
      'what Complete hears of',
      [node('c', 'complete', { scope: ['m1'], wires: [['p1']] })],
      ['m1', 'p1'],
      true,
    ],
    [
      'what Catch does not hear of',
      [node('c', 'catch', { scope: ['m1'], wires: [['p1']] })],
      ['m1', 'p2'],
      false,
    ],
    [
      'a Catch for all of the tab',
      [node('c', 'catch', { scope: null, wires: [['p1']] })],
      ['m1', 'p1'],
      true,
    ],
    ['one of long ago, without a scope', [node('c', 'catch', { wires: [['p1']] })], ['m1', 'p2'], true],
    ['a Status for all of the tab', [node('c', 'status', { scope: null })], ['m1', 'p1'], true],
    ['a Catch for nothing', [node('c', 'catch', { scope: [], wires: [['p1']] })], ['m1', 'p1'], false],
    ['a Complete for nothing', [node('c', 'complete', { wires: [['p1']] })], ['m1', 'p1'], false],
    ['a Catch that is disabled', [node('c', 'catch', { scope: null, d: true })], ['m1', 'p1'], false],
    [
      'a Catch for another tab',
      [node('c', 'catch', { scope: null, z: 'b', wires: [['p1']] })],
      ['m1', 'p1'],
      false,
    ],
    [
      'what comes over the tab of a Catch',
      [
        node('f', 'function', { z: 'b' }),
        node('c', 'catch', { z: 'b', wires: [['p1']] }),
        node('m3', 'poweropti-meter', { wires: [['f']] }),
      ],
      ['m3', 'p1'],
      true,
    ],
    [
      'a Catch for its group, and for one within',
      [...IN_GROUPS, node('c', 'catch', { scope: 'group', g: 'outer', wires: [['p1']] })],
      ['inner-m', 'p1'],
      true,
    ],
    [
      'a Catch for its group, and another group',
      [...IN_GROUPS, node('c', 'catch', { scope: 'group', g: 'inner', wires: [['p1']] })],
      ['outer-m', 'p1'],
      false,
    ],
    [
      'a Catch for its group that lies in none, so for all',
      [...IN_GROUPS, node('c', 'catch', { scope: 'group', wires: [['p1']] })],
      ['outer-m', 'p1'],
      true,
    ],
    [
      'a subflow whose errors Catch hears of',
      [
        node('sub', 'subflow', CONFIG),
        node('in', 'poweropti-meter', { z: 'sub' }),
        node('i1', 'subflow:sub'),
        node('c', 'catch', { scope: ['i1'], wires: [['p1']] }),
      ],
      ['in', 'p1'],
      true,
    ],
    [
      'what a link call may call',
      [
        node('l', 'link call', { links: [], linkType: 'dynamic' }),
        ...CALLED,
        node('m3', 'poweropti-meter', { wires: [['l']] }),
      ],
      ['m3', 'p1'],
      true,
    ],
    [
      'what a link call always calls',
      [
        node('l', 'link call', { links: ['li'] }),
        ...CALLED,
        node('m3', 'poweropti-meter', { wires: [['l']] }),
      ],
      ['m3', 'p1'],
      true,
    ],
    [
      'one link that is no list',
      [node('l', 'link call', { links: 'li' }), ...CALLED, node('m3', 'poweropti-meter', { wires: [['l']] })],
      ['m3', 'p1'],
      true,
    ],
    [
      'a link that is a variable',
      [
        node('l', 'link call', { links: ['${TO}'] }),
        ...CALLED,
        node('m3', 'poweropti-meter', { wires: [['l']] }),
      ],
      ['m3', 'p1'],
      true,
    ],
    [
      'what a function may call',
      [
        node('f', 'function', { func: "return node.linkcall('x', msg)" }),
        ...CALLED,
        node('m3', 'poweropti-meter', { wires: [['f']] }),
      ],
      ['m3', 'p1'],
      true,
    ],
    ['what nobody calls', [...CALLED, node('m3', 'poweropti-meter')], ['m3', 'p1'], false],
    [
      'the context of where a subflow stands',
      [
        node('s1', 'subflow', CONFIG),
        node('f1', 'function', { z: 's1', func: "flow.set('$parent.x', 1)" }),
        node('in1', 'ups-port', { z: 's1' }),
        node('i1', 'subflow:s1', { z: 'b' }),
        node('s2', 'subflow', CONFIG),
        node('in2', 'ups-port', { z: 's2' }),
        node('i2', 'subflow:s2', { z: 'b' }),
      ],
      ['in1', 'in2'],
      true,
    ],
  ];
  for (const [name, more, [a, b], one] of UNWIRED) {
    it(`${one ? 'join' : 'keep apart'}: ${name}`, () => {
      assert.equal(together([...METERS, ...more], a, b), one);
      assert.equal(together([...more, ...METERS].reverse(), a, b), one, 'in another order');
    });
  }

  const dev = (value: string): Record<string, unknown> => ({
    env: [{ name: 'DEV', type: 'conf-type', value }],
  });
  const reader = (more: Record<string, unknown>): FlowEntry =>
    node('m9', 'poweropti-meter', { device: '${DEV}', ...more });
  const SUBFLOW = [node('sub', 'subflow', { ...CONFIG, ...dev('') }), reader({ z: 'sub' })];
  const VARIABLES: [name: string, more: FlowEntry[], device: string, one: boolean][] = [
    ['of a tab', [node('b', 'tab', { ...CONFIG, ...dev('dev9') }), reader({ z: 'b' })], 'dev9', true],
    ['of another tab', [node('b', 'tab', { ...CONFIG, ...dev('dev9') }), reader({})], 'dev9', false],
    [
      'of a tab, which the node does not use',
      [node('b', 'tab', { ...CONFIG, ...dev('dev9') }), reader({ z: 'b', device: 'dev8' })],
      'dev9',
      false,
    ],
    ['of a group', [node('g', 'group', dev('dev9')), reader({ g: 'g' })], 'dev9', true],
    [
      'of a group around',
      [node('o', 'group', dev('dev9')), node('g', 'group', { g: 'o' }), reader({ g: 'g' })],
      'dev9',
      true,
    ],
    ['of an instance', [...SUBFLOW, node('i1', 'subflow:sub', dev('dev9'))], 'dev9', true],
    [
      'of a second instance',
      [...SUBFLOW, node('i1', 'subflow:sub', dev('dev8')), node('i2', 'subflow:sub', dev('dev9'))],
      'dev9',
      true,
    ],
    [
      'of a subflow',
      [
        node('sub', 'subflow', { ...CONFIG, ...dev('dev9') }),
        reader({ z: 'sub' }),
        node('i1', 'subflow:sub'),
      ],
      'dev9',
      true,
    ],
    [
      'of an instance around an instance',
      [
        ...SUBFLOW,
        node('i1', 'subflow:sub', { z: 'more', ...dev('${OF}') }),
        node('more', 'subflow', CONFIG),
        node('i2', 'subflow:more', dev('dev9')),
      ],
      'dev9',
      true,
    ],
    [
      'of the tab of an instance',
      [
        ...SUBFLOW,
        node('i1', 'subflow:sub', { z: 'b', ...dev('${OF}') }),
        node('b', 'tab', { ...CONFIG, ...dev('dev9') }),
      ],
      'dev9',
      true,
    ],
    ['of the whole file', [{ id: 'all', type: 'global-config', ...dev('dev9') }, reader({})], 'dev9', true],
    [
      'within an expression',
      [node('b', 'tab', { ...CONFIG, ...dev('$env("X") = "1" ? "dev8" : "dev9"') }), reader({ z: 'b' })],
      'dev9',
      true,
    ],
    [
      'that is written in the way of long ago',
      [node('b', 'tab', { ...CONFIG, ...dev('dev9') }), reader({ z: 'b', device: '$(DEV)' })],
      'dev9',
      true,
    ],
    [
      'and is an account, which joins nothing',
      [
        node('b', 'tab', { ...CONFIG, ...dev('acc') }),
        node('m9', 'ups-device', { ...CONFIG, z: 'b', account: '${DEV}' }),
      ],
      'acc',
      false,
    ],
  ];
  for (const [name, more, device, one] of VARIABLES) {
    it(`${one ? 'join' : 'keep apart'}: a device that is named by a variable ${name}`, () => {
      const entries = [
        ...METERS,
        node('dev9', 'poweropti-device', CONFIG),
        node('dev8', 'poweropti-device', CONFIG),
        ...more,
      ];
      assert.equal(together(entries, 'm9', device), one);
    });
  }
});
