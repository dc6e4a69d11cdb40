import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';

import type { Node, NodeAPI } from 'node-red';

import type { FlowEntry } from '../../../lib/cluster/flow-settings';
import { unitsOf } from '../../../lib/cluster/units';
import { ClusterRuntime } from '../../../nodes/shared/cluster-runtime';
import { until } from '../../support/fake-clock';
import { MemoryCluster } from '../../support/memory-cluster';

const OTHER = 'other';

/** Meters that have nothing to do with one another. */
const METERS: FlowEntry[] = Array.from({ length: 40 }, (_, i) => [
  { id: `d${i}`, type: 'poweropti-device' },
  { id: `m${i}`, type: 'poweropti-meter', z: 'tab', device: `d${i}`, wires: [] },
]).flat();
const wired = (...wires: [from: string, to: string][]): FlowEntry[] => {
  const to = new Map(wires);
  return METERS.map((entry) => ({ ...entry, wires: entry.wires && [[to.get(entry.id) ?? []].flat()] }));
};

describe('a deploy on one of several instances that divide the flow file', function () {
  this.timeout(30_000);
  let cluster: MemoryCluster;
  let events: EventEmitter;
  let runtime: ClusterRuntime;
  let flow: FlowEntry[];

  const nodeOf = (id: string): Node => ({ id }) as unknown as Node;
  const lease = (): NonNullable<ClusterRuntime['cluster']>['lease'] => {
    assert.ok(runtime.cluster);
    return runtime.cluster.lease;
  };
  const holds = (partition: number): boolean => lease().owns(partition);
  const deploy = (entries: FlowEntry[]): void => {
    flow = entries;
    events.emit('flows:starting');
  };
  const digestOf = (entries: FlowEntry[]): string => unitsOf(entries, 'flow').digest;
  /** The other member is there. */
  const come = (digest: string): void => {
    const own = { name: 'pi-2', digest, ready: true, call: Infinity, lease: Infinity };
    cluster.store.members.set(OTHER, own);
    cluster.letter({ t: 'freed' });
  };
  /**
   * The other one has the same flow file, and its share.
   *
   * @returns two meters of others that come to a unit here, and one of here that comes to a unit of others, when each `from` is
   * wired to its `to`
   */
  const share = async (): Promise<{ from: string; to: string; isHere: boolean }[]> => {
    come(digestOf(METERS));
    await until(() => lease().partitions.length < 256 && cluster.store.owners.size < 256);
    for (let p = 0; p < 256; p++) if (!cluster.store.owners.has(p)) cluster.store.owners.set(p, OTHER);
    const before = unitsOf(METERS, 'flow');
    const ids = METERS.map(({ id }) => id).filter((id) => id.startsWith('m'));
    const here = ids.filter((id) => holds(before.partitionOf(id)));
    const there = ids.filter((id) => !holds(before.partitionOf(id)));
    return [true, false].map((isHere) => {
      for (const from of here) {
        for (const to of there) {
          if (holds(unitsOf(wired([from, to]), 'flow').partitionOf(to)) !== isHere) continue;
          for (const list of [here, there])
            for (const id of [from, to]) if (list.includes(id)) list.splice(list.indexOf(id), 1);
          return { from, to, isHere };
        }
      }
      throw new Error('no such meters');
    });
  };

  beforeEach(async () => {
    cluster = new MemoryCluster({ ENERGY_DEVICES_CLUSTER_SPREAD: 'flow' });
    events = new EventEmitter();
    flow = METERS;
    const RED = {
      events,
      settings: {},
      log: { info: () => undefined, warn: () => undefined, error: () => undefined },
      nodes: { eachNode: (each: (entry: FlowEntry) => void) => flow.forEach(each) },
      _: (key: string) => key,
    } as unknown as NodeAPI;
    runtime = new ClusterRuntime(RED, () => undefined);
    events.emit('flows:starting');
    events.emit('flows:started');
    await until(() => lease().partitions.length === 256);
  });
  afterEach(async () => {
    await runtime.cluster?.leave(0);
    cluster.close();
  });

  it('owns nothing by units that are not in force, and gives away what it had by those that are', async () => {
    const [comes, goes] = await share();
    assert.ok(comes && goes);
    const file = wired([comes.from, comes.to], [goes.from, goes.to]);
    const duties = [comes.from, comes.to, goes.from, goes.to].map((id) => runtime.dutyOf(nodeOf(id)));
    const active = (): boolean[] => duties.map((duty) => duty.active);
    const partitions = (): number[] => duties.map(({ partition }) => partition);
    assert.deepEqual(active(), [true, false, true, false]);
    const before = partitions();
    const later = [comes.from, comes.to, goes.from, goes.to].map((id) =>
      unitsOf(file, 'flow').partitionOf(id),
    );
    const [, , leaving] = duties;
    assert.ok(leaving);
    const memory = await runtime.memoryOf(leaving.node);
    let end = (): void => undefined;
    let isGiven = false;
    runtime.atHandOver(leaving, () => {
      isGiven = true;
      return new Promise((resolve) => (end = resolve));
    });

    deploy(file);
    const look = (): void => {
      assert.ok(
        holds(before[0] ?? NaN) && holds(later[1] ?? NaN),
        'the lease holds until all work has ended',
      );
      assert.deepEqual(active(), [false, false, false, false], 'others own by their flow file');
      assert.ok(duties.every(({ reads }) => !reads));
      assert.equal(lease().mayBegin(before[0] ?? NaN), false, 'and no command begins');
      assert.equal(duties[0]?.standby?.text, 'status.standby');
    };
    look();
    await until(() => isGiven);
    look();
    assert.deepEqual(partitions(), before);
    assert.equal(
      await memory.set('last', 'word'),
      true,
      'what goes elsewhere is kept for who owns it by now',
    );
    end();
    await until(() => lease().partitions.length === 0);
    assert.deepEqual(partitions(), before, 'and who has it is known by the units in force');

    cluster.leave();
    await until(() => active().every((one) => one));
    assert.deepEqual(partitions(), later);
  });

  it('goes on without a gap where there are no others', async () => {
    const duty = runtime.dutyOf(nodeOf('m1'));
    const told: boolean[] = [];
    duty.follow(() => told.push(duty.active));
    const before = duty.partition;
    deploy(wired(['m0', 'm1']));
    assert.ok(duty.active);
    assert.notEqual(duty.partition, before);
    await until(() => lease().digestInForce === digestOf(wired(['m0', 'm1'])));
    assert.deepEqual(told, []);
  });

  it('owns again what it has held, when it was the last with the flow file of before', async () => {
    come(digestOf(wired(['m0', 'm1'])));
    await until(() => lease().members.length === 2);
    const duty = runtime.dutyOf(nodeOf('m1'));
    const before = duty.partition;
    assert.ok(duty.active);
    deploy(wired(['m0', 'm1']));
    assert.equal(duty.active, false, 'the other one may have another one yet');
    await until(() => lease().isInForce);
    assert.notEqual(duty.partition, before);
    assert.equal(duty.active, holds(duty.partition));
  });

  it('is none when the flow file of before is back', async () => {
    const [pair] = await share();
    assert.ok(pair);
    const duty = runtime.dutyOf(nodeOf(pair.from));
    runtime.atHandOver(duty, () => new Promise(() => undefined));
    deploy(wired([pair.from, pair.to]));
    assert.equal(duty.active, false);
    deploy(METERS);
    assert.equal(duty.active, false, 'the engine may have heard of the other one');
    await until(() => duty.active);
  });
});
