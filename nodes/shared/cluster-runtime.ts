import type { Request, Response } from 'express';
import type { Node, NodeAPI, NodeStatus } from 'node-red';

import { Cluster, newHolder } from '../../lib/cluster/cluster';
import type { CommandPermit } from '../../lib/cluster/permit';
import { notOwner } from '../../lib/cluster/errors';
import { Memories } from '../../lib/cluster/memory';
import { RedisEngine } from '../../lib/cluster/redis';
import { parsed } from '../../lib/cluster/replies';
import { clusterSettings, type ClusterSettings } from '../../lib/cluster/settings';
import { type DeviceError, toDeviceError } from '../../lib/core/errors';
import { isRecord } from '../../lib/core/values';
import { Duty, type DutyCluster } from './cluster-duty';
import type { SharedMemory } from './cluster-face';
import { ClusterPace } from './cluster-pace';
import { plainAnswer, takeInput, type ClusterInput } from './cluster-input';
import { ClusterLog } from './cluster-log';
import { reportOf, reportWithout } from './cluster-report';
import { type ShiftWork, Shifts } from './cluster-shifts';
import { FlowUnits } from './flow-units';
import type { FlowMessage, InputResult } from './messages';
import { onClose } from './on-close';
import { admits } from './own-page';
import { STATUS } from './states';
import { errorText, translate } from './text';

/** ms that commands get to end when the last node closes: their own node has stopped them already */
const LONGEST_END = 1000;

/** The clusters of runtimes whose route stands, by the runtime's event bus. */
const routed = new WeakMap<object, { now: ClusterRuntime }>();

/**
 * Makes this Node-RED a member of its cluster, until the last of its nodes closes.
 *
 * @param left called then
 */
export function startCluster(RED: NodeAPI, left: () => void): ClusterRuntime {
  const made = new ClusterRuntime(RED, left);
  const known = routed.get(RED.events);
  if (known) known.now = made;
  else {
    const current = { now: made };
    routed.set(RED.events, current);
    addRoute(RED, () => current.now);
  }
  return made;
}

