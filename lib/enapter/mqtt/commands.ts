import { type Clock, systemClock } from '../../core/clock';
import { DeviceError } from '../../core/errors';
import { type Command, type CommandResponse, type JunkDetail, readCommand } from './command';
import { readStored, storedOf } from './known-commands';
import { encode } from './payloads';

/** Somebody who carries out commands. */
export interface CommandHandler {
  /** the one command it takes; empty: all that nobody else takes */
  command: string;
  /** ms until a command without answer, and without a word of progress, counts as failed */
  timeout: number;
  take: (command: Command) => void;
}

export interface CommandDeskOptions {
  /** sends a response, now or when there is a connection again */
  send: (response: CommandResponse) => void;
  /** a command arrived for the first time */
  onCommand?: (command: Command) => void;
  /** looks at a response of the flow before it counts; throws DeviceError when it cannot be sent */
  admit?: (response: CommandResponse) => void;
  /**
   * Keeps what the desk knows, see `state`, where it outlives this process: before a command is handed on, which does not happen
   * where this fails, and when it is answered.
   */
  keep?: () => Promise<unknown>;
  /** a body arrived that is no command; called for each */
  onJunk?: (detail: JunkDetail) => void;
  clock?: Clock;
}

/** What the desk tells the EMS by itself. English: the EMS shows it to people who may not be the flow's. */
const TEXT = {
  malformed: 'The command has no usable name or arguments.',
  unknown: (name: string) => `No node of the flow handles the command "${name}".`,
  timeout: (seconds: number) => `The flow gave no answer within ${seconds} s.`,
  closed: 'Node-RED was stopped or redeployed before the command was finished.',
  busy: 'Too many commands are open.',
  broken: 'The flow could not take the command.',
  forgotten: 'This command was answered before; the answer is no longer known.',
  unkept: 'The command could not be written down for other instances, so it was not carried out.',
  handedOver: 'Another instance speaks for the device now: nobody knows whether the command took effect.',
  begun: 'Another instance began this command and has ended: nobody knows whether it took effect.',
};

interface Known {
  /** when it came, epoch ms */
  at: number;
  /** set when it is answered: the response is repeated for a repeated id, the work is not */
  response?: CommandResponse;
  cancelTimer?: () => void;
  timeout: number;
}

const MAX_OPEN = 500;
/** Answered commands that are remembered, to know a repeated id. */
const MAX_REMEMBERED = 2000;
/** Characters of the responses that are remembered along; of older ones only how they ended. */
const MAX_RESPONSES = 1024 * 1024;

/**
 * Takes commands in, gives each to one handler, and makes sure that each gets exactly one last response: from the flow,
 * or an error when nobody handles it, nobody answers in time, or the flow ends. A repeated id is never carried out
 * again.
 */
export class CommandDesk {
  private readonly clock: Clock;
  private readonly handlers = new Set<CommandHandler>();
  /** insertion order is age */
  private readonly known = new Map<string, Known>();
  /** characters of the responses that are kept as a whole, by id; insertion order is age */
  private readonly kept = new Map<string, number>();
  private keptSum = 0;
  private open = 0;
  private closed = false;
  readonly stats = { received: 0, answered: 0, repeated: 0, junk: 0, unhandled: 0, timedOut: 0 };

  constructor(private readonly options: CommandDeskOptions) {
    this.clock = options.clock ?? systemClock;
  }

  /**
   * @returns a function that stops it, and whether the command had no other handler. With two, the first one is
   *   given each command: carrying it out twice is never what was meant.
   */
  listen(handler: CommandHandler): { stop: () => void; alone: boolean } {
    const alone = ![...this.handlers].some(({ command }) => command === handler.command);
    this.handlers.add(handler);
    return { stop: () => this.handlers.delete(handler), alone };
  }

  /** Names that handlers take, for the manifest. */
  get names(): string[] {
    return [...new Set([...this.handlers].map(({ command }) => command).filter((name) => name !== ''))];
  }

  /** Takes a body of the command topic. Whatever it is, this does not throw. */
  receive(body: Buffer): void {
    const read = readCommand(body);
    if ('junk' in read) {
      this.stats.junk++;
      this.options.onJunk?.(read.junk);
      return;
    }
    if ('malformed' in read) {
      this.stats.junk++;
      if (!this.known.has(read.malformed)) this.refuse(read.malformed, TEXT.malformed);
      return;
    }
    const { command } = read;
    const known = this.known.get(command.id);
    if (known) {
      this.stats.repeated++;
      if (known.response) this.options.send(known.response);
      return;
    }
    this.stats.received++;
    this.options.onCommand?.(command);
    this.dispatch(command);
  }

