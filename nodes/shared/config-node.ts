import type { Node, NodeAPI } from 'node-red';

import { cancelled, type DeviceError, toDeviceError } from '../../lib/core/errors';
import { RecentErrors } from '../../lib/core/recent-errors';
import type { TlsOptions, Transport } from '../../lib/core/transport';
import { onClose } from './input-runner';
import { announceReplaced, claimDevice, onReplaced, useTransport } from './shared-state';
import { errorText, translate } from './text';
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
  tls: (id: unknown) => TlsOptions | undefined;
  /**
   * Notes that this node looks after a device, and warns when another one does already.
   *
   * @param key what identifies the device, e.g. its address
   * @param warning key below `log.`
   * @returns `false` when another one does
   */
  claim: (key: string, warning: string, exclusive?: boolean) => boolean;
  /** Work for the node's end. */
  onClose: (work: () => Promise<void> | void) => void;
  /** A line in the log. */
  warn: (key: string, params?: Record<string, string | number>) => void;
}

/**
 * The runtime side of a config node: what it offers to the flow nodes that chose it, or why it cannot. A configuration
 * that cannot work is kept as a problem, told once in the log, and thrown where somebody wants to use it; it is never
 * thrown at a deploy.
 */
export class ConfigHolder<P> {
  /** the last failures, for diagnostics */
  readonly errors = new RecentErrors();
  /** why the configuration cannot work */
  readonly problem: DeviceError | undefined;
  private readonly made: P | undefined;
  private ended = false;

  /**
   * @param build makes what the node offers; what it throws becomes the problem
   */
  constructor(RED: NodeAPI, node: Node, build: (tools: ConfigTools) => P) {
    try {
      this.made = build(toolsOf(RED, node));
    } catch (thrown) {
      this.problem = toDeviceError(thrown);
      node.warn(errorText(RED, this.problem));
    }
    onClose(node, () => {
      this.ended = true;
      // Those who follow hear of it when the deploy is over: most often another node stands in its place by then.
      RED.events.once('flows:started', () => announceReplaced(RED, node.id));
      return Promise.resolve();
    });
    // Node-RED knows this node under its id only after its constructor.
    const announcing = setImmediate(() => announceReplaced(RED, node.id));
    onClose(node, () => {
      clearImmediate(announcing);
      return Promise.resolve();
    });
  }

  /** Whether its node has been closed. */
  get closed(): boolean {
    return this.ended;
  }

  /** What the node offers, if its configuration can work. */
  get offered(): P | undefined {
    return this.made;
  }

  /** @throws DeviceError the configuration's problem */
  get part(): P {
    if (this.made === undefined) throw this.problem ?? cancelled();
    return this.made;
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

/**
 * Follows a config node for the life of a flow node: a partial deploy replaces it without touching a flow node that
 * names it by a variable or a subflow's property.
 *
 * @param use is told of the config node as it is now, at once, and again whenever another one stands in its place;
 *   `undefined`: there is none
 */
export function followConfig<P>(
  RED: NodeAPI,
  node: Node,
  type: string,
  id: unknown,
  use: (holder: ConfigHolder<P> | undefined) => void,
): void {
  let current = findConfig<P>(RED, type, id);
  if (typeof id === 'string' && id !== '') {
    onReplaced(RED, node, id, () => {
      const found = findConfig<P>(RED, type, id);
      if (found === current) return;
      current = found;
      use(found);
    });
  }
  use(current);
}

function toolsOf(RED: NodeAPI, node: Node): ConfigTools {
  let transport: Transport | undefined;
  const use = (): Transport => (transport ??= useTransport(RED, node));
  const warn: ConfigTools['warn'] = (key, params) => node.warn(translate(RED, `log.${key}`, params));
  const atEnd: ConfigTools['onClose'] = (work) => onClose(node, async () => work());
  return {
    transport: use,
    tls: (id) => {
      const options = tlsOptions(RED, id);
      if (options) atEnd(() => use().release(options));
      return options;
    },
    claim: (key, warning, exclusive = false) => {
      const alone = claimDevice(RED, node, `${node.type} ${key}`, exclusive);
      if (!alone) warn(warning);
      return alone;
    },
    onClose: atEnd,
    warn,
  };
}
