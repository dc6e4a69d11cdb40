import { DeviceError, type ErrorCode, toDeviceError } from '../core/errors';
import { isRecord } from '../core/values';
import { type Commands, LONGEST_ASKED } from './commands';
import { type Engine, type Letter, LONGEST_LETTER } from './engine';
import {
  isAway,
  noOwner,
  noSuchNode,
  notForwardable,
  notOwner,
  otherSettings,
  type PlainError,
  plainError,
  tooMany,
  tooOld,
  unanswered,
} from './errors';
import type { Lease } from './lease';
import type { LeaseClock } from './lease-clock';
import type { CommandPermit } from './permit';
import { type Answer, Question } from './question';
import { parsed } from './replies';
import { Served } from './served';
import { keyOf, KnownCommand, knownError, type Work } from './work';

/** characters of a message that is sent to its owner */
const LONGEST_MESSAGE = 64 * 1024;
/** ms that an owner may take: a command may wait minutes for its turn */
const LONGEST_ANSWER = 6 * 60_000;
export type { Answer } from './question';

/** ms for which an answer is told again, and between two tries */
const LONGEST_TOLD = 10_000;
const TOLD_EVERY = 500;
/** commands that wait for an answer, and those of others that are carried out here */
const MOST_ASKED = 500;

/** Carries out here what another instance got. */
export interface Server {
  readonly partition: number;
  /** digest of the node's settings, see `ask` */
  readonly settings?: string;
  run: (message: Record<string, unknown>, permit: CommandPermit) => Promise<Answer>;
}

export interface ForwardOptions {
  engine: Pick<Engine, 'send' | 'time'>;
  lease: Lease;
  commands: Commands;
  clock: LeaseClock;
  holder: string;
}

/** Commands that only one instance got: they go to the owner, and its answer comes back to where they came from. */
export class Forward {
  private readonly servers = new Map<string, Server>();
  private readonly asked = new Map<string, Question>();
  private readonly served = new Served();

  constructor(private readonly options: ForwardOptions) {}

  /** Commands of others to this node are carried out by it. @returns ends that */
  serve(node: string, server: Server): () => void {
    this.servers.set(node, server);
    return () => {
      if (this.servers.get(node) === server) this.servers.delete(node);
    };
  }

  /**
   * Has a command carried out by whoever owns the device, here or elsewhere.
   *
   * @param message as it is sent; plain data
   * @param settings digest of what the node does here: an owner by whose flow file it does something else refuses
   * @throws DeviceError what the node there says; UNREACHABLE where nobody owns it; OUTCOME_UNKNOWN without an answer
   */
  async ask(work: Work<Answer>, message: () => unknown, settings = ''): Promise<Answer> {
    const question = new Question();
    const key = keyOf(work);
    try {
      return await this.asking(question, work, key, () =>
        textOf({
          ...{ t: 'ask', id: question.id, from: this.options.holder, key, node: work.node },
          ...{ at: work.arrived, print: work.print, target: work.target, settings, message: message() },
        }),
      );
    } catch (thrown) {
      throw question.errorOf(thrown);
    } finally {
      this.asked.delete(question.id);
    }
  }

  /** The engine is back, or has lost what was written: what has been asked may be lost. */
  again(): void {
    for (const question of this.asked.values()) question.sendAgain();
  }

  /** Takes a letter of another member; anything may stand in it. */
  heard({ at, text }: Letter, { t, ...letter }: Record<string, unknown> = parsed(text) ?? {}): void {
    if (t === 'ask') void this.carryOut(letter, at);
    else if (t === 'answer') this.answered(letter);
  }

  private async asking(
    question: Question,
    work: Work<Answer>,
    key: string,
    letter: () => string,
  ): Promise<Answer> {
    const { lease, commands, clock, holder } = this.options;
    const came = clock.now();
    let text: string | undefined;
    for (;;) {
      try {
        const here = await commands.single(work, key);
        if (here) return here.result;
      } catch (thrown) {
        return answerOfKnown(thrown);
      }
      const owner = lease.ownerOf(work.partition);
      if (owner && owner.holder !== holder && !lease.problem) {
        text ??= letter();
        await this.askOne(question, owner.holder, work.partition, text);
      }
      const reply = question.taken();
      if (reply && 'answer' in reply) return reply.answer;
      if (reply && 'error' in reply) throw reply.error;
      if (clock.now() - came > LONGEST_ASKED || !(await commands.wait())) throw noOwner();
    }
  }

  /** Resolves when there is a reply, or when there may be none from there. */
  private async askOne(question: Question, holder: string, partition: number, text: string): Promise<void> {
    const { lease, clock, commands } = this.options;
    if (!this.asked.has(question.id) && this.asked.size >= MOST_ASKED) throw tooMany(MOST_ASKED);
    this.asked.set(question.id, question);
    const since = clock.now();
    question.sendAgain();
    while (!question.isAnswered()) {
      if (question.isDue() && !(await this.sendTo(question, holder, text))) return;
      if (question.isAnswered()) return;
      if (!(await commands.wait()) || clock.now() - since > LONGEST_ANSWER) throw unanswered();
      // Whoever owns it next knows what became of it.
      if (lease.ownerOf(partition)?.holder !== holder) return;
    }
  }

  /** @returns whether an answer may come. @throws DeviceError */
  private async sendTo(question: Question, holder: string, text: string): Promise<boolean> {
    const takeBack = question.leaves(holder);
    try {
      await this.options.engine.send(holder, text);
    } catch (thrown) {
      const error = toDeviceError(thrown);
      if (!error.sent) takeBack();
      if (!isAway(error)) throw error;
      question.sendAgain();
    }
    return question.isOut;
  }