  /**
   * Answers an open command, or tells of its progress.
   *
   * @throws DeviceError CONFLICT when it is answered already, NOT_FOUND when there is none with this id, INVALID_INPUT
   *   for a payload that cannot be written
   */
  respond(response: CommandResponse): void {
    encode(response);
    const known = this.known.get(response.id);
    if (!known) {
      throw new DeviceError('NOT_FOUND', 'There is no such open command on this connection.', {
        reason: 'enapterNoCommand',
        sent: false,
      });
    }
    if (known.response) {
      throw new DeviceError('CONFLICT', 'The command is answered already; the first answer counts.', {
        reason: 'enapterAnswered',
        sent: false,
      });
    }
    this.options.admit?.(response);
    if (response.state === 'log') {
      this.options.send(response);
      this.watch(response.id, known);
      return;
    }
    this.finish(response);
  }

  /** What has to be known by whoever speaks for the device next, so that no command is carried out twice; plain data. */
  get state(): unknown {
    return storedOf(this.known, this.clock.now());
  }

  /** Goes on with what another one has kept, whatever stands in it, in place of what was known here. */
  restore(stored: unknown): void {
    this.forget();
    for (const { id, at, state, payload } of readStored(stored, this.clock.now())) {
      const response: CommandResponse = state
        ? { id, state, payload: payload ?? { message: TEXT.forgotten } }
        : { id, state: 'error', payload: { message: TEXT.begun } };
      this.known.set(id, { at, timeout: 0, response });
      this.keepResponse(response);
    }
  }

  /** Another instance speaks for the device from now on: every open command is answered with an error. */
  handOver(): void {
    this.endAll(TEXT.handedOver);
  }

  /** Forgets all commands; open ones get no answer. */
  forget(): void {
    for (const { cancelTimer } of this.known.values()) cancelTimer?.();
    this.known.clear();
    this.kept.clear();
    this.keptSum = 0;
    this.open = 0;
  }

  /** Answers every open command with an error. */
  close(): void {
    this.closed = true;
    this.endAll(TEXT.closed);
    this.handlers.clear();
  }

  private endAll(message: string): void {
    for (const [id, known] of this.known) {
      if (!known.response) this.finish({ id, state: 'error', payload: { message } });
    }
  }

  private dispatch(command: Command): void {
    if (this.closed) {
      this.refuse(command.id, TEXT.closed);
      return;
    }
    const handlers = [...this.handlers];
    const handler =
      handlers.find((one) => one.command === command.name) ?? handlers.find((one) => one.command === '');
    if (!handler) {
      this.stats.unhandled++;
      this.refuse(command.id, TEXT.unknown(command.name));
      return;
    }
    if (this.open >= MAX_OPEN) {
      this.refuse(command.id, TEXT.busy);
      return;
    }
    const known: Known = { at: this.clock.now(), timeout: handler.timeout };
    this.remember(command.id, known);
    this.watch(command.id, known);
    const hand = (): void => {
      try {
        handler.take(command);
      } catch {
        this.finish({ id: command.id, state: 'error', payload: { message: TEXT.broken } });
      }
    };
    const { keep } = this.options;
    if (!keep) {
      hand();
      return;
    }
    keep().then(
      () => {
        // It may have been answered, or forgotten, while it was written down.
        if (this.known.get(command.id) === known && !known.response) hand();
      },
      () => {
        if (this.known.get(command.id) === known)
          this.finish({ id: command.id, state: 'error', payload: { message: TEXT.unkept } });
      },
    );
  }

  private refuse(id: string, message: string): void {
    this.remember(id, { at: this.clock.now(), timeout: 0 });
    this.finish({ id, state: 'error', payload: { message } });
  }

  private watch(id: string, known: Known): void {
    known.cancelTimer?.();
    known.cancelTimer = this.clock.after(known.timeout, () => {
      this.stats.timedOut++;
      const message = TEXT.timeout(Math.round(known.timeout / 1000));
      this.finish({ id, state: 'error', payload: { message } });
    });
  }

  private finish(response: CommandResponse): void {
    const known = this.known.get(response.id);
    if (!known || known.response) return;
    known.cancelTimer?.();
    known.response = response;
    this.open--;
    this.stats.answered++;
    this.options.send(response);
    this.keepResponse(response);
    // What is not written down any more was begun, as others know.
    this.options.keep?.().catch(() => undefined);
  }

  /** A repeated id gets the same response again, while the responses together are not too long. */
  private keepResponse(response: CommandResponse): void {
    const length = JSON.stringify(response.payload).length;
    this.kept.set(response.id, length);
    this.keptSum += length;
    for (const id of this.kept.keys()) {
      if (this.keptSum <= MAX_RESPONSES) return;
      const known = this.known.get(id);
      if (known?.response) known.response = { ...known.response, payload: { message: TEXT.forgotten } };
      this.forgetResponse(id);
    }
  }

  private forgetResponse(id: string): void {
    this.keptSum -= this.kept.get(id) ?? 0;
    this.kept.delete(id);
  }

  private remember(id: string, known: Known): void {
    this.known.set(id, known);
    this.open++;
    if (this.known.size <= MAX_REMEMBERED) return;
    for (const [oldest, { response }] of this.known) {
      if (!response) continue;
      this.known.delete(oldest);
      this.forgetResponse(oldest);
      return;
    }
  }
}
