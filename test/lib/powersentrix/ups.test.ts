import assert from 'node:assert/strict';

import { type DeviceError, invalidInput, toDeviceError } from '../../../lib/core/errors';
import type { Notice } from '../../../lib/core/notices';
import type { CloudClient } from '../../../lib/powersentrix/cloud-client';
import type { ComplexObject } from '../../../lib/powersentrix/complex';
import type { UpsLink } from '../../../lib/powersentrix/commands';
import type { PortCommand } from '../../../lib/powersentrix/input';
import type { Push } from '../../../lib/powersentrix/push';
import type { UpsReading } from '../../../lib/powersentrix/reading';
import type { Registration } from '../../../lib/powersentrix/registry';
import type { StatusOptions } from '../../../lib/powersentrix/status';
import { Ups, type UpsOptions } from '../../../lib/powersentrix/ups';
import { cloudWay, pushWay, type UpsWay } from '../../../lib/powersentrix/ways';
import { FakeClock, settle } from '../../support/fake-clock';
import { LIVE, type Numbers } from './looks';

/** A status with port 0 on or off. */
const status = (on: boolean, supply: Numbers = LIVE, settings: object = {}): ComplexObject => ({
  config: { settings, outputs: [{ id: 0, status: on ? 'ON' : 'OFF' }] },
  upsData: { ps: [supply], outputs: [on ? 1 : 0] },
});

/** The way to a UPS at an address of its own, which turns its port over and names itself by what is given. */
function linkOf(names: (toggles: number) => unknown) {
  let toggles = 0;
  const count = (): Promise<void> => {
    toggles++;
    return Promise.resolve();
  };
  const link: UpsLink = {
    readComplex: () =>
      Promise.resolve(status(toggles % 2 === 0, LIVE, { remoteServer: { upsId: names(toggles) } })),
    toggle: count,
    restart: count,
    describe: count,
  };
  return { link, toggles: () => toggles };
}

const REGISTRATION: Registration = {
  cmm: 'ups-01',
  description: null,
  serialNumber: null,
  model: null,
  firmware: null,
  address: '192.0.2.1',
  lastPush: 0,
  pushes: 1,
};

const pushed = (complex: ComplexObject, odd: string[] = []): Push => ({
  kind: 'data',
  cmm: 'ups-01',
  complex,
  odd,
  raw: complex,
});

/** A UPS with all that it tells. */
function make(way: UpsWay, options: Partial<UpsOptions> = {}) {
  const clock = new FakeClock();
  const heard = {
    readings: [] as UpsReading[],
    late: [] as DeviceError[],
    faults: [] as unknown[],
    notices: [] as Notice[],
    states: 0,
  };
  const ups = new Ups(
    way,
    { status: {}, clock, ...options },
    {
      onReading: (reading) => heard.readings.push(reading),
      onLate: (error) => heard.late.push(error),
      onFault: (thrown) => heard.faults.push(thrown),
      onNotice: (notice) => heard.notices.push(notice),
      onState: () => heard.states++,
    },
  );
  return { ups, clock, ...heard, heard };
}

/** A way whose responses wait until they are let go. */
class SlowWay implements UpsWay {
  readonly identity = 'slow';
  readonly waiting: ((complex: ComplexObject) => void)[] = [];
  readonly readComplex = (): Promise<ComplexObject> =>
    new Promise((resolve) => {
      this.waiting.push(resolve);
    });
  readonly link: UpsLink = { readComplex: this.readComplex, toggle: () => Promise.resolve() };

  respond(index: number, complex: ComplexObject): Promise<void> {
    this.waiting[index]?.(complex);
    return settle();
  }
}

const portOf = ({ status: { outputs } }: UpsReading): boolean | null | undefined => outputs[0]?.on;