  private answered({ id, from, answer, error, again }: Record<string, unknown>): void {
    const question = typeof id === 'string' ? this.asked.get(id) : undefined;
    if (!question) return;
    const holder = typeof from === 'string' ? from : undefined;
    if (isRecord(answer)) question.take({ answer: answerOf(answer) }, holder);
    else if (isRecord(error)) question.take({ error: errorOf(error) }, holder);
    else if (again === true) question.take({ again: true }, holder);
    this.options.commands.changed();
  }

  private async carryOut(letter: Record<string, unknown>, sentAt: number): Promise<void> {
    const { id, from, key, node, at, print, target, settings, message } = letter;
    if (typeof id !== 'string' || typeof from !== 'string' || typeof key !== 'string') return;
    if (key.length > 300 || id.length > 100 || from.length > 200) return;
    const name = `${from} ${id}`;
    // Its sender could not know whether it had come.
    if (this.served.isRunning(name)) return;
    const before = this.served.answerOf(name);
    if (before !== undefined) return this.answer(from, before);
    const isFull = this.served.size >= MOST_ASKED;
    this.served.begin(name);
    const reply = isFull
      ? { error: plainError(tooMany(MOST_ASKED)) }
      : await this.replyTo({
          ...{ key, node, message, print: shortText(print, 100), target: shortText(target, 200) },
          settings: shortText(settings, 100),
          at: typeof at === 'number' && Number.isFinite(at) ? Math.min(at, sentAt) : sentAt,
        }).catch((thrown: unknown) => ({ error: plainError(toDeviceError(thrown)) }));
    const own = { t: 'answer', id, from: this.options.holder };
    const text = JSON.stringify({ ...own, ...reply });
    // It has been carried out, and what came of it is too long to be told.
    const short = JSON.stringify({ ...own, answer: { sends: [] } });
    this.served.end(name, 'again' in reply ? undefined : text, short);
    await this.answer(from, text.length > LONGEST_LETTER ? short : text);
  }

  /** Its sender waits for it, and would hear that nobody knows what became of the command. */
  private async answer(to: string, text: string): Promise<void> {
    const { engine, clock, commands } = this.options;
    const since = clock.now();
    while (!commands.isClosed) {
      try {
        await engine.send(to, text);
        return;
      } catch (thrown) {
        if (!isAway(toDeviceError(thrown)) || clock.now() - since > LONGEST_TOLD) return;
      }
      await new Promise<void>((resolve) => clock.after(TOLD_EVERY, resolve));
    }
  }

  private async replyTo(asked: {
    key: string;
    node: unknown;
    message: unknown;
    print: string;
    target: string;
    settings: string;
    at: number;
  }): Promise<{ answer: Answer } | { error: PlainError } | { again: true }> {
    const { engine, commands } = this.options;
    const { key, node, message, print, target, settings, at } = asked;
    const server = typeof node === 'string' ? this.servers.get(node) : undefined;
    if (!server || typeof node !== 'string' || !isRecord(message)) return { error: plainError(noSuchNode()) };
    if ((server.settings ?? '') !== settings) return { error: plainError(otherSettings()) };
    if (engine.time() - at > LONGEST_ASKED) return { error: plainError(tooOld(LONGEST_ASKED / 1000)) };
    try {
      const done = await commands.single<Answer>(
        {
          ...{ node, print, target, arrived: at, commandId: undefined, partition: server.partition },
          run: (permit) => server.run(message, permit),
          outcome: (answer) => JSON.stringify(answer),
        },
        key,
      );
      return done ? { answer: done.result } : { again: true };
    } catch (thrown) {
      return { answer: answerOfKnown(thrown) };
    }
  }
}

/** What is known of a command that was carried out before. @throws what was thrown, or a DeviceError that says so */
function answerOfKnown(thrown: unknown): Answer {
  if (!(thrown instanceof KnownCommand)) throw thrown;
  const kept = parsed(thrown.record?.outcome);
  if (kept) return answerOf(kept);
  throw knownError(thrown);
}

function answerOf({ sends, status }: Record<string, unknown>): Answer {
  return {
    sends: Array.isArray(sends) ? (sends as unknown[]).slice(0, 100) : [],
    status: typeof status === 'string' ? status.slice(0, 200) : undefined,
  };
}

/** An error as another instance told it. */
function errorOf({ code, reason, message, sent, params }: Record<string, unknown>): DeviceError {
  if (typeof code !== 'string' || typeof message !== 'string' || !/^[A-Z_]{3,30}$/.test(code))
    return notOwner();
  return new DeviceError(code as ErrorCode, message, {
    sent: sent !== false,
    ...(typeof reason === 'string' ? { reason: reason.slice(0, 60) } : {}),
    params: isRecord(params)
      ? Object.fromEntries(
          Object.entries(params)
            .slice(0, 20)
            .filter((one): one is [string, string | number] => ['string', 'number'].includes(typeof one[1])),
        )
      : {},
  });
}

function shortText(value: unknown, length: number): string {
  return typeof value === 'string' ? value.slice(0, length) : '';
}

function textOf(letter: Record<string, unknown>): string {
  let text: string;
  try {
    text = JSON.stringify(letter);
  } catch {
    throw notForwardable();
  }
  if (text.length > LONGEST_MESSAGE) throw notForwardable();
  return text;
}
