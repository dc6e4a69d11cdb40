import { randomUUID } from 'node:crypto';

import { DeviceError, type ErrorCode, toDeviceError } from '../core/errors';
import { isRecord } from '../core/values';
import { type Commands, LONGEST_ASKED } from './commands';
import type { Engine, Letter } from './engine';
import {
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
import { parsed } from './replies';
import { keyOf, KnownCommand, knownError, type Work } from './work';

/** characters of a message that is sent to its owner */
const LONGEST_MESSAGE = 64 * 1024;
/** ms that an owner may take: a command may wait minutes for its turn */
const LONGEST_ANSWER = 6 * 60_000;
/** commands that wait for an answer, and those of others that are carried out here */
const MOST_ASKED = 500;

/** What a node gives for a message: what goes out, and what is shown. */
export interface Answer {
  sends: unknown[];
  status: string | undefined;
}

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

type Reply = { again: true; told: boolean } | { error: DeviceError } | { answer: Answer };

/** Commands that only one instance got: they go to the owner, and its answer comes back to where they came from. */
export class Forward {
  private readonly servers = new Map<string, Server>();
  private readonly asked = new Map<string, (reply: Reply) => void>();
  private serving = 0;

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
    const { lease, commands, clock } = this.options;
    const came = clock.now();
    const key = keyOf(work);
    let left = false;
    let text: string | undefined;
    for (;;) {
      try {
        const here = await commands.single(work, key);
        if (here) return here.result;
      } catch (thrown) {
        return answerOfKnown(thrown);
      }
      const owner = lease.ownerOf(work.partition);
      if (owner && owner.holder !== this.options.holder && !lease.problem) {
        text ??= textOf({
          t: 'ask',
          key,
          node: work.node,
          at: work.arrived,
          print: work.print,
          target: work.target,
          settings,
          message: message(),
        });
        const reply = await this.askOnce(owner.holder, work.partition, text);
        // Only an owner that says so itself has not begun it.
        left ||= !('again' in reply) || !reply.told;
        if ('answer' in reply) return reply.answer;
        if ('error' in reply) throw reply.error;
      }
      if (clock.now() - came > LONGEST_ASKED || !(await commands.wait()))
        throw left ? unanswered() : noOwner();
    }
  }

  /** Takes a letter of another member; anything may stand in it. */
  heard({ at, text }: Letter, { t, ...letter }: Record<string, unknown> = parsed(text) ?? {}): void {
    if (t === 'ask') void this.carryOut(letter, at);
    else if (t === 'answer') this.answered(letter);
  }

  private async askOnce(holder: string, partition: number, text: string): Promise<Reply> {
    const { engine, lease, clock } = this.options;
    if (this.asked.size >= MOST_ASKED) throw tooMany(MOST_ASKED);
    const id = randomUUID();
    const letter = `{"id":${JSON.stringify(id)},"from":${JSON.stringify(this.options.holder)},${text.slice(1)}`;
    let reply: Reply | undefined;
    this.asked.set(id, (one) => (reply = one));
    const since = clock.now();
    try {
      await engine.send(holder, letter);
      while (!reply) {
        const goesOn = await this.options.commands.wait();
        if (!goesOn || clock.now() - since > LONGEST_ANSWER) return { error: unanswered() };
        // Whoever owns it next knows what became of it.
        if (lease.ownerOf(partition)?.holder !== holder) return { again: true, told: false };
      }
      return reply;
    } catch (thrown) {
      const error = toDeviceError(thrown);
      if (error.code === 'UNREACHABLE' || error.code === 'TIMEOUT') return { again: true, told: !error.sent };
      return { error };
    } finally {
      this.asked.delete(id);
    }
  }

  private answered({ id, answer, error, again }: Record<string, unknown>): void {
    const take = typeof id === 'string' ? this.asked.get(id) : undefined;
    if (!take) return;
    if (isRecord(answer)) take({ answer: answerOf(answer) });
    else if (isRecord(error)) take({ error: errorOf(error) });
    else if (again === true) take({ again: true, told: true });
    this.options.commands.changed();
  }

  private async carryOut(letter: Record<string, unknown>, sentAt: number): Promise<void> {
    const { id, from, key, node, at, print, target, settings, message } = letter;
    if (typeof id !== 'string' || typeof from !== 'string' || typeof key !== 'string' || key.length > 300)
      return;
    if (this.serving >= MOST_ASKED) {
      await this.answer(from, { id, error: plainError(tooMany(MOST_ASKED)) });
      return;
    }
    this.serving++;
    const reply = await this.replyTo({
      ...{ key, node, message, print: shortText(print, 100), target: shortText(target, 200) },
      settings: shortText(settings, 100),
      at: typeof at === 'number' && Number.isFinite(at) ? Math.min(at, sentAt) : sentAt,
    }).catch((thrown: unknown) => ({ error: plainError(toDeviceError(thrown)) }));
    this.serving--;
    await this.answer(from, { id, ...reply });
  }

  private async answer(
    to: string,
    { id, ...reply }: { id: string } & Record<string, unknown>,
  ): Promise<void> {
    const { engine } = this.options;
    await engine.send(to, JSON.stringify({ t: 'answer', id, ...reply })).catch((thrown: unknown) => {
      // It has been carried out, and what came of it is too long to be told.
      if (toDeviceError(thrown).reason !== 'clusterTooLong') return;
      const short = { t: 'answer', id, answer: { sends: [] } };
      return engine.send(to, JSON.stringify(short)).catch(() => undefined);
    });
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
