import { createHash } from 'node:crypto';

import { type Clock, systemClock } from '../core/clock';
import { DeviceError } from '../core/errors';
import {
  type Beginning,
  type Begun,
  type CommandRecord,
  type Engine,
  type Letter,
  LONGEST_KEPT,
  LONGEST_LETTER,
  MOST_MEMBERS,
  type OwnState,
  type Renewal,
} from './engine';
import { letters, lettersIn, numbers, ownersOf, membersOf, recordOf, sightingsOf, strings } from './replies';
import { BEGIN, CLAIM, FINISH, KEEP, RELEASE, RENEW } from './scripts';
import type { ClusterSettings } from './settings';
import { Sightings } from './sightings';
import { checkMemoryPolicy, LONGEST_CALL, Wire } from './wire';

/** ms that a record of a command is kept */
const RECORDS_FOR = 10 * 60_000;
/** records of one device */
const RECORDS = 50;
/** ms by which messages of one device may pass one another on their ways */
const PASSING = 2000;
/** ms that a question for letters waits */
const BLOCK = 5000;
/** ms that an answer may have taken whose time is taken over */
const LONGEST_WAY = 500;
/** letters that wait for a member */
const MOST_LETTERS = 500;
/** ms after which what the engine has refused is asked for again */
const PAUSE = 500;
/** letters in one answer */
const AT_ONCE = 16;
/** s that the letters of a member outlive the last one */
const LETTERS_FOR = 3600;
/** s that what nodes keep outlives the last time */
const KEPT_FOR = 180 * 24 * 3600;

export interface RedisOptions {
  settings: ClusterSettings;
  /** of this process */
  holder: string;
  /** each loss of a connection, and why none can be had */
  onLost: (reason: DeviceError) => void;
  onReady?: () => void;
  clock?: Clock;
}

/** Redis or Valkey as a cluster's engine: one connection for calls, one that waits for letters. */
export class RedisEngine implements Engine {
  private readonly clock: Clock;
  private readonly prefix: string;
  private readonly calls: Wire;
  private readonly inbox: Wire;
  private readonly sightings: Sightings;
  private heard: (letter: Letter) => void = () => undefined;
  private count = 0;
  /** letters that have been heard, and are not known to be deleted */
  private hearing: string[] = [];
  private offset: number | undefined;
  private digest = '';
  private closed = false;
  /** connections over which letters have been asked for */
  private listening = 0;

  constructor(private readonly options: RedisOptions) {
    const { settings, clock = systemClock, onLost } = options;
    this.clock = clock;
    this.sightings = new Sightings(options.holder, settings.lease, () => clock.monotonic());
    this.prefix = `{energy-devices:${settings.name}}`;
    this.calls = new Wire({
      settings,
      clock,
      onLost,
      onReady: async (ask) => {
        checkMemoryPolicy(await ask(['INFO', 'memory']));
        this.options.onReady?.();
      },
    });
    this.inbox = new Wire({
      settings,
      clock,
      onLost: () => undefined,
      onReady: () => {
        setImmediate(() => void this.listen());
        return Promise.resolve();
      },
    });
  }

  start(heard: (letter: Letter) => void): void {
    this.heard = heard;
    this.calls.start();
    this.inbox.start();
  }

  get connected(): boolean {
    return this.calls.connected;
  }

  time(): number {
    return this.clock.monotonic() + (this.offset ?? this.clock.now() - this.clock.monotonic());
  }

