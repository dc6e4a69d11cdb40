import assert from 'node:assert/strict';

import { DeviceError } from '../../../lib/core/errors';
import { Transport } from '../../../lib/core/http/transport';
import type { ComplexObject } from '../../../lib/powersentrix/complex';
import { LanClient } from '../../../lib/powersentrix/lan-client';
import { UpsCommands, type PortOutcome, type UpsLink } from '../../../lib/powersentrix/commands';
import { startPowersentrix } from '../../../simulators/powersentrix';
import { failsWith } from '../../support/expect-error';
import { FakeClock } from '../../support/fake-clock';

const PORT = 3;
const broken = (): DeviceError => new DeviceError('UNREACHABLE', 'gone', { sent: true });

/** A UPS in virtual time, whose answers a test writes down. */
class Ups implements UpsLink {
  readonly clock = new FakeClock();
  /** ms since the start in which the port is off */
  off: [from: number, to: number] | undefined;
  /** ms that a read takes */
  readTime = 30;
  /** thrown by a read instead of an answer; the first read is number 1 */
  readFault: (read: number) => Error | undefined = () => undefined;
  response: () => Promise<void> = () => Promise.resolve();
  restarts = 0;
  private reads = 0;

  async readComplex(): Promise<ComplexObject> {
    const fault = this.readFault(++this.reads);
    const now = this.clock.monotonic();
    const on = !(this.off && now >= this.off[0] && now < this.off[1]);
    await this.pass(this.readTime);
    if (fault) throw fault;
    return { config: {}, upsData: { outputs: Array.from({ length: 12 }, () => Number(on)) } };
  }

  toggle(): Promise<void> {
    throw new Error('a restart toggles nothing');
  }

  restart(): Promise<void> {
    this.restarts++;
    return this.response();
  }

  pass(ms: number): Promise<void> {
    return new Promise((resolve) => void this.clock.after(ms, resolve));
  }

  async run(): Promise<PortOutcome> {
    let ended = false;
    const control = new UpsCommands(this, { clock: this.clock });
    const work = control.run({ port: PORT, action: 'restart' }).finally(() => (ended = true));
    work.catch(() => undefined);
    await this.clock.advance(0);
    while (!ended) await this.clock.advance(this.clock.next ?? 0);
    assert.equal(this.restarts, 1);
    return work;
  }
}

describe('the outcome of a restart', () => {
  const seen = { port: PORT, action: 'restart', on: true, changed: true, verified: true };
  let ups: Ups;
  beforeEach(() => (ups = new Ups()));

  it('is verified when the off time was seen, answered or not', async () => {
    ups.off = [100, 5100];
    assert.deepEqual(await ups.run(), seen);
    const silent = new Ups();
    silent.off = [100, 5100];
    silent.response = () => Promise.reject(broken());
    assert.deepEqual(await silent.run(), seen);
  });

  it('is REJECTED when every look shows the port on', async () => {
    const error = await failsWith(ups.run(), 'REJECTED');
    assert.equal(error.reason, 'powersentrixNotRestarted');
    assert.deepEqual(error.params, { port: PORT, seconds: 20 });
    assert.match(error.message, /20 s/);
  });

  it('is REJECTED with the advice to look when the command was not answered either', async () => {
    ups.response = () => Promise.reject(broken());
    const error = await failsWith(ups.run(), 'REJECTED');
    assert.equal(error.reason, 'powersentrixNotRestartedUnanswered');
    assert.match(error.message, /not answered/);
  });

  it("is REJECTED with the vendor's words, unless the port was seen off", async () => {
    const words = new DeviceError('REJECTED', 'Output locked', { reason: 'powersentrixSaid', sent: true });
    ups.response = () => Promise.reject(words);
    assert.equal(await failsWith(ups.run(), 'REJECTED'), words);
    const patchy = new Ups();
    patchy.response = ups.response;
    patchy.readFault = (read) => (read === 5 ? broken() : undefined);
    assert.equal(await failsWith(patchy.run(), 'REJECTED'), words);
    const done = new Ups();
    done.response = ups.response;
    done.off = [100, 5100];
    assert.deepEqual(await done.run(), seen);
  });

  const gaps: [string, (ups: Ups) => void][] = [
    ['a read failed', (one) => (one.readFault = (read) => (read === 5 ? broken() : undefined))],
    [
      'the UPS contradicted itself',
      (one) =>
        (one.readFault = (read) => (read === 5 ? new DeviceError('CONFLICT', 'two states') : undefined)),
    ],
    ['the reads are further apart than the off time', (one) => (one.readTime = 4000)],
    [
      'the answer took as long as the off time',
      (one) => {
        const { response: reply } = one;
        one.response = () => one.pass(6000).then(reply);
      },
    ],
  ];
  for (const [what, prepare] of gaps) {
    it(`is success without verification when ${what}, and unknown without an answer`, async () => {
      prepare(ups);
      assert.deepEqual(await ups.run(), { ...seen, verified: false });
      const silent = new Ups();
      silent.response = () => Promise.reject(broken());
      prepare(silent);
      assert.equal((await failsWith(silent.run(), 'OUTCOME_UNKNOWN')).reason, 'powersentrixRestartUnseen');
    });
  }
});

describe('the answer to a restart', () => {
  it('is nothing but info 1', async () => {
    const transport = new Transport();
    const ups = await startPowersentrix();
    const client = new LanClient({ url: ups.url, apiKey: ups.apiKey }, transport);
    const others = ['{}', '[]', '', '7', '{"info":-1}', '{"info":2}', '{"info":null}', '{"status":"error"}'];
    for (const body of [
      ...others,
      '{"responseMessage":"OK"}',
      '{"responseMessage":"OK","responseObject":{}}',
    ]) {
      ups.faults.add({ kind: 'body', body, times: 1 });
      assert.equal((await failsWith(client.restart(0), 'BAD_RESPONSE')).sent, true, body);
    }
    for (const body of ['{"info":1}', '{"responseMessage":"OK","responseObject":{"info":1}}']) {
      ups.faults.add({ kind: 'body', body, times: 1 });
      await client.restart(0);
    }
    transport.close();
    await ups.close();
  });
});
