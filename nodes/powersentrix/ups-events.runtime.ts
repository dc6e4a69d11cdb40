import type { Node, NodeAPI, NodeDef } from 'node-red';

import { type DeviceError, toDeviceError } from '../../lib/core/errors';
import { Turns } from '../../lib/core/poll/turns';
import { recordOf } from '../../lib/powersentrix/values';
import { type ChangeLimits, ChangeWatch } from '../../lib/powersentrix/changes';
import { logEvent, LogMemory, type LogRecord } from '../../lib/powersentrix/log';
import type { Push } from '../../lib/powersentrix/push';
import type { UpsReading } from '../../lib/powersentrix/reading';
import type { Registration } from '../../lib/powersentrix/registry';
import { normaliseIdent } from '../../lib/powersentrix/status';
import { onClose } from '../shared/on-close';
import { createNode } from '../shared/migrate';
import { NodeMemory } from '../shared/node-memory';
import type { NodeRuntime } from '../shared/node-runtime';
import { attachGroupNode, type GroupNode } from '../shared/group-node';
import { attachPolledNode } from '../shared/polled-node';
import { readSettings } from '../shared/read-settings';
import { settingText } from '../shared/settings';
import { errorText, translate } from '../shared/text';
import { allUpsesOf, isOnBattery, type ManyPart, upsOf } from './ups';
import type { UpsPart } from './parts';
import { batteryRemark, upsesOf } from './ups-status-all';
import { form } from './ups-events.form';

const KINDS = ['registered', 'log', 'status'] as const;
type Kind = (typeof KINDS)[number];

/** Logs that are pulled at a time. */
const PULLS_AT_ONCE = 2;

type Send = GroupNode<UpsPart>['send'];

type Event = { event: Kind } & Record<string, unknown>;

function kindsOf(events: unknown): ReadonlySet<string> {
  if (Array.isArray(events)) return new Set(events.map(String));
  const text = settingText(events);
  return new Set(text === '' ? KINDS : text.split(',').map((kind) => kind.trim()));
}

/** A limit of 0 is not watched, as one that is empty. */
function watched(limit: number | null): number | null {
  return limit === 0 ? null : limit;
}

/** What a registration tells, for a flow. */
function registeredEvent(
  { cmm, ident, description }: Push & { kind: 'registered' },
  { address }: Registration,
): Event {
  return { event: 'registered', cmm, description, address, ident: normaliseIdent(ident) };
}

/** Key of the node's context. */
const MEMORY = 'energyDevicesUpsEvents';

/** Events that wait for a slow context store at the most. */
const MAX_WAITING = 1000;

/** What is remembered of one UPS. */
interface Past {
  identity: string;
  /** pushes that were told lately, and when, where several instances take them */
  pushes: Map<string, number>;
  log: LogMemory;
  changes: ChangeWatch;
}

/** What one node remembers, from its context store on. */
class Memory {
  private readonly kept: NodeMemory;
  private stored: Record<string, unknown> = {};
  private readonly pasts = new Map<string, Past>();
  private waiting: (() => void)[] | undefined = [];

  constructor(
    RED: NodeAPI,
    node: Node,
    private readonly limits: ChangeLimits,
    /** of all UPSes of an account or receiver; else of one, and another one in its place begins anew */
    private readonly many: boolean,
  ) {
    this.kept = new NodeMemory(RED, node, MEMORY);
    this.kept.read((stored) => {
      this.stored = recordOf(stored);
      const { waiting = [] } = this;
      this.waiting = undefined;
      for (const work of waiting) work();
    });
  }

  /** Does something when the store has been read, in order. */
  whenRead(work: () => void): void {
    if (!this.waiting) work();
    else if (this.waiting.length < MAX_WAITING) this.waiting.push(work);
  }

  /** @param identity of the UPS: another one's past says nothing about it, and would hide its events */
  of(identity: string): Past {
    const known = this.pasts.get(identity);
    if (known) return known;
    const own = this.storedOf(identity);
    const past = {
      identity,
      pushes: pushesIn(own.pushes),
      log: new LogMemory(own.log),
      changes: new ChangeWatch(this.limits, own.changes),
    };
    if (!this.many) this.pasts.clear();
    this.pasts.set(identity, past);
    return past;
  }

  save(past: Past): void {
    // A pull that has outlived its UPS must not take the place of the one that followed.
    if (this.pasts.get(past.identity) !== past) return;
    if (!this.many) {
      this.kept.write({ device: past.identity, ...stateOf(past) });
      return;
    }
    const kept = new Map(Object.entries(recordOf(this.stored.devices)));
    for (const one of this.pasts.values()) {
      kept.delete(one.identity);
      kept.set(one.identity, stateOf(one));
    }
    // Of those that have gone the longest known ones are forgotten.
    const devices = Object.fromEntries([...kept].slice(-MAX_REMEMBERED));
    this.kept.write({ devices });
  }

  private storedOf(identity: string): Record<string, unknown> {
    if (!this.many) return this.stored.device === identity ? this.stored : {};
    const devices = recordOf(this.stored.devices);
    return Object.hasOwn(devices, identity) ? recordOf(devices[identity]) : {};
  }
}

/** UPSes that are remembered at the most. */
const MAX_REMEMBERED = 1000;

/** Pushes of one UPS that are remembered, and for how many ms: longer than one waits for an owner. */
const MAX_PUSHES = 500;
const PUSHES_FOR = 20 * 60_000;

const stateOf = ({ log, changes, pushes }: Past) => ({
  log: log.state,
  changes: changes.state,
  ...(pushes.size > 0 ? { pushes: [...pushes] } : {}),
});

