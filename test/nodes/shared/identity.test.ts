import assert from 'node:assert/strict';

import type { ConfigNode } from '../../../nodes/shared/config-node';
import type { PolledPart } from '../../../nodes/shared/polled-device';
import {
  type FlowNode,
  LEVEL,
  loadFlow,
  PLACED,
  sink,
  TAB,
  type TestFlow,
  unloadFlow,
} from '../../support/flow';
import { nodeSet } from '../../support/node-set';

const KEY = '1097bd725557';

/** Nothing listens there, and nothing asks. */
const TYPES: [type: string, settings: FlowNode][] = [
  ['poweropti-device', { host: '127.0.0.1:9' }],
  ['ups-device', { source: 'lan', url: 'http://127.0.0.1:9' }],
];

/** setting, and what the device is then known by; its node's id is `d` */
const CASES: [given: unknown, known: string][] = [
  [undefined, 'd'],
  ['', 'd'],
  ['  ', 'd'],
  ['4c8f2a91d07be356', '4c8f2a91d07be356'],
  [' house.meter-1_b ', 'house.meter-1_b'],
  [4711, '4711'],
  ['${ENERGY_DEVICES_TEST_IDENTITY}', 'from-the-environment'],
  ['a1b2c3d4.e5f6a7', 'a1b2c3d4.e5f6a7'],
];

const WRONG: [given: unknown, reason: string][] = [
  ['a b', 'deviceUidInvalid'],
  ['a/b', 'deviceUidInvalid'],
  ['-a', 'deviceUidInvalid'],
  ['ü', 'deviceUidInvalid'],
  ['#', 'deviceUidInvalid'],
  ['a'.repeat(65), 'deviceUidInvalid'],
  [['a'], 'settingText'],
  [{}, 'settingText'],
  ['${ENERGY_DEVICES_TEST_UNSET}', 'variableUnset'],
  [KEY, 'deviceUidSecret'],
  [`meter-${KEY.toUpperCase()}`, 'deviceUidSecret'],
];

describe('the identity of a device that tells none', () => {
  let flow: TestFlow;

  const load = async (type: string, nodes: FlowNode[], ids = ['d']): Promise<void> => {
    const credentials = Object.fromEntries(ids.map((id) => [id, { apiKey: KEY }]));
    flow = await loadFlow([nodeSet(type)], [TAB, sink('out'), ...nodes], credentials);
  };
  const holderOf = (id: string) => (flow.node(id) as ConfigNode<PolledPart<unknown>>).holder;
  const idOf = (id: string): string => holderOf(id).part.device.info().id;
  const told = (): number => flow.log(LEVEL.warn).filter(({ msg }) => msg === 'log.deviceUidTwice').length;

  beforeEach(() => {
    process.env.ENERGY_DEVICES_TEST_IDENTITY = 'from-the-environment';
  });
  afterEach(async () => {
    delete process.env.ENERGY_DEVICES_TEST_IDENTITY;
    await unloadFlow();
  });

  for (const [type, settings] of TYPES) {
    const device = (deviceUid: unknown, more: FlowNode = {}): FlowNode => ({
      id: 'd',
      type,
      ...settings,
      ...(deviceUid === undefined ? {} : { deviceUid }),
      ...more,
    });

    for (const [given, known] of CASES) {
      it(`of a ${type} with ${given === undefined ? 'no setting' : JSON.stringify(given)} is ${known}`, async () => {
        await load(type, [device(given)]);
        assert.equal(idOf('d'), known);
        assert.equal(told(), 0);
      });
    }

    for (const [given, reason] of WRONG) {
      it(`of a ${type} is not ${JSON.stringify(given).slice(0, 40)}`, async () => {
        await load(type, [device(given)]);
        assert.equal(holderOf('d').problem?.reason, reason);
        assert.ok(!flow.log().some(({ msg }) => msg.includes(KEY)));
      });
    }

    it(`of a ${type} stays when another node takes the place of its config node`, async () => {
      await load(type, [device('kept')]);
      await unloadFlow();
      await load(type, [device('kept', { id: 'another' })], ['another']);
      assert.equal(idOf('another'), 'kept');
    });

    it(`of two ${type}s that have the same is told, a node's own id included`, async () => {
      await load(type, [device('x', { id: 'd' }), device('x', { id: 'd2' })], ['d', 'd2']);
      assert.equal(told(), 1);
      await unloadFlow();
      await load(type, [device(undefined), device('d', { id: 'd2' })], ['d', 'd2']);
      assert.equal(told(), 1);
      await unloadFlow();
      await load(type, [device(undefined), device(undefined, { id: 'd2' })], ['d', 'd2']);
      assert.equal(told(), 0);
    });

    it(`of a ${type} in a subflow is that of each instance, or as a variable of the instance says`, async () => {
      const instance = (id: string, uid: string): FlowNode => ({
        id,
        type: 'subflow:s',
        ...PLACED,
        env: [{ name: 'UID', type: 'str', value: uid }],
        wires: [],
      });
      const definition = { id: 's', type: 'subflow', name: 's', info: '', in: [], out: [] };
      const inside = (deviceUid: unknown) => [
        definition,
        device(deviceUid, { z: 's' }),
        instance('i1', 'one'),
        instance('i2', 'two'),
      ];
      await load(type, inside(undefined));
      assert.deepEqual([idOf('i1-d'), idOf('i2-d')], ['i1-d', 'i2-d']);
      assert.equal(told(), 0);
      await unloadFlow();
      await load(type, inside('${UID}'));
      assert.deepEqual([idOf('i1-d'), idOf('i2-d')], ['one', 'two']);
      assert.equal(told(), 0);
      await unloadFlow();
      await load(type, inside('fixed'));
      assert.equal(told(), 1);
    });
  }

  for (const source of ['cloud', 'push']) {
    it(`of a UPS by ${source} does not count, and may be anything`, async () => {
      await load('ups-device', [
        { id: 'd', type: 'ups-device', source, upsId: '7', cmm: 'cmm7', deviceUid: 'a b' },
      ]);
      assert.notEqual(holderOf('d').problem?.reason, 'deviceUidInvalid');
    });
  }
});
