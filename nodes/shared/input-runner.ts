import { setMaxListeners } from 'node:events';

import type { Node, NodeAPI, NodeStatus } from 'node-red';

import type { CommandPermit } from '../../lib/cluster/permit';
import { type DeviceError, invalidInput, toDeviceError } from '../../lib/core/errors';
import { isRecord } from '../../lib/core/values';
import type { Vendor } from '../../lib/core/vendors';
import { clusterOf, dutyOf } from './cluster';
import type { Duty } from './cluster-duty';
import type { ClusterInput, Role } from './cluster-input';
import type { ConfigReference, PartUser } from './config-reference';
import type { ErrorStream } from './error-stream';
import type { FlowMessage, InputResult, Outgoing } from './messages';
import { type SetStatus, STATUS, statusOfError, statusSetter } from './status';
import { nodeError, toldError } from './text';
import { type Closing, onClose } from './on-close';

export type { InputResult, Outgoing };

export interface InputContext {
  /** aborts when the node closes, or another config node takes the place of the one that it works with */
  signal: AbortSignal;
  /** sends messages ahead of the result, for answers that come in parts */
  send: (part: NonNullable<Outgoing>) => void;
  /** The message is understood, and its work begins. `progress`: how far it is. */
  busy: (progress?: string) => void;
}

/** Works on one message: returns a result, at once or by a promise, or throws. */
export type InputHandler = (msg: FlowMessage, context: InputContext) => InputResult | Promise<InputResult>;

/** A device as `msg.commandFor` names it. */
export interface CommandedDevice {
  vendor: Vendor | 'energy-devices';
  /** as `msg.device.id` has it; nothing: the message does not say */
  id: unknown;
}

export interface InputOptions {
  /** of a node that shows something else too; default: one of its own */
  setStatus?: SetStatus;
  /** what keeps the node from its work, asked for with each message: its settings, or a config node that is gone */
  problem?: () => DeviceError | undefined;
  /** the config node that it works with, which another one may replace */
  config?: Pick<ConfigReference<unknown>, 'problem' | 'follow'>;
  /** the state that the node shows where no message has one of its own, such as that of its device */
  rest?: () => NodeStatus | undefined;
  /** The device that a message of this node's commands; missing: the node commands none. */
  commands?: (msg: FlowMessage) => CommandedDevice;
  /** for a node whose messages come as a stream: keeps the log from repeating one failure at its pace */
  errors?: ErrorStream;
  /** what a message is about where several instances share the work, see `Role`; default `read` */
  role?: Role | ((msg: FlowMessage) => Role);
  /** messages go on to others, so they may be for any device */
  passesOn?: true;
  /** only one instance gets its messages */
  single?: boolean;
}

/** A handler's result for a message that gives nothing, and changes nothing below the node. */
export const NOTHING: InputResult = { send: null };

type Send = (message: NonNullable<Outgoing>) => void;
type Done = (error?: Error) => void;
/** What it takes as well; its type does not say so. */
type Told = (error?: Error | string) => void;

/**
 * Runs a node's input: parse → validate → call → send → one `done`, and shows below the node what becomes of it.
 *
 * A handler knows its own message only. Here its result or error ends in exactly one `done`, no rejection can reach
 * Node-RED, which would end the whole runtime, and the state below all nodes follows the same rules: blue from `busy` to
 * the end, then green with the result's text or the colour of the error. A node that cannot work says so whatever
 * messages come, and one that closes shows nothing more.
 */
export function onInput(RED: NodeAPI, node: Node, handle: InputHandler, options: InputOptions = {}): void {
  const runner = new InputRunner(RED, node, handle, options);
  node.on('input', (msg, send: Send, done: Done) => runner.input(msg, send, done));
  onClose(node, runner);
}

