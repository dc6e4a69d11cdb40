import type { Node, NodeAPI, NodeDef } from 'node-red';

import { type DeviceError, toDeviceError } from '../../lib/core/errors';
import { type ChangeLimits, ChangeWatch } from '../../lib/powersentrix/changes';
import { logEvent, LogMemory, type LogRecord } from '../../lib/powersentrix/log';
import type { Push } from '../../lib/powersentrix/push';
import type { Registration } from '../../lib/powersentrix/registry';
import { normaliseIdent } from '../../lib/powersentrix/status';
import { onClose } from '../shared/input-runner';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-type';
import { attachPolledNode } from '../shared/polled-node';
import { readSettings } from '../shared/read-settings';
import { settingText } from '../shared/settings';
import { errorText, translate } from '../shared/text';
import { findUps, type UpsNode, type UpsReading } from './ups';
import { form } from './ups-events.form';

const KINDS = ['registered', 'log', 'status'] as const;
type Kind = (typeof KINDS)[number];

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

/** Key of the node's context; what stands there survives a restart where the user has a context store that does. */
const MEMORY = 'energyDevicesUpsEvents';

interface Stored {
  device?: unknown;
  log?: unknown;
  changes?: unknown;
}

/** A context store that can only be read asynchronously is as good as none. */
function readContext(node: Node): Stored | undefined {
  try {
    return node.context().get(MEMORY) as Stored | undefined;
  } catch {
    return undefined;
  }
}

/** What one node remembers. */
class Memory {
  readonly log: LogMemory;
  readonly changes: ChangeWatch;

  /** @param identity of the UPS: another one's past says nothing about it, and would hide its events */
  constructor(
    private readonly node: Node,
    private readonly identity: string,
    limits: ChangeLimits,
  ) {
    const stored = readContext(node);
    const own = stored?.device === identity ? stored : undefined;
    this.log = new LogMemory(own?.log);
    this.changes = new ChangeWatch(limits, own?.changes);
  }

  /** A context store that cannot be written costs the memory, never an event. */
  save(): void {
    const { node, identity, log, changes } = this;
    try {
      node.context().set(MEMORY, { device: identity, log: log.state, changes: changes.state });
    } catch (thrown) {
      node.debug(`context: ${String(thrown)}`);
    }
  }
}

export function runtime(RED: NodeAPI): NodeRuntime {
  function UpsEvents(this: Node, config: NodeDef): void {
    createNode(RED, this, config);
    const { settings, problem } = readSettings(RED, this, form, config);
    if (problem) this.warn(errorText(RED, problem));
    const { topic, temperatureLimit, imbalanceLimit } = settings;
    const found = findUps(RED, settings.device);
    const kinds = kindsOf(settings.events);
    const limits = { temperature: watched(temperatureLimit), imbalance: watched(imbalanceLimit) };
    const memory = new Memory(this, found?.ups.identity ?? '', limits);
    const closing = new AbortController();

    const events = attachPolledNode<UpsReading>(RED, this, found?.device, {
      topic,
      statusText: ({ status }) => translate(RED, `powerSource.${status.powerSource}`, {}, status.powerSource),
      onReading: (reading) => {
        const before = JSON.stringify(memory.changes.state);
        const changes = memory.changes.update(reading.status);
        // What was seen without being news counts too: after a restart it is what the first reading is held against.
        if (JSON.stringify(memory.changes.state) !== before) memory.save();
        for (const change of changes) {
          emit({ event: 'status', cmm: cmm(), timestamp: reading.timestamp, ...change });
        }
        if (found && kinds.has('log')) void pull(found);
      },
    });
    const cmm = (): string | null => found?.ups.cmm() ?? null;
    const emit = (payload: Event): void => {
      if (kinds.has(payload.event)) events.send({ payload });
    };
    const emitLog = (record: LogRecord): void => {
      const { cmm: own, ...event } = logEvent(record, found?.ups.zone(), Date.now());
      emit({ ...event, cmm: own ?? cmm() });
    };

    let pulling = false;
    let complained = false;
    let mostUnreadable = 0;
    const pull = async ({ ups }: UpsNode): Promise<void> => {
      if (pulling || !ups.pullLogs) return;
      pulling = true;
      try {
        const before = memory.log.changes;
        const { records, unreadable, incomplete } = await ups.pullLogs(memory.log, closing.signal);
        for (const record of records) emitLog(record);
        if (memory.log.changes !== before) memory.save();
        if (incomplete) this.warn(translate(RED, 'log.logIncomplete'));
        // The same records come with every pull; one line is enough for as many.
        if (unreadable > mostUnreadable)
          this.warn(translate(RED, 'log.logUnreadable', { count: unreadable }));
        mostUnreadable = Math.max(mostUnreadable, unreadable);
        complained = false;
      } catch (thrown) {
        const error: DeviceError = toDeviceError(thrown);
        // One line an outage: the status itself did arrive, so the device does not count as lost.
        if (!complained && !closing.signal.aborted) this.warn(errorText(RED, error));
        complained = true;
      } finally {
        pulling = false;
      }
    };

    const detach = found?.ups.onPush((push, registration) => {
      if (push.kind === 'registered') {
        memory.log.registered();
        memory.save();
        emit(registeredEvent(push, registration));
      }
      if (push.kind !== 'log' || !memory.log.admitPushed(push.record)) return;
      memory.save();
      emitLog(push.record);
    });
    onClose(this, () => {
      closing.abort();
      detach?.();
      return Promise.resolve();
    });
  }

  return { create: UpsEvents };
}
