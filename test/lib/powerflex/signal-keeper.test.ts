import assert from 'node:assert/strict';

import { DeviceError } from '../../../lib/core/errors';
import { compareSignal, type ExternalSignal } from '../../../lib/powerflex/dcm';
import type { PendingSignal } from '../../../lib/powerflex/pending-signals';
import { SignalKeeper, type SignalKeeperOptions } from '../../../lib/powerflex/signal-keeper';
import { failsWith } from '../../support/expect-error';
import { FakeClock, settle, until } from '../../support/fake-clock';

const MINUTE = 60_000;
const make = (maxLoad: number, enabled = true): ExternalSignal => ({
  ...{ name: 'grid', maxLoad, maxLoadUnit: 'kW', enabled },
});

/** A server that holds signals, and fails as told. */
class Server {
  readonly held = new Map<string, ExternalSignal>();
  readonly sets: number[] = [];
  readFailure: DeviceError | undefined;
  setFailure: DeviceError | undefined;
  /** the failing request is carried out nevertheless */
  takesEffect = false;

  readonly findExternalSignal = async (name: string): Promise<ExternalSignal | undefined> => {
    await settle();
    if (this.readFailure) throw this.readFailure;
    return this.held.get(name);
  };

  /** how it keeps a limit */
  keep = (maxLoad: number): number => maxLoad;
  /** it repeats what it was given, whatever it keeps */
  repeats = true;

  readonly setExternalSignal = async (
    signal: ExternalSignal,
    _abort?: AbortSignal,
    onEcho?: (held: ExternalSignal) => void,
  ): Promise<ExternalSignal> => {
    await settle();
    this.sets.push(signal.maxLoad);
    const kept = { ...signal, maxLoad: this.keep(signal.maxLoad) };
    if (!this.setFailure || this.takesEffect) this.held.set(signal.name, kept);
    if (this.setFailure) throw this.setFailure;
    const echo = this.repeats ? signal : kept;
    onEcho?.(echo);
    compareSignal(signal, echo);
    return echo;
  };
}