describe('a UPS', () => {
  it('takes no response from before a command for news', async () => {
    const way = new SlowWay();
    const { ups, clock, readings } = make(way);
    const polled = ups.read();
    const command = ups.commands.run({ port: 0, action: 'on' });
    await settle();
    await way.respond(1, status(false));
    await clock.advance(await clock.nextTimer());
    await settle();
    await way.respond(2, status(true));
    assert.equal((await command).changed, true);
    await way.respond(0, status(false));
    assert.equal(portOf(await polled), true);
    assert.deepEqual(readings.map(portOf), [false, true]);
    const next = ups.read();
    await way.respond(3, status(false));
    assert.equal(portOf(await next), false, 'what is asked for after the command is news');
  });

  it('keeps an older response from the meaning of newer ones', async () => {
    const way = new SlowWay();
    const { ups } = make(way, { status: { mainsThreshold: 48 } });
    const polled = ups.read();
    void ups.commands.run({ port: 0, action: 'on' });
    await settle();
    await way.respond(1, status(true, { ...LIVE, main: 4800 }));
    await way.respond(0, status(true, { ...LIVE, main: 4700 }));
    assert.equal((await polled).status.powerSource, 'mains');
    const next = ups.read();
    await way.respond(2, status(true, { ...LIVE, main: 4830 }));
    assert.equal((await next).status.powerSource, 'mains');
  });

  describe('that pushes, at an address', () => {
    const run = (way: UpsWay, command: PortCommand) => {
      const { ups, clock } = make(way, { pushInterval: 1000 });
      const result = ups.commands.run(command).then(
        ({ on, verified }) => ({ on, verified }),
        (thrown: unknown) => {
          const { code, reason, sent } = toDeviceError(thrown);
          return { code, reason, sent };
        },
      );
      return clock.advance(60_000).then(() => result);
    };
    const refused = { code: 'NOT_FOUND', reason: 'powersentrixOtherUps', sent: false };
    const commands: PortCommand[] = [
      { port: 0, action: 'off' },
      { port: 0, action: 'toggle' },
      { port: 0, action: 'restart' },
      { port: 0, action: 'describe', description: 'x' },
    ];
    for (const command of commands) {
      it(`of another UPS is sent nothing: ${command.action}`, async () => {
        const { link, toggles } = linkOf(() => 'ups-02');
        assert.deepEqual(await run(pushWay('ups-01', link), command), refused);
        assert.equal(toggles(), 0);
      });
    }
    for (const name of ['ups-01', ' ups-01 ', '', null, undefined, [], {}]) {
      it(`of its own is switched where it names itself ${JSON.stringify(name)}`, async () => {
        const { link, toggles } = linkOf(() => name);
        const done = await run(pushWay('ups-01', link), { port: 0, action: 'off' });
        assert.deepEqual([done, toggles()], [{ on: false, verified: true }, 1]);
      });
    }
    it('that becomes another one’s meanwhile has an outcome that nobody knows', async () => {
      const { link, toggles } = linkOf((count) => (count === 0 ? 'ups-01' : 'ups-02'));
      const done = await run(pushWay('ups-01', link), { port: 0, action: 'off' });
      assert.deepEqual([(done as { code: string }).code, toggles()], ['OUTCOME_UNKNOWN', 1]);
    });
  });

  it('gives what it pushed last, until its pushes stay away', async () => {
    const { ups, clock, readings, late, notices } = make(pushWay('ups-01'), { pushInterval: 1000 });
    await assert.rejects(ups.read(), { code: 'UNREACHABLE', reason: 'powersentrixPushNone' });
    ups.take(pushed(status(true), ['config.x']), REGISTRATION);
    assert.equal(readings.length, 1);
    assert.equal(await ups.read(), readings[0]);
    assert.deepEqual(notices, [], 'the receiver names what is odd');
    await clock.advance(2500);
    assert.equal(late[0]?.reason, 'powersentrixPushLate');
    await assert.rejects(ups.read(), { code: 'UNREACHABLE', reason: 'powersentrixPushLate' });
    ups.close();
    assert.equal(clock.pending, 0);
  });

  it('tells all listeners of a push, whatever one of them throws', () => {
    const { ups, faults } = make(pushWay('ups-01'), { pushInterval: 1000 });
    const heard: string[] = [];
    ups.onPush(() => {
      throw new Error('broken');
    });
    const end = ups.onPush(({ kind }) => heard.push(kind));
    ups.take(pushed(status(true)), REGISTRATION);
    end();
    ups.take(pushed(status(true)), REGISTRATION);
    assert.deepEqual(heard, ['data']);
    assert.equal(faults.length, 2);
    ups.close();
  });

  it('takes no commands where it only pushes', () => {
    const { ups } = make(pushWay('ups-01'), { pushInterval: 1000 });
    assert.throws(() => ups.commands, { code: 'NOT_SUPPORTED', reason: 'powersentrixPushOnly', sent: false });
    ups.close();
  });

  it('names what is odd about a polled status once, and hides what lets others push', async () => {
    const complex: ComplexObject = { config: { companyId: 'secret' }, upsData: { ps: [LIVE], temps: 5 } };
    const { ups, notices } = make({ identity: 'x', readComplex: () => Promise.resolve(complex) });
    const { raw } = await ups.read();
    await ups.read();
    assert.equal(notices.length, 1);
    assert.ok(!JSON.stringify(raw).includes('secret'));
  });

  it('knows its zone from its settings, else from its status', async () => {
    const settings = { timezone: 'CET-1CEST,M3.5.0,M10.5.0/3' };
    const way: UpsWay = { identity: 'x', readComplex: () => Promise.resolve(status(true, LIVE, settings)) };
    const { ups } = make(way);
    assert.equal(ups.zone, undefined);
    await ups.read();
    assert.ok(ups.zone);
  });

  describe('over a restart', () => {
    const supply = (main: number, batt = LIVE.batt): Numbers => ({ ...LIVE, main, batt });
    /** what it told before, what it tells after, where its power comes from, whether a battery is low */
    const CASES: [string, StatusOptions, Numbers, Numbers, string, boolean | null][] = [
      ['mains', { mainsThreshold: 48 }, supply(5400), supply(4830), 'mains', false],
      [
        'no mains within the hysteresis',
        { mainsThreshold: 48 },
        supply(4700),
        supply(4830),
        'battery',
        false,
      ],
      ['mains above the hysteresis', { mainsThreshold: 48 }, supply(4700), supply(4851), 'mains', false],
      [
        'the limit that the supply told',
        {},
        supply(4700),
        { ...supply(4830), buv: undefined },
        'battery',
        null,
      ],
      ['a low battery within the hysteresis', {}, supply(5400, 4890), supply(5400, 4920), 'mains', true],
    ];
    for (const [what, options, before, after, source, low] of CASES) {
      it(`it tells ${what}`, async () => {
        let supplies = before;
        const way: UpsWay = { identity: 'x', readComplex: () => Promise.resolve(status(true, supplies)) };
        const first = make(way, { status: options });
        await first.ups.read();
        assert.equal(first.heard.states, 1);
        const second = make(way, { status: options });
        second.ups.restore(JSON.parse(JSON.stringify(first.ups.state)));
        supplies = after;
        const reading = await second.ups.read();
        assert.equal(reading.status.powerSource, source);
        assert.equal(reading.status.lowBattery, low);
      });
    }

    it('it ignores what it never kept, and what comes after its first reading', async () => {
      const way: UpsWay = { identity: 'x', readComplex: () => Promise.resolve(status(true, supply(5400))) };
      for (const stored of [
        null,
        5,
        'x',
        [],
        { supplies: 5 },
        { supplies: [5, { onBattery: 'yes', limit: 'x' }] },
      ]) {
        const { ups } = make(way);
        ups.restore(stored);
        assert.equal((await ups.read()).status.powerSource, 'mains');
        ups.restore({ supplies: [{ fitted: true, limit: 60, onBattery: true, lowBattery: true }] });
        assert.equal((await ups.read()).status.powerSource, 'mains');
      }
    });
  });

  it('of the cloud is read with the account as it is now', async () => {
    const account = (on: boolean): CloudClient =>
      ({ baseUrl: 'https://x', readComplex: () => Promise.resolve(status(on)) }) as unknown as CloudClient;
    let client: CloudClient | undefined = account(false);
    const way = cloudWay(() => {
      if (!client) throw invalidInput('No account.', 'powersentrixNoAccount');
      return client;
    }, '42');
    const { ups } = make(way);
    assert.equal(portOf(await ups.read()), false);
    client = account(true);
    assert.equal(portOf(await ups.read()), true);
    client = undefined;
    await assert.rejects(ups.read(), { reason: 'powersentrixNoAccount' });
    await assert.rejects(ups.commands.run({ port: 0, action: 'on' }), { reason: 'powersentrixNoAccount' });
    assert.equal(way.identity, 'cloud https://x 42');
  });
});