function addRoute(RED: NodeAPI, current: () => ClusterRuntime): void {
  RED.httpAdmin.get(
    '/energy-devices/cluster',
    RED.auth.needsPermission('flows.read'),
    (req: Request, res: Response) => {
      if (!admits(RED, req, res)) return;
      res.set({ 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' });
      res.json(current().report);
    },
  );
}

/** The nodes of this Node-RED as members of a cluster. */
export class ClusterRuntime implements DutyCluster {
  readonly cluster: Cluster | undefined;
  private readonly wrong: DeviceError | undefined;
  private readonly settings: ClusterSettings | undefined;
  private readonly duties = new Map<Node, Duty>();
  private readonly log: ClusterLog;
  private readonly pace = new ClusterPace();
  private readonly lettersOf = new Map<string, Set<(letter: Record<string, unknown>) => void>>();
  private readonly handOvers = new Map<Duty, () => Promise<void>>();
  private memories: Memories | undefined;
  private readonly units: FlowUnits;
  private users = 0;
  private shown = '';
  private toldDrop = false;

  constructor(
    private readonly RED: NodeAPI,
    private readonly left: () => void,
  ) {
    this.log = new ClusterLog(RED);
    this.units = new FlowUnits(RED, () => this.settings?.spread ?? 'none');
    const { energyDevices: own } = RED.settings as { energyDevices?: unknown };
    try {
      this.settings = clusterSettings(isRecord(own) ? own.cluster : undefined, process.env);
    } catch (thrown) {
      this.wrong = toDeviceError(thrown);
      // As a member that owns nothing: run as if there were no others, it would switch twice.
      RED.log.error(`[energy-devices] ${errorText(RED, this.wrong)}`);
      return;
    }
    const { settings } = this;
    if (!settings) return;
    const holder = newHolder();
    const engine = new RedisEngine({
      settings,
      holder,
      onLost: (reason) => this.log.engineLost(reason),
      onReady: () => setImmediate(() => this.engineReady()),
    });
    this.cluster = new Cluster(engine, settings, holder, {
      changed: () => this.changed(),
      ending: (partitions) => this.ending(partitions),
      letter: (kind, letter) => {
        for (const heard of this.lettersOf.get(kind) ?? []) heard(letter);
      },
    });
    RED.events.on('flows:starting', this.onStarting);
    RED.events.on('flows:started', this.onStarted);
    this.cluster.lease.setDigest(this.units.newest.digest);
    this.cluster.start();
  }

  /** Counts a node as a user of the cluster. */
  join(node: Node): void {
    this.users++;
    onClose(node, async () => {
      this.duties.get(node)?.end();
      this.duties.delete(node);
      this.users--;
      if (this.users > 0) return;
      this.pace.end();
      this.RED.events.off('flows:starting', this.onStarting);
      this.RED.events.off('flows:started', this.onStarted);
      this.left();
      await this.cluster?.leave(LONGEST_END);
    });
  }

  dutyOf(node: Node): Duty {
    const known = this.duties.get(node);
    if (known) return known;
    const made = new Duty(this, node);
    this.duties.set(node, made);
    return made;
  }

  partitionOf({ id, _alias }: Node & { _alias?: string }): number {
    return this.units.current.partitionOf(_alias ?? id);
  }

  settingsOf({ id, _alias }: Node & { _alias?: string }): string {
    return this.units.newest.settingsOf(_alias ?? id);
  }

  owns(partition: number): boolean {
    const lease = this.cluster?.lease;
    return lease !== undefined && lease.isInForce && lease.owns(partition);
  }

  reads(partition: number): boolean {
    const lease = this.cluster?.lease;
    // Who has lost the engine reads by what it knew then.
    return lease !== undefined && (lease.isInForce || !lease.owns(partition)) && lease.reads(partition);
  }

  saysLast(partition: number): boolean {
    return this.cluster?.lease.saysLast(partition) ?? false;
  }

  standbyStatus(partition: number, owning = false): NodeStatus | undefined {
    const { RED, cluster } = this;
    if (owning ? this.owns(partition) : this.reads(partition)) return undefined;
    if (!cluster) return STATUS.failing('status.clusterSettings');
    if (this.problem) return { fill: 'yellow', shape: 'ring', text: 'status.clusterLost' };
    const owner = cluster.lease.ownerOf(partition);
    // What is still held here is about to be given away.
    const name = owner?.holder === cluster.holder ? undefined : owner?.name;
    const key = this.log.isOther ? 'cluster.standbyFlows' : 'cluster.standby';
    const text = name === undefined ? 'status.standby' : translate(RED, key, { name });
    return { fill: 'grey', shape: 'ring', text };
  }

  lostError(): DeviceError {
    return this.wrong ?? notOwner();
  }

  get problem(): DeviceError | undefined {
    return this.wrong ?? this.cluster?.problem;
  }

  /** Commands that another instance got are carried out by this node. @returns ends that */
  serve(
    duty: Duty,
    work: (msg: Record<string, unknown>, permit: CommandPermit) => InputResult | Promise<InputResult>,
  ): () => void {
    const settings = (): string => this.settingsOf(duty.node);
    const ends = this.cluster?.forward.serve(duty.node.id, {
      get settings() {
        return settings();
      },
      get partition() {
        return duty.partition;
      },
      run: (message, permit) =>
        plainAnswer((msg, _send, own) => work(msg, own ?? permit), message as FlowMessage, permit),
    });
    return () => ends?.();
  }

  /** Takes a message of a node, see `takeInput`. */
  input(input: ClusterInput): void {
    takeInput(this, input);
  }

  /** A message is left to another instance, and counts as such. */
  leave(): void {
    if (this.cluster) this.cluster.commands.dropped++;
    this.dropped();
  }

  /** A message was left to another instance: told once. */
  dropped(): void {
    if (this.toldDrop) return;
    this.toldDrop = true;
    this.RED.log.info(`[energy-devices] ${translate(this.RED, 'log.clusterDropped')}`);
  }

  /**
   * Tells all other members.
   *
   * @param keptAs name under which it is kept for a while, see `keptLetters`; missing: it is not
   * @throws DeviceError when one of them may not have heard it
   */
  async share(kind: string, letter: Record<string, unknown>, keptAs?: string): Promise<void> {
    const { cluster } = this;
    if (!cluster || this.problem) throw this.lostError();
    const text = JSON.stringify({ ...letter, t: kind });
    // Before anybody acts on it: who owns next looks for it there.
    if (keptAs !== undefined) await cluster.engine.send(keptAs, text);
    const others = cluster.lease.members.filter(({ holder }) => holder !== cluster.holder);
    await Promise.all(others.map(({ holder }) => cluster.engine.send(holder, text)));
  }

  /**
   * What has been shared under a name lately, by any member.
   *
   * @param within ms
   * @returns oldest first
   * @throws DeviceError
   */
  async keptLetters(name: string, within: number): Promise<Record<string, unknown>[]> {
    const { cluster } = this;
    if (!cluster) throw this.lostError();
    const { engine } = cluster;
    const letters = await engine.sent(name);
    return letters
      .filter(({ at }) => engine.time() - at < within)
      .map(({ text }) => parsed(text))
      .filter((content) => content !== undefined);
  }

  /** Whether some member owns a node, as far as is known here. */
  hasOwner(node: Node): boolean {
    const partition = this.partitionOf(node);
    return this.owns(partition) || this.cluster?.lease.ownerOf(partition) !== undefined;
  }

  /** Calls `work` before what this duty is about is given to another instance. @returns ends that */
  atHandOver(duty: Duty, work: () => Promise<void>): () => void {
    this.handOvers.set(duty, work);
    return () => void this.handOvers.delete(duty);
  }

  /** The times that this instance owns a node, with what is kept for whoever owns it. */
  shifts(node: Node, work: ShiftWork): Shifts {
    return new Shifts(this.RED, this, node, work);
  }

  /** What is kept for whoever owns a node. @throws DeviceError */
  async memoryOf(node: Node): Promise<SharedMemory> {
    const { cluster } = this;
    if (!cluster) throw this.lostError();
    this.memories ??= new Memories(cluster);
    return this.memories.load(node.id, () => this.partitionOf(node));
  }

  private async ending(partitions: readonly number[]): Promise<void> {
    const there = [...this.handOvers].filter(([duty]) => partitions.includes(duty.partition));
    await Promise.all(there.map(([, work]) => work()));
  }

  /** Hears letters of a kind. @returns ends that */
  onLetter(kind: string, heard: (letter: Record<string, unknown>) => void): () => void {
    const list = this.lettersOf.get(kind) ?? new Set();
    this.lettersOf.set(kind, list.add(heard));
    return () => void list.delete(heard);
  }

  /** For the diagnostics. */
  get report(): Record<string, unknown> {
    const { settings, cluster, wrong } = this;
    if (!settings || !cluster) return reportWithout(wrong);
    return reportOf(settings, cluster, {
      lost: this.problem !== undefined,
      problem: this.log.engineProblem ?? cluster.lease.refusal,
      units: this.units.current.count,
      nodes: this.duties.size,
      nodesOwned: [...this.duties.values()].filter((duty) => duty.active).length,
    });
  }

  private readonly onStarting = (): void => {
    this.units.changed();
    this.cluster?.lease.setDigest(this.units.newest.digest);
    this.changed();
  };

  private readonly onStarted = (): void => this.cluster?.lease.setStarted();

  private engineReady(): void {
    this.log.engineProblem = undefined;
    this.cluster?.connected();
  }

  private changed(): void {
    const { cluster } = this;
    if (!cluster) return;
    const { lease } = cluster;
    if (lease.isInForce) this.units.inForce();
    const lost = this.log.look(cluster);
    const shown = JSON.stringify([
      lost,
      this.log.isOther,
      lease.isInForce,
      this.units.current.digest,
      lease.actsAlone,
      lease.partitions,
      [...lease.owners],
    ]);
    if (shown === this.shown) return;
    this.shown = shown;
    const all = [...this.duties.values()];
    for (const duty of all) if (!duty.isBeginning) duty.look();
    this.pace.begin(all.filter((duty) => duty.isBeginning));
  }
}