  async renew(own: OwnState, held: readonly number[]): Promise<Renewal> {
    const { lease } = this.options.settings;
    const { name, digest, ready } = own;
    this.digest = digest;
    const call = this.nextCall();
    const asked = this.clock.monotonic();
    const { sightings } = this;
    const reply = await this.run(
      RENEW,
      [this.key('members'), this.key('owners'), this.key('meta')],
      [
        ...[lease, this.options.holder, call, name, digest, ready ? 1 : 0, held.join(','), MOST_MEMBERS],
        ...[sightings.settled, JSON.stringify(sightings.gone)],
      ],
    );
    const answer = Array.isArray(reply) ? (reply as unknown[]) : [];
    const [kind, now, born, force, members, owners, lost, run] = answer;
    if (kind === 'full') {
      // Some of them may be gone, which somebody has to see.
      sightings.saw(String(answer[2]), sightingsOf(answer[1]));
      throw new DeviceError('REJECTED', 'The cluster has as many members as it may have.', {
        reason: 'clusterFull',
        sent: false,
      });
    }
    if (kind !== 'ok') throw odd();
    sightings.saw(String(run), sightingsOf(members));
    const time = Number(now);
    // An answer that lay here while the process stood still tells a time of long ago.
    const isFresh = this.clock.monotonic() - asked < LONGEST_WAY || this.offset === undefined;
    if (Number.isFinite(time) && isFresh) this.offset = time - this.clock.monotonic();
    return {
      epoch: String(born),
      digest: String(force),
      members: membersOf(members),
      owners: ownersOf(owners),
      lost: numbers(lost),
      rest: sightings.rest,
    };
  }

  async claim(partitions: readonly number[]): Promise<number[]> {
    return numbers(
      await this.run(
        CLAIM,
        [this.key('members'), this.key('owners'), this.key('meta')],
        [this.options.holder, this.nextCall(), this.digest, partitions.join(',')],
      ),
    );
  }

  async release(partitions: readonly number[], leaving: boolean): Promise<void> {
    await this.run(
      RELEASE,
      [this.key('members'), this.key('owners'), this.key('meta')],
      [this.options.holder, this.nextCall(), partitions.join(','), leaving ? 1 : 0],
    );
  }

  async begin({ partition, device, record }: Beginning): Promise<Begun> {
    const reply = strings(
      await this.run(
        BEGIN,
        [this.key('members'), this.key('owners'), this.command(record.key), this.device(device)],
        [
          ...[this.options.holder, partition, record.key, record.at, JSON.stringify(record)],
          ...[RECORDS_FOR, PASSING, RECORDS, record.goal],
        ],
      ),
    );
    switch (reply[0]) {
      case 'begun':
        return { kind: 'begun', goal: reply[1] ?? '' };
      case 'notOwner':
      case 'older':
        return { kind: reply[0] };
      case 'known': {
        const found = recordOf(reply[1]);
        if (found) return { kind: 'known', record: found };
      }
    }
    throw odd();
  }

  finish(device: string, record: CommandRecord): Promise<void> {
    return this.write(device, record, '');
  }

  remember(device: string, record: CommandRecord): Promise<void> {
    return this.write(device, record, this.options.holder);
  }

  async recent(device: string): Promise<CommandRecord[]> {
    const keys = strings(await this.calls.ask(['ZRANGE', this.device(device), String(-RECORDS), '-1']));
    if (keys.length === 0) return [];
    const texts = await this.calls.ask(['MGET', ...keys.map((key) => this.command(key))]);
    const records = Array.isArray(texts) ? (texts as unknown[]).slice(0, RECORDS).map(recordOf) : [];
    return records.filter((record) => record !== undefined);
  }

  async send(holder: string, text: string): Promise<void> {
    if (text.length > LONGEST_LETTER) throw tooLong();
    const stream = this.key(`letters:${holder}`);
    await Promise.all([
      this.calls.ask(['XADD', stream, 'MAXLEN', '~', String(MOST_LETTERS), '*', 'l', text]),
      // The letter has left, whatever becomes of this.
      this.calls.ask(['EXPIRE', stream, String(LETTERS_FOR)]).catch(() => undefined),
    ]);
  }

  async sent(to: string): Promise<Letter[]> {
    const asked = ['XRANGE', this.key(`letters:${to}`), '-', '+', 'COUNT', String(2 * MOST_LETTERS)];
    return lettersIn(await this.calls.ask(asked))
      .filter(({ text }) => text.length <= LONGEST_LETTER)
      .map(({ id, text }) => ({ at: timeOf(id), text }));
  }