describe('SignalKeeper', () => {
  let clock: FakeClock;
  let server: Server;
  let keeper: SignalKeeper;
  let log: string[];

  function start(options: Partial<SignalKeeperOptions> = {}): void {
    log = [];
    keeper = new SignalKeeper({
      client: server,
      restoreAfter: 10 * MINUTE,
      signal: new AbortController().signal,
      onRestored: ({ maxLoad, enabled }) => log.push(`restored ${maxLoad} ${enabled}`),
      onError: ({ code }) => log.push(code),
      clock,
      ...options,
    });
  }

  /** Advances in steps, so that what a timer begins can go on in between. */
  async function pass(ms: number): Promise<void> {
    await clock.advance(ms);
    for (let i = 0; i < 5; i++) await settle();
  }

  beforeEach(() => {
    clock = new FakeClock();
    server = new Server();
    server.held.set('grid', make(100));
    start();
  });

  afterEach(() => {
    keeper.close();
    assert.equal(clock.pending, 0, 'no timer is left behind');
  });

  it('puts back what was there before, once no message has come for the time that is set', async () => {
    assert.deepEqual(await keeper.set(make(20)), make(20));
    await pass(9 * MINUTE);
    await keeper.set(make(15));
    await pass(9 * MINUTE);
    assert.deepEqual(server.held.get('grid'), make(15));
    assert.deepEqual(keeper.pending, ['grid']);
    await pass(MINUTE);
    assert.deepEqual(server.held.get('grid'), make(100));
    assert.deepEqual(server.sets, [20, 15, 100]);
    assert.deepEqual(log, ['restored 100 true']);
    assert.deepEqual(keeper.pending, []);
    await pass(60 * MINUTE);
    assert.equal(server.sets.length, 3);
  });

  it('never touches a limit that somebody else has set meanwhile', async () => {
    await keeper.set(make(20));
    server.held.set('grid', make(5));
    await pass(60 * MINUTE);
    assert.deepEqual(server.held.get('grid'), make(5));
    assert.deepEqual(log, ['CONFLICT']);
    server.held.delete('grid');
    await keeper.set(make(20));
    server.held.clear();
    await pass(60 * MINUTE);
    assert.equal(server.held.size, 0);
  });

  it('switches a signal off that was not there before', async () => {
    server.held.clear();
    await keeper.set(make(20));
    await pass(10 * MINUTE);
    assert.deepEqual(server.held.get('grid'), make(20, false));
  });

  it('puts back the limit of somebody else that it has replaced, and nothing above it', async () => {
    await keeper.set(make(20));
    server.held.set('grid', make(5));
    await keeper.set(make(15));
    await keeper.set(make(10));
    assert.deepEqual(keeper.pendingInWords, ['grid: 5 kW, enabled']);
    await pass(10 * MINUTE);
    assert.deepEqual(server.held.get('grid'), make(5));
    assert.deepEqual(server.sets, [20, 15, 10, 5]);
  });

  it('waits on while messages come that cannot be carried out', async () => {
    await keeper.set(make(20));
    await pass(9 * MINUTE);
    server.readFailure = new DeviceError('UNREACHABLE', 'down');
    await failsWith(keeper.set(make(15)), 'UNREACHABLE');
    server.readFailure = undefined;
    await pass(9 * MINUTE);
    assert.deepEqual(server.held.get('grid'), make(20));
    await pass(MINUTE);
    assert.deepEqual(server.held.get('grid'), make(100));
  });

  it('says that it gives up, also when it has said before that it could not', async () => {
    await keeper.set(make(20));
    server.readFailure = new DeviceError('UNREACHABLE', 'down');
    await pass(11 * MINUTE);
    server.readFailure = undefined;
    server.held.set('grid', make(5));
    await pass(MINUTE);
    assert.deepEqual(log, ['UNREACHABLE', 'CONFLICT']);
    assert.deepEqual(keeper.pending, []);
  });

  it('complains of a later failure too, once a message has come in between', async () => {
    await keeper.set(make(20));
    server.readFailure = new DeviceError('UNREACHABLE', 'down');
    await pass(10 * MINUTE);
    server.readFailure = undefined;
    await keeper.set(make(15));
    server.readFailure = new DeviceError('TIMEOUT', 'down');
    await pass(10 * MINUTE);
    assert.deepEqual(log, ['UNREACHABLE', 'TIMEOUT']);
  });

  it('sets no timer when it closes in the middle of a change, and stays silent', async () => {
    const abort = new AbortController();
    keeper.close();
    start({ signal: abort.signal });
    server.setFailure = new DeviceError('OUTCOME_UNKNOWN', 'gone');
    const outcome = failsWith(keeper.set(make(20)), 'OUTCOME_UNKNOWN');
    await until(() => keeper.pending.length > 0);
    keeper.close();
    await outcome;
    assert.equal(clock.pending, 0);
    assert.deepEqual(log, []);
  });

  it('waits as long as it is told, also where no timer can', async () => {
    keeper.close();
    const after = clock.after.bind(clock);
    clock.after = (ms, fn) => after(Math.min(ms, 7 * MINUTE), fn);
    start();
    await keeper.set(make(20));
    await pass(9 * MINUTE);
    assert.deepEqual(server.sets, [20]);
    await pass(MINUTE);
    assert.deepEqual(server.sets, [20, 100]);
  });

  it('does nothing when what was there before is there again', async () => {
    await keeper.set(make(20));
    server.held.set('grid', make(100));
    await pass(10 * MINUTE);
    assert.deepEqual(server.sets, [20]);
    assert.deepEqual(log, ['restored 100 true']);
  });

  it('changes nothing when the present value cannot be read first', async () => {
    server.readFailure = new DeviceError('UNREACHABLE', 'down');
    await failsWith(keeper.set(make(20)), 'UNREACHABLE');
    assert.deepEqual(server.sets, []);
    assert.deepEqual(keeper.pending, []);
  });

  it('has nothing to put back when the server refused', async () => {
    server.setFailure = new DeviceError('REJECTED', 'no');
    await failsWith(keeper.set(make(20)), 'REJECTED');
    assert.deepEqual(keeper.pending, []);
  });

  it('puts back after a set whose outcome nobody knew, if it took effect', async () => {
    server.setFailure = new DeviceError('OUTCOME_UNKNOWN', 'gone');
    server.takesEffect = true;
    await failsWith(keeper.set(make(20)), 'OUTCOME_UNKNOWN');
    server.setFailure = undefined;
    await pass(10 * MINUTE);
    assert.deepEqual(server.held.get('grid'), make(100));
  });

  it('keeps waiting for a set that was refused after one that was not', async () => {
    await keeper.set(make(20));
    server.setFailure = new DeviceError('REJECTED', 'no');
    await failsWith(keeper.set(make(15)), 'REJECTED');
    server.setFailure = undefined;
    await pass(10 * MINUTE);
    assert.deepEqual(server.held.get('grid'), make(100));
  });

  it('tries again while the server is away, looks before it sets, and complains once', async () => {
    await keeper.set(make(20));
    server.readFailure = new DeviceError('UNREACHABLE', 'down');
    await pass(12 * MINUTE + 30_000);
    assert.deepEqual(log, ['UNREACHABLE']);
    server.readFailure = undefined;
    server.setFailure = new DeviceError('OUTCOME_UNKNOWN', 'gone');
    server.takesEffect = true;
    await pass(MINUTE);
    assert.deepEqual(server.sets, [20, 100]);
    server.setFailure = undefined;
    await pass(MINUTE);
    assert.deepEqual(server.sets, [20, 100], 'it took effect, so it is not sent again');
    assert.deepEqual(log, ['UNREACHABLE', 'restored 100 true']);
  });

  it('gives up when the server refuses to take it back', async () => {
    await keeper.set(make(20));
    server.setFailure = new DeviceError('REJECTED', 'no');
    await pass(60 * MINUTE);
    assert.deepEqual(log, ['REJECTED']);
    assert.deepEqual(keeper.pending, []);
  });

  it('lets a message that comes while it puts back win', async () => {
    await keeper.set(make(20));
    await clock.advance(10 * MINUTE - 1);
    const late = keeper.set(make(30));
    await clock.advance(1);
    await late;
    await pass(MINUTE);
    assert.deepEqual(server.held.get('grid'), make(30));
    assert.deepEqual(keeper.pending, ['grid']);
  });

  it('keeps what is to be put back before the change is sent, and is gone on with by another one', async () => {
    const kept: PendingSignal[][] = [];
    const keep = (pending: readonly PendingSignal[]): Promise<void> => {
      kept.push(structuredClone([...pending]));
      assert.equal(kept.length === 1, server.sets.length === 0, 'first kept, then sent');
      return Promise.resolve();
    };
    start({ keep });
    await keeper.set(make(20));
    await pass(4 * MINUTE);
    const stored = keeper.state;
    keeper.close();
    start({ keep });
    keeper.restore([...stored, { name: 'odd' }, { ...stored[0], before: 7 }, null], MINUTE);
    await pass(5 * MINUTE - 1);
    assert.deepEqual(log, []);
    await pass(1);
    assert.deepEqual(log, ['restored 100 true']);
    assert.deepEqual(server.sets, [20, 100]);
    assert.deepEqual(kept.at(-1), []);
  });

  it('changes nothing that cannot be kept', async () => {
    start({ keep: () => Promise.reject(new DeviceError('UNREACHABLE', 'away', { reason: 'clusterLost' })) });
    const error = await failsWith(keeper.set(make(20)), 'UNREACHABLE');
    assert.equal(error.sent, false);
    assert.deepEqual(server.sets, []);
    assert.deepEqual(keeper.pending, []);
  });

  it('lets the next one find that a change was never made, when it ended before it was sent', async () => {
    let stored: PendingSignal[] = [];
    start({
      keep: (pending) => {
        stored = structuredClone([...pending]);
        return new Promise(() => undefined);
      },
    });
    void keeper.set(make(20)).catch(() => undefined);
    await until(() => stored.length > 0);
    keeper.close();
    start();
    keeper.restore(stored, 0);
    await pass(10 * MINUTE);
    assert.deepEqual(log, ['restored 100 true']);
    assert.deepEqual(server.sets, []);
  });

  it('forgets what was to be put back when a limit is set for good', async () => {
    await keeper.set(make(20));
    const stored = keeper.state;
    keeper.close();
    start({ restoreAfter: null });
    keeper.restore(stored, 0);
    await keeper.set(make(30));
    await pass(20 * MINUTE);
    assert.deepEqual(log, []);
    assert.deepEqual(server.sets, [20, 30]);
  });

  it('only sets when nothing is to be put back', async () => {
    keeper.close();
    start({ restoreAfter: null });
    server.readFailure = new DeviceError('UNREACHABLE', 'down');
    await keeper.set(make(20));
    assert.equal(clock.pending, 0);
  });

  const rounded = (digits: number) => (value: number) => Number(value.toFixed(digits));
  for (const [what, keep, repeats] of [
    ['rounds to three decimals', rounded(3), false],
    ['rounds to three decimals, and repeats what it was given', rounded(3), true],
    ['rounds to one decimal', rounded(1), true],
    ['keeps 32 bits', Math.fround, true],
    ['rounds to whole numbers', rounded(0), false],
  ] as const) {
    it(`puts back what was there before on a server that ${what}`, async () => {
      Object.assign(server, { keep, repeats });
      await keeper.set(make(100 / 3));
      await keeper.set(make(200 / 7));
      await keeper.set(make(200 / 7));
      await pass(10 * MINUTE);
      assert.equal(server.held.get('grid')?.maxLoad, 100);
      assert.deepEqual(log, ['restored 100 true']);
    });
  }

  it('does not put back what the server held because of us although it was not what we asked', async () => {
    Object.assign(server, { keep: (value: number) => Math.min(value, 50), repeats: false });
    server.held.set('grid', make(40));
    await failsWith(keeper.set(make(70)), 'CONFLICT');
    assert.equal(server.held.get('grid')?.maxLoad, 50);
    await keeper.set(make(30));
    await pass(10 * MINUTE);
    assert.equal(server.held.get('grid')?.maxLoad, 40);
  });
});
