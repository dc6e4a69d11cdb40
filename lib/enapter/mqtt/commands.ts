import { type Clock, systemClock } from '../../core/clock';
import { DeviceError, invalidInput } from '../../core/errors';
import { isRecord } from '../../core/units';
import { encode } from './payloads';

/** A command that the EMS sent to this device. */
export interface Command {
  id: string;
  name: string;
  arguments: Record<string, unknown>;
}

export type CommandState = 'completed' | 'error' | 'log';

/** What goes back to the EMS. */
export interface CommandResponse {
  id: string;
  state: CommandState;
  payload: Record<string, unknown>;
}

/** Somebody who carries out commands. */
export interface CommandHandler {
  /** the one command it takes; empty: all that nobody else takes */
  command: string;
  /** ms until a command without answer, and without a word of progress, counts as failed */
  timeout: number;
  take: (command: Command) => void;
}

export interface CommandDeskOptions {
  /** sends an answer, now or when there is a connection again */
  send: (response: CommandResponse) => void;
  /** a command arrived for the first time */
  onCommand?: (command: Command) => void;
  /** a body arrived that is no command; called for each */
  onJunk?: (detail: 'notJson' | 'noId') => void;
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
};

interface Known {
  /** set when it is answered: the answer is repeated for a repeated id, the work is not */
  answer?: CommandResponse;
  cancelTimer?: () => void;
  timeout: number;
}

const MAX_OPEN = 500;
/** Answered commands that are remembered, to know a repeated id. */
const MAX_REMEMBERED = 2000;
const MAX_ID = 200;

/**
 * Takes commands in, gives each to one handler, and makes sure that each gets exactly one last answer: from the flow,
 * or an error when nobody handles it, nobody answers in time, or the flow ends. A repeated id is never carried out
 * again.
 */
export class CommandDesk {
  private readonly clock: Clock;
  private readonly handlers = new Set<CommandHandler>();
  /** insertion order is age */
  private readonly known = new Map<string, Known>();
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
    const command = this.parse(body);
    if (!command) return;
    const known = this.known.get(command.id);
    if (known) {
      this.stats.repeated++;
      if (known.answer) this.options.send(known.answer);
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
  answer(response: CommandResponse): void {
    encode(response);
    const known = this.known.get(response.id);
    if (!known) {
      throw new DeviceError('NOT_FOUND', 'There is no such open command on this connection.', {
        reason: 'enapterNoCommand',
        sent: false,
      });
    }
    if (known.answer) {
      throw new DeviceError('CONFLICT', 'The command is answered already; the first answer counts.', {
        reason: 'enapterAnswered',
        sent: false,
      });
    }
    if (response.state === 'log') {
      this.options.send(response);
      this.watch(response.id, known);
      return;
    }
    this.finish(response);
  }

  /** Answers every open command with an error. */
  close(): void {
    this.closed = true;
    for (const [id, known] of this.known) {
      if (!known.answer) this.finish({ id, state: 'error', payload: { message: TEXT.closed } });
    }
    this.handlers.clear();
  }

  private parse(body: Buffer): Command | undefined {
    let parsed: unknown;
    try {
      parsed = JSON.parse(body.toString('utf8'));
    } catch {
      this.junk('notJson');
      return undefined;
    }
    const id = isRecord(parsed) ? parsed.id : undefined;
    if (!isRecord(parsed) || typeof id !== 'string' || id === '' || id.length > MAX_ID) {
      this.junk('noId');
      return undefined;
    }
    const args = parsed.arguments ?? {};
    if (typeof parsed.name !== 'string' || parsed.name === '' || !isRecord(args)) {
      // There is an id, so the EMS waits for an answer.
      if (!this.known.has(id)) this.refuse(id, TEXT.malformed);
      this.stats.junk++;
      return undefined;
    }
    return { id, name: parsed.name, arguments: args };
  }

  private junk(detail: 'notJson' | 'noId'): void {
    this.stats.junk++;
    this.options.onJunk?.(detail);
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
    const known: Known = { timeout: handler.timeout };
    this.remember(command.id, known);
    this.watch(command.id, known);
    try {
      handler.take(command);
    } catch {
      this.finish({ id: command.id, state: 'error', payload: { message: TEXT.broken } });
    }
  }

  private refuse(id: string, message: string): void {
    this.remember(id, { timeout: 0 });
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
    if (!known || known.answer) return;
    known.cancelTimer?.();
    known.answer = response;
    this.open--;
    this.stats.answered++;
    this.options.send(response);
  }

  private remember(id: string, known: Known): void {
    this.known.set(id, known);
    this.open++;
    if (this.known.size <= MAX_REMEMBERED) return;
    for (const [oldest, { answer }] of this.known) {
      if (!answer) continue;
      this.known.delete(oldest);
      return;
    }
  }
}

/** Makes the payload of an answer of whatever a flow has: an object as it is, nothing as `{}`, the rest as `result`. */
export function answerPayload(value: unknown): Record<string, unknown> {
  if (value === undefined || value === null || value === '') return {};
  return isRecord(value) ? value : { result: value };
}

/**
 * The payload of an error answer.
 *
 * @param value the message's payload: a text, or an object with `message`
 * @param caught the message's `error`, as a Catch node adds it
 */
export function errorPayload(value: unknown, caught: unknown): Record<string, unknown> {
  if (typeof value === 'string' && value !== '') return { message: value };
  if (isRecord(value) && typeof value.message === 'string') return value;
  if (isRecord(caught) && typeof caught.message === 'string') return { message: caught.message };
  return { message: 'The command failed.', ...answerPayload(value) };
}

/** The payload of a progress log. @throws DeviceError INVALID_INPUT */
export function logPayload(value: unknown): Record<string, unknown> {
  if (typeof value === 'string' && value !== '') return { message: value };
  if (isRecord(value) && typeof value.message === 'string' && value.message !== '') return value;
  throw invalidInput('A progress log needs a message text.', 'enapterLogMessage');
}
