import type { Node, NodeAPI, NodeDef } from 'node-red';

import { systemClock } from '../../lib/core/clock';
import { permitOf } from '../../lib/core/command/permit';
import { cancelled, toDeviceError } from '../../lib/core/errors';
import { localTimeOf } from '../../lib/core/zone';
import type { PowerflexClient } from '../../lib/powerflex/client';
import { type AllTargets, type ExternalSignal, localMonth } from '../../lib/powerflex/dcm';
import {
  type Operation,
  operationOf,
  signalNameOf,
  signalOf,
  targetsOf,
} from '../../lib/powerflex/dcm-input';
import { clusterOf, dutyOf } from '../shared/cluster';
import type { SharedMemory } from '../shared/cluster-face';
import type { Role } from '../shared/cluster-input';
import { ErrorStream } from '../shared/error-stream';
import type { SettingsOf } from '../shared/form';
import { type InputContext, onInput } from '../shared/input-runner';
import { type FlowMessage, topicOf } from '../shared/messages';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-runtime';
import { lostPayload } from '../shared/polled-node';
import { onClose } from '../shared/on-close';
import { readSettings } from '../shared/read-settings';
import { type SetStatus, STATUS, statusSetter } from '../shared/status';
import { errorText, nodeError, toldError } from '../shared/text';
import { attachFeed, type Feed } from './feed';
import { form } from './powerflex-dcm.form';
import { Signals } from './signals';
import { type PowerflexSite, siteOf, type SiteReference } from './site';

type Settings = SettingsOf<typeof form>;

/** What an operation gives. */
interface Outcome {
  /** missing: nothing is sent, because a newer load took its place */
  payload?: unknown;
  /** text below the node; missing: what the feed shows */
  status?: string;
}

type Perform = (msg: FlowMessage, context: InputContext) => Promise<Outcome>;

/** @param zone where the site is, whose month counts */
function targetsShown(targets: AllTargets, zone: string): Outcome {
  const local = localTimeOf(zone);
  const month = localMonth(systemClock.now(), local);
  return { payload: { targets, month, zone: local.name }, status: `${month} ${targets[month] ?? '–'} kW` };
}

function signalText({ enabled, maxLoad, maxLoadUnit }: ExternalSignal): string {
  return enabled ? `${maxLoad} ${maxLoadUnit}` : 'status.signalOff';
}

/** What a flow node does with one site, for as long as that site runs. */
interface Parts {
  site: PowerflexSite;
  signals: Signals;
  operations: Record<Operation, Perform>;
  /** if the node can be one */
  readonly feed: Feed | undefined;
  close: () => void;
}