/** A class, because thousands of nodes have one each, and closures would be larger. */
class InputRunner implements Closing, PartUser<unknown> {
  private readonly view: InputView;
  /** of the messages that work with the config node as it is now; made for the first of them */
  private working: AbortController | undefined;
  private readonly duty: Duty | undefined;

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    private readonly handle: InputHandler,
    private readonly options: InputOptions,
  ) {
    this.view = new InputView(options.setStatus ?? statusSetter(RED, node), options);
    if (options.config) options.config.follow(this);
    else this.take();
    this.duty = dutyOf(RED, node);
    if (this.duty && options.role !== undefined && options.role !== 'owner') this.serve(this.duty);
  }

  /** Another config node, or the first one. */
  take(): void {
    this.view.begin(this.problem());
  }

  /** A client of a config node that is gone must not ask on, for minutes perhaps. */
  leave(): void {
    this.working?.abort();
    this.working = undefined;
  }

  /** For the node's end. */
  closing(): void {
    // Nor does one that comes afterwards ask anybody.
    this.started().abort();
  }

  input(msg: FlowMessage, send: Send, done: Done): void {
    const { RED, node, view, options } = this;
    let isBusy = false;
    let signal: AbortSignal | undefined;
    const busy = (progress?: string): void => {
      view.busy(!isBusy, progress);
      isBusy = true;
    };
    const fail = (thrown: unknown, unusable?: DeviceError): void => {
      if (unusable) view.unusable();
      else view.failed(toDeviceError(thrown), isBusy, signal?.aborted === true);
      const error = options.errors ? options.errors.failed(thrown) : nodeError(RED, node, thrown);
      (done as Told)(error && toldError(RED, node, error));
    };
    const deliver = (result: InputResult): void => {
      try {
        if (result.send !== null) send(result.send);
      } catch (thrown) {
        fail(thrown);
        return;
      }
      view.succeeded(result.status, isBusy);
      options.errors?.succeeded();
      done();
    };
    try {
      let result: InputResult | Promise<InputResult>;
      try {
        const unusable = this.problem();
        if (unusable) {
          fail(unusable, unusable);
          return;
        }
        // Only now: asking for a problem may have found another config node.
        ({ signal } = this.started());
        if (!options.passesOn) checkAddressee(msg, options);
        if (this.duty) {
          const running = signal;
          const work: ClusterInput['work'] = (own, part, permit) =>
            workOf(this.handle, own, { signal: running, send: part, busy }, permit);
          const drop = (): void => {
            view.dropped(isBusy);
            done();
          };
          const role = typeof options.role === 'function' ? options.role(msg) : (options.role ?? 'read');
          const shared = { duty: this.duty, single: options.single ?? false };
          clusterOf(RED)?.input({ ...shared, msg, role, work, send, deliver, fail, drop });
          return;
        }
        result = this.handle(msg, { signal, send, busy });
      } catch (thrown) {
        fail(thrown);
        return;
      }
      // Promises cost more than many handlers' work: only who has to wait pays for one.
      if (result instanceof Promise) {
        result.then(deliver, (thrown: unknown) => fail(thrown)).catch((error: unknown) => lost(node, error));
      } else {
        deliver(result);
      }
    } catch (error) {
      lost(node, error);
    }
  }

  private problem(): DeviceError | undefined {
    const { options } = this;
    return options.problem ? options.problem() : options.config?.problem;
  }

  private started(): AbortController {
    return (this.working ??= controller());
  }

  /** What another instance got is worked on here without a sign below the node. */
  private serve(duty: Duty): void {
    const work = (
      msg: Record<string, unknown>,
      permit: CommandPermit,
    ): InputResult | Promise<InputResult> => {
      const unusable = this.problem();
      if (unusable) throw unusable;
      const asked = msg as FlowMessage;
      checkAddressee(asked, this.options);
      const parts = (): void => undefined;
      const { signal } = this.started();
      return workOf(this.handle, asked, { signal, send: parts, busy: parts }, permit);
    };
    const ends = clusterOf(this.RED)?.serve(duty, work);
    onClose(this.node, () => ends?.());
  }
}

