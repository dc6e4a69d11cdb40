import type { Node, NodeAPI } from 'node-red';

import { cancelled, type DeviceError, toDeviceError } from '../../lib/core/errors';
import type { ProxyChoice } from '../../lib/core/http/proxy';
import type { TlsOptions, Transport } from '../../lib/core/http/transport';
import type { NoticeHandler } from '../../lib/core/notices';
import { RecentErrors } from '../../lib/core/poll/recent-errors';
import type { DiagnosticsPart } from './diagnostics';
import { type Closing, onClose } from './on-close';
import { useProxy } from './proxy';
import { announceEnded, announceReplaced, claimDevice, useTransport } from './shared-state';
import { errorText, noticeText, translate } from './text';
import { tlsOptions } from './tls';

/** What the builder of a config node may use; all of it ends with the node. */
export interface ConfigTools {
  /** the runtime's connections */
  transport: () => Transport;
  /**
   * The options of a `tls-config` node.
   *
   * @param id empty: none chosen
   * @throws DeviceError INVALID_INPUT when that node is not there
   */
  tls: (id: string) => TlsOptions | undefined;
  /**
   * Which proxy leads to an address.
   *
   * @param id of an `http proxy` node; empty: the environment decides
   * @throws DeviceError INVALID_INPUT when that node is not there
   */
  proxy: (id: string) => ProxyChoice;
  /**
   * Notes that this node looks after a device, and warns when another one does already.
   *
   * @param key what identifies the device, e.g. its address
   * @param warning key below `log.`; `undefined`: the builder says itself what that means
   * @param exclusive a second one gets no claim
   * @returns `false` when another one does
   */
  claim: (key: string, warning: string | undefined, exclusive?: boolean) => boolean;
  /** Work for the node's end. */
  onClose: (work: Closing | Closing['closing']) => void;
  /** A line in the log; `key` is below `log.`. */
  warn: (key: string, params?: Record<string, string | number>) => void;
  /** Names an oddity in the log. */
  onNotice: NoticeHandler;
  /** where a poller notes its failures; what `run` calls is noted already */
  errors: RecentErrors;
}

/**
 * The runtime side of a config node: the part that it offers to the flow nodes that chose it, or why there is none. A
 * configuration that cannot work is kept as a problem, told once in the log, and thrown where somebody wants to use it;
 * it is never thrown at a deploy.
 */
export class ConfigHolder<P> implements Closing {
  /** why the configuration cannot work */
  readonly problem: DeviceError | undefined;
  private readonly made: P | undefined;
  private readonly errors = new RecentErrors();
  private readonly counts = { calls: 0, failures: 0 };
  private ended = false;
  private announcing: NodeJS.Immediate | undefined;

  /**
   * @param build makes the part; what it throws becomes the problem
   * @param known a problem of the settings, with which nothing is built
   */
  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    build: (tools: ConfigTools) => P,
    known?: DeviceError,
  ) {
    // Node-RED knows this node under its id only after its constructor.
    this.announcing = setImmediate(() => {
      this.announcing = undefined;
      announceReplaced(RED, node.id);
    });
    onClose(node, this);
    try {
      if (known) throw known;
      this.made = build(toolsOf(RED, node, this.errors));
    } catch (thrown) {
      this.problem = toDeviceError(thrown);
      node.warn(errorText(RED, this.problem));
    }
  }

  /** For the node's end. */
  closing(): void {
    this.ended = true;
    clearImmediate(this.announcing);
    announceEnded(this.RED, this.node.id);
  }

  /** Whether its node has been closed. */
  get closed(): boolean {
    return this.ended;
  }

  /** The part, if the configuration can work. */
  get offered(): P | undefined {
    return this.made;
  }

  /** @throws DeviceError the configuration's problem */
  get part(): P {
    if (this.made === undefined) throw this.problem ?? cancelled(false);
    return this.made;
  }

  /**
   * Runs a call, counting it for the diagnostics.
   *
   * @throws DeviceError the configuration's problem, or what the call throws
   */
  async run<T>(call: (part: P) => Promise<T>): Promise<T> {
    const { part } = this;
    this.counts.calls++;
    try {
      return await call(part);
    } catch (thrown) {
      this.counts.failures++;
      this.errors.note(toDeviceError(thrown));
      throw thrown;
    }
  }

  /**
   * For the diagnostics download.
   *
   * @param describe settings and state; no credentials
   */
  diagnostics(describe: (part: P | undefined) => DiagnosticsPart): DiagnosticsPart {
    const problem = this.problem?.message ?? null;
    // A device that is read has counts of its own.
    const counts = this.counts.calls === 0 ? {} : this.counts;
    return { problem, ...counts, recentErrors: this.errors.list(), ...describe(this.made) };
  }
}

/** A config node of this package. */
export interface ConfigNode<P, C extends object = object> extends Node<C> {
  holder: ConfigHolder<P>;
}

/** The config node of this id as it runs now; `undefined` when it is not there, disabled, closed or of another type. */
export function findConfig<P>(RED: NodeAPI, type: string, id: unknown): ConfigHolder<P> | undefined {
  if (typeof id !== 'string' || id === '') return undefined;
  const found = RED.nodes.getNode(id) as Partial<ConfigNode<P>> | null | undefined;
  return found?.type === type && found.holder && !found.holder.closed ? found.holder : undefined;
}

/** Hears of oddities for as long as the part lives; made apart, so that it keeps nothing else of the tools. */
function noticeLog(RED: NodeAPI, node: Node): NoticeHandler {
  return (notice) => node.warn(noticeText(RED, notice));
}

function toolsOf(RED: NodeAPI, node: Node, errors: RecentErrors): ConfigTools {
  let transport: Transport | undefined;
  const use = (): Transport => (transport ??= useTransport(RED, node));
  const warn: ConfigTools['warn'] = (key, params) => node.warn(translate(RED, `log.${key}`, params));
  const atEnd: ConfigTools['onClose'] = (work) => onClose(node, work);
  return {
    transport: use,
    tls: (id) => {
      const options = tlsOptions(RED, id);
      if (options) atEnd(() => use().release(options));
      return options;
    },
    proxy: (id) => useProxy(RED, node, use(), id),
    claim: (key, warning, exclusive = false) => {
      const alone = claimDevice(RED, node, `${node.type} ${key}`, exclusive);
      if (!alone && warning !== undefined) warn(warning);
      return alone;
    },
    onClose: atEnd,
    warn,
    onNotice: noticeLog(RED, node),
    errors,
  };
}