export function runtime(RED: NodeAPI): NodeRuntime {
  function Dcm(this: Node, config: NodeDef): void {
    createNode(RED, this, config);
    const { settings, problem } = readSettings(RED, this, form, config);
    if (problem) this.warn(errorText(RED, problem));
    let memory: SharedMemory | undefined;
    const shifts = clusterOf(RED)?.shifts(this, {
      begin: (found) => {
        memory = found;
        parts?.signals.begin(found);
      },
      end: async () => {
        memory = undefined;
        await parts?.signals.end(true);
      },
      failed: (thrown) => this.error(errorText(RED, toDeviceError(thrown))),
    });
    // Before its site has left it.
    onClose(this, async (removed) => {
      // Where that fails, the next owner finds them, and says so itself.
      if (removed) await parts?.signals.forget().catch((thrown: unknown) => this.debug(String(thrown)));
      await shifts?.close(removed);
    });
    const site = siteOf(RED, this, settings.site, problem);
    const setStatus = statusSetter(RED, this);
    let parts: Parts | undefined;
    const header = (): Record<string, unknown> => {
      const info = parts?.site.info();
      return { topic: settings.topic || info?.name, device: info };
    };

    site.follow((found) => {
      if (!found) {
        // Others go by the feed's availability.
        if (parts?.feed) this.send([null, { ...header(), payload: lostPayload(RED, site.problem) }]);
        parts = undefined;
        return undefined;
      }
      const own = partsOf(this, settings, site, found, header, setStatus, memory);
      parts = own;
      return () => own.close();
    });

    onInput(
      RED,
      this,
      async (msg, context) => {
        const found = site.part;
        if (parts?.site !== found) throw cancelled(false);
        const { payload, status } = await parts.operations[operationOf(settings, msg)](msg, context);
        if (payload === undefined) return { send: null, status };
        return {
          send: [{ ...msg, ...header(), topic: topicOf(msg, header().topic), payload }, null],
          status,
        };
      },
      {
        setStatus,
        config: site,
        role: (msg) => roleOf(operationOf(settings, msg)),
        single: settings.single,
        commands: () => ({ vendor: 'powerflex', id: parts?.site.info().id }),
        rest: () => parts?.feed?.state(),
        ...(takesLoads(settings) ? { errors: new ErrorStream(RED, this) } : {}),
      },
    );
  }

  function partsOf(
    node: Node,
    settings: Settings,
    reference: SiteReference,
    site: PowerflexSite,
    header: () => Record<string, unknown>,
    setStatus: SetStatus,
    memory: SharedMemory | undefined,
  ): Parts {
    const ending = new AbortController();
    const run = <T>(call: (client: PowerflexClient) => Promise<T>): Promise<T> =>
      reference.run(({ client }) => call(client));
    const minutes = settings.restoreAfter ?? 0;
    const signals = new Signals(RED, node, {
      client: {
        findExternalSignal: (name, signal) => run((client) => client.findExternalSignal(name, signal)),
        setExternalSignal: (wanted, signal, onEcho) =>
          run((client) => client.setExternalSignal(wanted, signal, onEcho)),
      },
      siteId: site.info().id,
      restoreAfter: minutes > 0 ? minutes * 60_000 : null,
      onRestored: (signal) => {
        setStatus(STATUS.fresh(signalText(signal)));
        node.send([{ ...header(), payload: signal, restored: true }, null]);
      },
      onError: (error, name) =>
        node.error(toldError(RED, node, nodeError(RED, node, error)), {
          ...header(),
          payload: { name },
          restored: false,
        }),
    });
    if (memory) signals.begin(memory);
    const startFeed = (): Feed =>
      attachFeed(RED, node, {
        settings,
        // With "msg" it is not known whether a load will ever come.
        expected: settings.operation === 'set_real_time_load',
        siteId: settings.site,
        send: (kilowatts) => run((client) => client.setRealTimeLoad(kilowatts, ending.signal)),
        header,
        setStatus,
      });
    let feed: Feed | undefined;
    // Only the owner feeds the site, and one that has come to own it waits for its first load like one that has begun.
    const duty = dutyOf(RED, node);
    const lookAtFeed = (): void => {
      const isWanted = takesLoads(settings) && (duty?.active ?? true);
      if (!isWanted) feed?.close();
      feed = isWanted ? (feed ?? startFeed()) : undefined;
    };
    lookAtFeed();
    const endDuty = duty?.follow(lookAtFeed);

    const operations: Record<Operation, Perform> = {
      set_real_time_load: async (msg) => ({ payload: await feed?.push(msg) }),

      get_target_peak_power: async (_, { signal, busy }) => {
        busy();
        return targetsShown(await run((client) => client.getTargetPeakPower(signal)), site.zone);
      },

      set_target_peak_power: async (msg, { signal, busy }) => {
        const targets = targetsOf(settings, msg);
        busy();
        await permitOf(signal)?.begin('set');
        const held = await reference.run((current) =>
          current.change((client) => client.setTargetPeakPower(targets, signal), signal),
        );
        return targetsShown(held, site.zone);
      },

      get_external_signal: async (msg, { signal, busy }) => {
        const name = signalNameOf(settings, msg);
        busy();
        if (name === undefined) {
          const held = await run((client) => client.getExternalSignals(signal));
          return { payload: held, status: `${held.length} ✓` };
        }
        const held = await run((client) => client.getExternalSignal(name, signal));
        return { payload: held, status: signalText(held) };
      },

      set_external_signal: async (msg, { signal, busy }) => {
        const wanted = signalOf(settings, msg);
        busy();
        // Set twice by two owners it is what was wanted.
        await permitOf(signal)?.begin('set');
        const held = await signals.set(wanted, signal);
        return { payload: held, status: signalText(held) };
      },
    };
    const close = (): void => {
      ending.abort();
      signals.close();
      endDuty?.();
      feed?.close();
    };
    return {
      site,
      signals,
      operations,
      get feed() {
        return feed;
      },
      close,
    };
  }

  return { create: Dcm };
}

/** Loads come as a stream, of which only the owner's counts. */
function roleOf(operation: Operation): Role {
  switch (operation) {
    case 'set_real_time_load':
      return 'owner';
    case 'set_target_peak_power':
    case 'set_external_signal':
      return 'command';
    default:
      return 'read';
  }
}

/** Whether loads may come, each second perhaps. */
function takesLoads({ operation }: Settings): boolean {
  return operation === 'set_real_time_load' || operation === 'msg';
}