  async keep(partition: number, name: string, text: string): Promise<boolean> {
    if (text.length > LONGEST_KEPT) throw tooLong(LONGEST_KEPT);
    const keys = [this.key('members'), this.key('owners'), this.key(`kept:${name}`)];
    return (await this.run(KEEP, keys, [this.options.holder, partition, text, KEPT_FOR])) === 1;
  }

  async kept(name: string): Promise<string | undefined> {
    const text = await this.calls.ask(['GET', this.key(`kept:${name}`)]);
    return typeof text === 'string' && text.length <= LONGEST_KEPT ? text : undefined;
  }

  close(): Promise<void> {
    this.closed = true;
    this.calls.close();
    this.inbox.close();
    return Promise.resolve();
  }

  /** @param by a holder whose command it is, where something newer may be known; else empty */
  private async write(device: string, record: CommandRecord, by: string): Promise<void> {
    await this.run(
      FINISH,
      [this.command(record.key), this.device(device)],
      [record.key, record.at, JSON.stringify(record), RECORDS_FOR, RECORDS, by],
    );
  }

  private async listen(): Promise<void> {
    const stream = this.key(`letters:${this.options.holder}`);
    const turn = ++this.listening;
    while (!this.closed && this.inbox.connected && turn === this.listening) {
      try {
        // From the first that is there: after the loss of a stream a clock that was set back counts from below the last one.
        const from = this.hearing.at(-1) ?? '0-0';
        const reply = await this.inbox.ask(
          ['XREAD', 'COUNT', String(AT_ONCE), 'BLOCK', String(BLOCK), 'STREAMS', stream, from],
          BLOCK + LONGEST_CALL,
        );
        for (const { id, text } of letters(reply)) {
          this.hearing = [...this.hearing, id].slice(-MOST_LETTERS);
          if (text.length <= LONGEST_LETTER) this.heard({ at: timeOf(id), text });
        }
        if (this.hearing.length > 0) await this.inbox.ask(['XDEL', stream, ...this.hearing]);
        this.hearing = [];
      } catch {
        // A connection that is lost is made anew, and begins this again; what the engine refuses may pass.
        await new Promise<void>((resolve) => this.clock.after(PAUSE, resolve));
      }
    }
  }

  private nextCall(): number {
    return ++this.count;
  }

  private key(name: string): string {
    return `${this.prefix}:${name}`;
  }

  private command(key: string): string {
    return this.key(`command:${hash(key)}`);
  }

  private device(device: string): string {
    return this.key(`device:${hash(device)}`);
  }

  private async run(script: string, keys: string[], args: (string | number)[]): Promise<unknown> {
    const more = [String(keys.length), ...keys, ...args.map(String)];
    try {
      return await this.calls.ask(['EVALSHA', sha(script), ...more]);
    } catch (thrown) {
      if (!(thrown instanceof DeviceError) || !thrown.message.includes('NOSCRIPT')) throw thrown;
      return this.calls.ask(['EVAL', script, ...more]);
    }
  }
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** Asked for with each call, of six scripts: hashing takes microseconds. */
function sha(script: string): string {
  return createHash('sha1').update(script).digest('hex');
}

function odd(): DeviceError {
  return new DeviceError('BAD_RESPONSE', 'The engine of the cluster answers in an unknown way.', {
    reason: 'clusterOdd',
  });
}

function tooLong(characters = LONGEST_LETTER): DeviceError {
  return new DeviceError('INVALID_INPUT', `It is longer than ${characters} characters.`, {
    reason: 'clusterTooLong',
    sent: false,
    params: { characters },
  });
}

/** When an entry of a stream was written, ms by the engine's clock. */
function timeOf(id: string): number {
  return Number(id.split('-')[0]);
}
