import type { Node, NodeAPI, NodeDef } from 'node-red';

import { type DeviceError, toDeviceError } from '../../lib/core/errors';
import { type AllTargets, type ExternalSignal, MONTHS } from '../../lib/powerflex/dcm';
import { SignalKeeper } from '../../lib/powerflex/signal-keeper';
import { ErrorStream } from '../shared/error-stream';
import { type InputContext, type InputResult, onClose, onInput } from '../shared/input-runner';
import { type FlowMessage, topicOf } from '../shared/messages';
import { createNode } from '../shared/migrate';
import type { NodeRuntime } from '../shared/node-type';
import { numberReader, settingText } from '../shared/settings';
import { STATUS, statusOfError, statusSetter } from '../shared/status';
import { nodeError, translate } from '../shared/text';
import {
  type DcmSettings,
  type Operation,
  operationOf,
  signalNameOf,
  signalOf,
  targetsOf,
} from './dcm-input';
import { attachFeed, type FeedSettings } from './feed';
import { findSite, noSite, type PowerflexSite } from './site';

interface Config extends NodeDef, DcmSettings, FeedSettings {
  site: string;
  topic?: string;
  /** min; 0 or empty: never */
  restoreAfter?: number | string;
}

/** What an operation gives: a payload, or nothing when a newer load took its place. */
type Perform = (msg: FlowMessage, signal: AbortSignal) => Promise<unknown>;

function monthText(targets: AllTargets): string {
  const month = MONTHS[new Date().getUTCMonth()] ?? 'Jan';
  return `${month} ${targets[month] ?? '–'} kW`;
}

export function runtime(RED: NodeAPI): NodeRuntime<Node, Config> {
  function Dcm(this: Node, config: Config): void {
    createNode(RED, this, config);
    const site = findSite(RED, config.site);
    const setStatus = statusSetter(this);
    const header = (): Record<string, unknown> => ({
      topic: settingText(config.topic) || site?.info().name,
      device: site?.info(),
    });
    const problem = site ? site.problem : noSite();
    setStatus(problem ? STATUS.unconfigured() : STATUS.waiting());
    const operations = site && !problem ? operationsOf(this, config, site, header, setStatus) : undefined;

    const perform = async (msg: FlowMessage, { signal }: InputContext): Promise<InputResult> => {
      if (!operations) throw problem ?? noSite();
      try {
        const payload = await operations[operationOf(config, msg)](msg, signal);
        if (payload === undefined) return null;
        return [{ ...msg, ...header(), topic: topicOf(msg, header().topic), payload }, null];
      } catch (thrown) {
        setStatus(statusOfError(toDeviceError(thrown)));
        throw thrown;
      }
    };
    onInput(RED, this, perform, takesLoads(config) ? new ErrorStream(RED, this) : undefined);
  }

  function operationsOf(
    node: Node,
    config: Config,
    site: PowerflexSite,
    header: () => Record<string, unknown>,
    setStatus: ReturnType<typeof statusSetter>,
  ): Record<Operation, Perform> {
    const keeper = makeKeeper(node, config, site, {
      onRestored: (signal) => {
        showSignal(signal);
        node.send([{ ...header(), payload: signal, restored: true }, null]);
      },
      onError: (error, name) =>
        node.error(nodeError(RED, node, error), { ...header(), payload: { name }, restored: false }),
    });
    const feed = feedOf(node, config, site, header, setStatus);
    const showSignal = ({ enabled, maxLoad, maxLoadUnit }: ExternalSignal): void =>
      setStatus(STATUS.fresh(enabled ? `${maxLoad} ${maxLoadUnit}` : 'status.signalOff'));
    const showTargets = (targets: AllTargets): { targets: AllTargets } => {
      setStatus(STATUS.fresh(monthText(targets)));
      return { targets };
    };

    return {
      set_real_time_load: (msg) => feed?.push(msg) ?? Promise.resolve(undefined),

      get_target_peak_power: async (_, signal) => {
        setStatus(STATUS.busy());
        return showTargets(await site.run((client) => client.getTargetPeakPower(signal)));
      },

      set_target_peak_power: async (msg, signal) => {
        const targets = targetsOf(config, msg);
        setStatus(STATUS.busy());
        return showTargets(await site.change((client) => client.setTargetPeakPower(targets, signal)));
      },

      get_external_signal: async (msg, abort) => {
        const name = signalNameOf(config, msg);
        setStatus(STATUS.busy());
        if (name === undefined) {
          const signals = await site.run((client) => client.getExternalSignals(abort));
          setStatus(STATUS.fresh(`${signals.length} ✓`));
          return signals;
        }
        const signal = await site.run((client) => client.getExternalSignal(name, abort));
        showSignal(signal);
        return signal;
      },

      set_external_signal: async (msg) => {
        const wanted = signalOf(config, msg);
        setStatus(STATUS.busy());
        const held = await keeper.set(wanted);
        showSignal(held);
        return held;
      },
    };
  }

  /** The load feed, if this node can be one. */
  function feedOf(
    node: Node,
    config: Config,
    site: PowerflexSite,
    header: () => Record<string, unknown>,
    setStatus: ReturnType<typeof statusSetter>,
  ): ReturnType<typeof attachFeed> | undefined {
    if (!takesLoads(config)) return undefined;
    const closing = abortOnClose(node);
    return attachFeed(RED, node, {
      settings: config,
      // With "msg" nobody knows whether a load will ever come.
      expected: config.operation === 'set_real_time_load',
      siteId: config.site,
      send: (kilowatts) => site.run((client) => client.setRealTimeLoad(kilowatts, closing)),
      header,
      setStatus,
    });
  }

  function makeKeeper(
    node: Node,
    config: Config,
    site: PowerflexSite,
    on: { onRestored: (signal: ExternalSignal) => void; onError: (error: DeviceError, name: string) => void },
  ): SignalKeeper {
    const minutes = numberReader(RED, node)(config.restoreAfter, 0, 0);
    const keeper = new SignalKeeper({
      client: {
        findExternalSignal: (name, signal) => site.run((client) => client.findExternalSignal(name, signal)),
        setExternalSignal: (wanted, signal, onEcho) =>
          site.run((client) => client.setExternalSignal(wanted, signal, onEcho)),
      },
      restoreAfter: minutes > 0 ? minutes * 60_000 : null,
      signal: abortOnClose(node),
      ...on,
    });
    onClose(node, () => {
      const lost = keeper.pendingInWords;
      if (lost.length > 0) node.warn(translate(RED, 'log.restorePending', { names: lost.join('; ') }));
      keeper.close();
      return Promise.resolve();
    });
    return keeper;
  }

  return { create: Dcm };
}

/** Whether loads may come, each second perhaps. */
function takesLoads({ operation }: Config): boolean {
  return operation === 'set_real_time_load' || operation === 'msg';
}

function abortOnClose(node: Node): AbortSignal {
  const closing = new AbortController();
  onClose(node, () => {
    closing.abort();
    return Promise.resolve();
  });
  return closing.signal;
}
