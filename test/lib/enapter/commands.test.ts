import assert from 'node:assert/strict';

import type { CommandResponse } from '../../../lib/enapter/mqtt/command';
import { CommandDesk } from '../../../lib/enapter/mqtt/commands';
import type { Command } from '../../../lib/enapter/mqtt/command';
import { errorPayload, logPayload, responsePayload } from '../../../lib/enapter/mqtt/response-payloads';
import { FakeClock, settle, until } from '../../support/fake-clock';

describe('enapter: commands', () => {
  let clock: FakeClock;
  let sent: CommandResponse[];
  let junk: string[];
  let taken: Command[];
  let desk: CommandDesk;
  const receive = (body: unknown): void =>
    desk.receive(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)));
  const listen = (command = '', timeout = 30_000): ReturnType<CommandDesk['listen']> =>
    desk.listen({ command, timeout, take: (one) => taken.push(one) });

  beforeEach(() => {
    clock = new FakeClock();
    sent = [];
    junk = [];
    taken = [];
    desk = new CommandDesk({
      clock,
      send: (response) => sent.push(response),
      onJunk: (why) => junk.push(why),
    });
  });

  it('gives a command to its handler and takes one answer', () => {
    listen('reboot');
    receive({ id: 'a', name: 'reboot', arguments: { delay: 5 } });
    assert.deepEqual(taken, [{ id: 'a', name: 'reboot', arguments: { delay: 5 } }]);
    desk.respond({ id: 'a', state: 'log', payload: { message: 'half' } });
    desk.respond({ id: 'a', state: 'completed', payload: {} });
    assert.deepEqual(
      sent.map(({ state }) => state),
      ['log', 'completed'],
    );
    assert.throws(() => desk.respond({ id: 'a', state: 'error', payload: {} }), { code: 'CONFLICT' });
    assert.throws(() => desk.respond({ id: 'z', state: 'error', payload: {} }), { code: 'NOT_FOUND' });
    assert.equal(clock.pending, 0);
  });

  it('takes absent and null arguments for none', () => {
    listen();
    receive({ id: 'a', name: 'x' });
    receive({ id: 'b', name: 'x', arguments: null });
    assert.deepEqual(
      taken.map((command) => command.arguments),
      [{}, {}],
    );
  });

  describe('with other instances', () => {
    let kept: unknown[];
    let isKept: boolean;
    const HOUR = 3_600_000;
    const instance = (): void => {
      desk = new CommandDesk({
        clock,
        send: (response) => sent.push(response),
        keep: async () => {
          kept.push(desk.state);
          await settle();
          if (!isKept) throw new Error('away');
        },
      });
      listen();
    };
    /** Another instance goes on with what was kept. */
    const next = (): void => {
      desk.forget();
      instance();
      desk.restore(kept.at(-1));
    };

    beforeEach(() => {
      kept = [];
      isKept = true;
      instance();
    });

    it('hands a command on when it has been written down, and not before', async () => {
      receive({ id: 'a', name: 'x' });
      assert.deepEqual([taken.length, kept.length], [0, 1]);
      assert.deepEqual(kept[0], [{ id: 'a', at: clock.now() }]);
      await settle();
      await settle();
      assert.equal(taken.length, 1);
    });

    it('carries nothing out that cannot be written down, and says so', async () => {
      isKept = false;
      receive({ id: 'a', name: 'x' });
      await until(() => sent.length > 0);
      assert.match(JSON.stringify(sent[0]), /"error".*not carried out/);
      assert.equal(taken.length, 0);
      assert.equal(clock.pending, 0);
    });

    it('repeats the answer of another instance, and carries nothing out again', async () => {
      receive({ id: 'a', name: 'x' });
      await until(() => taken.length === 1);
      desk.respond({ id: 'a', state: 'completed', payload: { n: 1 } });
      next();
      receive({ id: 'a', name: 'x' });
      receive({ id: 'b', name: 'x' });
      await until(() => taken.length === 2);
      assert.deepEqual(
        taken.map(({ id }) => id),
        ['a', 'b'],
      );
      assert.deepEqual(sent.at(-1), { id: 'a', state: 'completed', payload: { n: 1 } });
    });

    it('says that nobody knows what became of one that another instance began', async () => {
      receive({ id: 'a', name: 'x' });
      await until(() => taken.length === 1);
      next();
      receive({ id: 'a', name: 'x' });
      assert.equal(taken.length, 1);
      assert.match(JSON.stringify(sent), /^\[\{"id":"a","state":"error".*nobody knows/);
    });

    it('answers what is open when another instance takes over, and hands on nothing meanwhile', async () => {
      receive({ id: 'a', name: 'x' });
      await until(() => taken.length === 1);
      receive({ id: 'b', name: 'x' });
      desk.handOver();
      await settle();
      await settle();
      assert.equal(taken.length, 1);
      assert.deepEqual(
        sent.map(({ id, state }) => `${id} ${state}`),
        ['a error', 'b error'],
      );
      assert.equal(clock.pending, 0);
    });

    it('keeps the newest 500 of a day, long answers without their words, and reads anything', async () => {
      for (let n = 0; n < 600; n++) {
        receive({ id: `c${n}`, name: 'x' });
        await until(() => taken.length === n + 1);
        desk.respond({
          id: `c${n}`,
          state: 'completed',
          payload: { text: 'x'.repeat(n === 599 ? 3000 : 900) },
        });
      }
      const stored = desk.state as { id: string; payload?: unknown }[];
      assert.equal(stored.length, 500);
      assert.equal(stored[0]?.id, 'c100');
      assert.ok(JSON.stringify(stored).length < 150_000);
      assert.equal(stored.at(-1)?.payload, undefined, 'too long');
      assert.ok(stored.at(-2)?.payload);
      desk.restore([...stored, null, 7, { id: 7 }, { id: '', at: 1 }, { id: 'odd', at: 'x', state: 'log' }]);
      receive({ id: 'c599', name: 'x' });
      assert.match(JSON.stringify(sent.at(-1)), /"completed".*no longer known/);
      await clock.advance(24 * HOUR);
      assert.deepEqual(desk.state, []);
      desk.restore(stored);
      assert.deepEqual(desk.state, []);
    });
  });

  it('carries a repeated id out once, and repeats its answer', () => {
    listen();
    receive({ id: 'a', name: 'x' });
    receive({ id: 'a', name: 'x' });
    assert.equal(taken.length, 1);
    assert.deepEqual(sent, []);
    desk.respond({ id: 'a', state: 'completed', payload: { n: 1 } });
    receive({ id: 'a', name: 'x' });
    assert.equal(taken.length, 1);
    assert.deepEqual(sent, [
      { id: 'a', state: 'completed', payload: { n: 1 } },
      { id: 'a', state: 'completed', payload: { n: 1 } },
    ]);
    assert.equal(desk.stats.repeated, 2);
  });

  it('prefers the handler of the name, and says whether there is another one', () => {
    const all: string[] = [];
    assert.equal(desk.listen({ command: '', timeout: 1, take: ({ name }) => all.push(name) }).alone, true);
    const own = listen('x');
    assert.equal(listen('x').alone, false);
    receive({ id: 'a', name: 'x' });
    receive({ id: 'b', name: 'y' });
    assert.deepEqual(all, ['y']);
    assert.equal(taken.length, 1);
    assert.deepEqual(desk.names, ['x']);
    own.stop();
  });

  it('answers a command that nobody handles', () => {
    receive({ id: 'a', name: 'fly' });
    assert.equal(sent[0]?.state, 'error');
    assert.match(String(sent[0].payload.message), /"fly"/);
  });

  it('answers a command that nobody answers in time; progress starts the time anew', async () => {
    listen('', 10_000);
    receive({ id: 'a', name: 'x' });
    await clock.advance(9000);
    desk.respond({ id: 'a', state: 'log', payload: { message: 'wait' } });
    await clock.advance(9000);
    assert.equal(sent.length, 1);
    await clock.advance(1000);
    assert.deepEqual(sent[1], {
      id: 'a',
      state: 'error',
      payload: { message: 'The flow gave no answer within 10 s.' },
    });
    assert.equal(desk.stats.timedOut, 1);
  });

  it('survives junk, and answers what has an id', () => {
    listen();
    for (const body of [
      '',
      '{',
      'null',
      '[]',
      '7',
      '{}',
      '{"id":7}',
      '{"id":""}',
      `{"id":"${'x'.repeat(300)}"}`,
      '\u0000',
    ])
      receive(body);
    assert.deepEqual(sent, []);
    assert.equal(junk.length, 10);
    for (const body of ['{"id":"a"}', '{"id":"b","name":7}', '{"id":"c","name":"x","arguments":[1]}'])
      receive(body);
    assert.deepEqual(
      sent.map(({ id }) => id),
      ['a', 'b', 'c'],
    );
    receive('{"id":"a","name":7}');
    assert.equal(sent.length, 3);
    assert.deepEqual(taken, []);
  });

  it('answers a command whose handler throws', () => {
    desk.listen({
      command: '',
      timeout: 1000,
      take: () => {
        throw new Error('broken');
      },
    });
    receive({ id: 'a', name: 'x' });
    assert.equal(sent[0]?.state, 'error');
  });

  it('gives one last answer when a handler answers and then throws', () => {
    desk.listen({
      command: '',
      timeout: 1000,
      take: ({ id }) => {
        desk.respond({ id, state: 'completed', payload: {} });
        throw new Error('broken');
      },
    });
    receive({ id: 'a', name: 'x' });
    assert.deepEqual(
      sent.map(({ state }) => state),
      ['completed'],
    );
    assert.equal(desk.stats.answered, 1);
  });

  it('answers open commands when it closes', () => {
    listen();
    receive({ id: 'a', name: 'x' });
    receive({ id: 'b', name: 'x' });
    desk.respond({ id: 'a', state: 'completed', payload: {} });
    desk.close();
    assert.deepEqual(
      sent.map(({ id, state }) => `${id} ${state}`),
      ['a completed', 'b error'],
    );
    assert.equal(clock.pending, 0);
  });

  it('is bounded: open commands, and ids that it remembers', () => {
    listen();
    for (let n = 0; n < 501; n++) receive({ id: `o${n}`, name: 'x' });
    assert.equal(taken.length, 500);
    assert.match(String(sent[0]?.payload.message), /Too many/);
    for (let n = 0; n < 500; n++) desk.respond({ id: `o${n}`, state: 'completed', payload: {} });
    for (let n = 0; n < 2100; n++) {
      receive({ id: `n${n}`, name: 'x' });
      desk.respond({ id: `n${n}`, state: 'completed', payload: {} });
    }
    receive({ id: 'n2099', name: 'x' });
    receive({ id: 'o0', name: 'x' });
    assert.equal(taken.at(-1)?.id, 'o0', 'forgotten after 2000 later ones');
    assert.equal(taken.length, 500 + 2100 + 1);
  });

  it('makes payloads of what a flow has', () => {
    assert.deepEqual([undefined, null, '', { a: 1 }, 7, 'x', [1], false].map(responsePayload), [
      {},
      {},
      {},
      { a: 1 },
      { result: 7 },
      { result: 'x' },
      { result: [1] },
      { result: false },
    ]);
    assert.deepEqual(errorPayload('no', { message: 'caught' }), { message: 'no' });
    assert.deepEqual(errorPayload({ message: 'no', code: 1 }, undefined), { message: 'no', code: 1 });
    assert.deepEqual(errorPayload({ port: 1 }, { message: 'caught' }), { message: 'caught' });
    assert.deepEqual(errorPayload({ port: 1 }, undefined), { message: 'The command failed.', port: 1 });
    assert.deepEqual(logPayload('half'), { message: 'half' });
    assert.deepEqual(logPayload({ message: 'half', severity: 'info' }), {
      message: 'half',
      severity: 'info',
    });
    assert.throws(() => logPayload({}), { reason: 'enapterLogMessage' });
  });
});