function pushesIn(stored: unknown): Map<string, number> {
  const list = Array.isArray(stored) ? (stored as unknown[]).slice(-MAX_PUSHES) : [];
  return new Map(
    list.flatMap((one): [string, number][] => {
      const [id, at] = Array.isArray(one) ? (one as unknown[]) : [];
      return typeof id === 'string' && typeof at === 'number' ? [[id, at]] : [];
    }),
  );
}

/** @returns whether it is told for the first time */
function admitPush(pushes: Map<string, number>, { id }: Push): boolean {
  if (id === undefined) return true;
  if (pushes.has(id)) return false;
  const now = Date.now();
  for (const [known, at] of pushes)
    if (now - at > PUSHES_FOR || pushes.size >= MAX_PUSHES) pushes.delete(known);
  pushes.set(id, now);
  return true;
}

export function runtime(RED: NodeAPI): NodeRuntime {
  function UpsEvents(this: Node, config: NodeDef): void {
    createNode(RED, this, config);
    const { settings, problem } = readSettings(RED, this, form, config);
    if (problem) this.warn(errorText(RED, problem));
    const { topic, temperatureLimit, imbalanceLimit } = settings;
    const kinds = kindsOf(settings.events);
    const limits = { temperature: watched(temperatureLimit), imbalance: watched(imbalanceLimit) };
    const many = settings.scope !== 'one';
    const memory = new Memory(RED, this, limits, many);
    const closing = new AbortController();

    const emit = (part: UpsPart, payload: Event): void => {
      if (kinds.has(payload.event)) send(part, { payload });
    };
    const emitLog = (part: UpsPart, record: LogRecord): void => {
      const { cmm: own, ...event } = logEvent(record, part.ups.zone, Date.now());
      emit(part, { ...event, cmm: own ?? part.cmm });
    };
    const judge = (part: UpsPart, { timestamp, status }: UpsReading): void => {
      const past = memory.of(part.ups.way.identity);
      const before = JSON.stringify(past.changes.state);
      const changes = past.changes.update(status);
      // What was seen without being news counts too: after a restart it is what the first reading is held against.
      if (JSON.stringify(past.changes.state) !== before) memory.save(past);
      for (const change of changes) emit(part, { event: 'status', cmm: part.cmm, timestamp, ...change });
      if (kinds.has('log')) void pull(part, past);
    };

    const pulling = new Set<UpsPart>();
    let complained = false;
    let mostUnreadable = 0;
    // Each pull is a request of its own; those of many UPSes take turns.
    const turns = new Turns(PULLS_AT_ONCE);
    const pull = async (part: UpsPart, past: Past): Promise<void> => {
      const { pullLogs } = part.ups.way;
      if (pulling.has(part) || !pullLogs) return;
      pulling.add(part);
      try {
        const before = past.log.changes;
        const { records, unreadable, incomplete } = await turns.run(
          () => pullLogs(past.log, closing.signal),
          closing.signal,
        );
        for (const record of records) emitLog(part, record);
        if (past.log.changes !== before) memory.save(past);
        if (incomplete) this.warn(translate(RED, 'log.logIncomplete'));
        // The same records come with every pull; one line is enough for as many.
        if (unreadable > mostUnreadable)
          this.warn(translate(RED, 'log.logUnreadable', { count: unreadable }));
        mostUnreadable = Math.max(mostUnreadable, unreadable);
        complained = false;
      } catch (thrown) {
        const error: DeviceError = toDeviceError(thrown);
        // The account was deployed again, or this node ends.
        if (error.code === 'CANCELLED' || closing.signal.aborted) return;
        // One line an outage: the status itself did arrive, so the device does not count as lost.
        if (!complained) this.warn(errorText(RED, error));
        complained = true;
      } finally {
        pulling.delete(part);
      }
    };

    const take = (part: UpsPart, push: Push, registration: Registration): void => {
      if (push.kind === 'data') return;
      const past = memory.of(part.ups.way.identity);
      // The owner before may have told it.
      if (!admitPush(past.pushes, push)) return;
      if (push.kind === 'registered') {
        past.log.registered();
        memory.save(past);
        emit(part, registeredEvent(push, registration));
      }
      if (push.kind !== 'log') return;
      const isNew = past.log.admitPushed(push.record);
      if (isNew || push.id !== undefined) memory.save(past);
      if (isNew) emitLog(part, push.record);
    };
    const onReading = (part: UpsPart, reading: UpsReading): void =>
      memory.whenRead(() => judge(part, reading));
    const joined = (part: UpsPart) =>
      part.ups.onPush((...push) => memory.whenRead(() => take(part, ...push)));
    const sendOfAll = (): Send =>
      attachGroupNode<UpsReading, UpsPart, ManyPart>(RED, this, allUpsesOf(RED, this, settings, problem), {
        groupOf: upsesOf,
        topic,
        takesMessages: false,
        onReading,
        joined,
        remark: (parts) => batteryRemark(RED, parts),
      }).send;

    const sendOfOne = (): Send => {
      const ups = upsOf(RED, this, settings.device, problem);
      const events = attachPolledNode<UpsReading>(RED, this, ups, {
        topic,
        statusText: ({ status }) =>
          translate(RED, `powerSource.${status.powerSource}`, {}, status.powerSource),
        attention: isOnBattery,
        onReading: (reading) => {
          const part = ups.offered;
          if (part) onReading(part, reading);
        },
      });
      ups.follow((part) => part && joined(part));
      return (_part, content) => events.send(content);
    };
    const send = many ? sendOfAll() : sendOfOne();
    onClose(this, () => {
      closing.abort();
      return Promise.resolve();
    });
  }

  return { ownerOnly: true, create: UpsEvents };
}