/** A handler's work under the permit of its command, which also ends it. */
function workOf(
  handle: InputHandler,
  msg: FlowMessage,
  context: InputContext,
  permit: CommandPermit | undefined,
): InputResult | Promise<InputResult> {
  if (!permit) return handle(msg, context);
  const { signal, end } = permit.over(context.signal);
  const work = async (): Promise<InputResult> => handle(msg, { ...context, signal });
  return work().finally(end);
}

/**
 * Refuses a command that names another device than the node's, before anything is done about it. Whoever sends to several
 * command nodes side by side says so whom it means; `msg.device` only tells where a message comes from.
 *
 * @throws DeviceError INVALID_INPUT
 */
function checkAddressee(msg: FlowMessage, options: Pick<InputOptions, 'commands'>): void {
  const { commandFor } = msg;
  if (commandFor === undefined || commandFor === null) return;
  const own = options.commands?.(msg);
  const isOwn =
    isRecord(commandFor) &&
    own !== undefined &&
    typeof own.id === 'string' &&
    commandFor.vendor === own.vendor &&
    commandFor.id === own.id;
  if (!isOwn) {
    throw invalidInput('The command is for another device than the one of this node.', 'commandForOther');
  }
  // It has arrived: what the node sends may well start something at another device.
  delete msg.commandFor;
}

/** Nothing is left to tell but the log. */
function lost(node: Node, error: unknown): void {
  node.debug(`done: ${String(error)}`);
}

/** One that any number of messages may listen to: Node.js would warn of a leak at the eleventh. */
function controller(): AbortController {
  const made = new AbortController();
  setMaxListeners(0, made.signal);
  return made;
}

/** What a node's messages show below it. */
class InputView {
  /** messages that are under way */
  private running = 0;
  private couldWork = true;

  constructor(
    private readonly setStatus: SetStatus,
    private readonly options: Pick<InputOptions, 'rest'>,
  ) {}

  begin(problem: DeviceError | undefined): void {
    if (problem) {
      this.unusable();
      return;
    }
    this.couldWork = true;
    this.setStatus(this.running > 0 ? STATUS.busy() : (this.options.rest?.() ?? STATUS.waiting()));
  }

  unusable(): void {
    this.couldWork = false;
    this.setStatus(STATUS.unconfigured());
  }

  busy(isFirst: boolean, progress: string | undefined): void {
    if (isFirst) this.running++;
    this.setStatus(STATUS.busy(progress));
  }

  /** Nothing came of a message here. */
  dropped(wasBusy: boolean): void {
    if (wasBusy) this.running--;
  }

  succeeded(text: string | undefined, wasBusy: boolean): void {
    if (wasBusy) this.running--;
    const showed = wasBusy || !this.couldWork;
    this.couldWork = true;
    if (this.running > 0) {
      if (showed || text !== undefined) this.setStatus(STATUS.busy());
      return;
    }
    const status = text === undefined ? this.options.rest?.() : STATUS.fresh(text);
    if (status) this.setStatus(status);
    else if (showed) this.setStatus(STATUS.waiting());
  }

  /**
   * A failure is shown while others go on, but for one that made room for them.
   *
   * @param lost its config node has ended
   */
  failed(error: DeviceError, wasBusy: boolean, lost: boolean): void {
    if (wasBusy) this.running--;
    // That there is no config node any more is shown already.
    if (lost && !this.couldWork) return;
    if (lost && error.code === 'CANCELLED') {
      if (this.running === 0) this.setStatus(this.options.rest?.() ?? STATUS.waiting());
      return;
    }
    this.couldWork = true;
    const isReplaced = error.code === 'CANCELLED' && this.running > 0;
    this.setStatus(isReplaced ? STATUS.busy() : statusOfError(error));
  }
}
