import assert from 'node:assert/strict';

import { type EnapterSimulator, IDS, startEnapter } from '../../../simulators/enapter';
import {
  admin,
  LEVEL,
  loadFlow,
  type Message,
  PLACED,
  TAB,
  type TestFlow,
  unloadFlow,
} from '../../support/flow';
import { commandIn, isAvailable, loadWith, MODULES, telemetry } from './support';

describe('enapter-connection and its nodes', () => {
  let sim: EnapterSimulator;
  let flow: TestFlow;
  let config: string;

  const load = async (nodes: Record<string, unknown>[], given = config): Promise<void> => {
    flow = await loadWith(nodes, given);
  };
  const response = (result: string, id = 'r'): Record<string, unknown> => ({
    ...{ id, type: 'enapter-command-response', ...PLACED, result, wires: [] },
  });
  const connected = async (): Promise<unknown> => flow.at('out').waitFor(isAvailable, 'connected');

  beforeEach(async () => {
    sim = await startEnapter();
    const made = sim.generateConfig(IDS.meter, 'MQTT');
    config = JSON.stringify({ config: made });
  });
  afterEach(async () => {
    await unloadFlow();
    await sim.close();
  });

  it('publishes telemetry and tells of its connection', async () => {
    await load([telemetry()]);
    const message = await flow.at('out').waitFor(isAvailable, 'connected');
    assert.equal(message.topic, 'Meter');
    assert.deepEqual((message.device as { vendor: string; name: string }).vendor, 'enapter');
    await flow
      .statusOf('t')
      .waitFor(({ fill, text }) => fill === 'green' && text === 'status.connected', 'status');
    const published = sim.broker.nextPublish();
    flow.send('t', { payload: { power: 7, timestamp: '2025-01-01T00:00:00Z', registers: { a: 1 } } });
    assert.deepEqual((await published).json, { timestamp: 1_735_689_600, power: 7 });
    flow.send('t', { payload: { power: 8, registers: { a: 1 } } });
    await sim.broker.nextPublish();
    assert.equal(flow.log(LEVEL.warn).length, 1, 'one warning for each key');
  });

  it('publishes properties and logs', async () => {
    await load([
      telemetry(),
      telemetry({ id: 'p', operation: 'properties' }),
      telemetry({ id: 'l', operation: 'log', severity: 'warning', persist: true }),
    ]);
    await connected();
    const next = (): ReturnType<typeof sim.broker.nextPublish> => sim.broker.nextPublish();
    let published = next();
    flow.send('p', { payload: { model: 'x' } });
    assert.match((await published).topic, /v1\/register$/);
    published = next();
    flow.send('l', { payload: 'hello' });
    const { timestamp, ...line } = (await published).json as Record<string, unknown>;
    assert.equal(typeof timestamp, 'number');
    assert.deepEqual(line, { message: 'hello', severity: 'warning', persist: true });
    published = next();
    flow.send('l', { payload: { message: 'worse', severity: 'error' } });
    assert.equal(((await published).json as { severity: string }).severity, 'error');
    published = next();
    flow.send('l', { payload: { message: 'as set', severity: undefined, persist: null } });
    const { severity, persist } = (await published).json as Record<string, unknown>;
    assert.deepEqual([severity, persist], ['warning', true]);
  });

  it('reports what cannot be sent', async () => {
    await load([
      telemetry(),
      telemetry({ id: 'l', operation: 'log' }),
      telemetry({ id: 'x', connection: '' }),
    ]);
    for (const [id, payload] of [
      ['t', 'text'],
      ['l', 7],
      ['x', { a: 1 }],
    ] as const) {
      const from = flow.at('caught').items.length;
      flow.send(id, { payload });
      const { error } = await flow.at('caught').waitFor(() => true, 'error', { from });
      assert.equal((error as { code: string }).code, 'INVALID_INPUT');
    }
  });

  it('hands a command to the flow and its answer back', async () => {
    await load([telemetry(), commandIn({ command: 'set', wires: [['out']] }), response('completed')]);
    await connected();
    const running = sim.execute(IDS.meter, 'set', { port: 3 });
    const message = await flow.at('out').waitFor((msg) => 'command' in msg, 'command');
    assert.deepEqual(message.payload, { port: 3 });
    assert.equal(message.topic, 'set');
    const { id, ...command } = message.command as { id: string };
    assert.deepEqual(command, { name: 'set', connection: 'c' });
    assert.ok(id);
    flow.send('r', { ...message, payload: 'on' });
    const execution = await running;
    assert.equal(execution.state, 'SUCCESS');
    assert.deepEqual(execution.response?.payload, { result: 'on' });
    await flow.statusOf('r').waitFor(({ text }) => text === 'status.completed', 'status');

    flow.send('r', message);
    const { error } = await flow.at('caught').waitFor(() => true, 'error');
    assert.equal((error as { code: string }).code, 'CONFLICT');
  });

  it('tells progress, and errors in the words of a Catch node', async () => {
    await load([telemetry(), commandIn(), response('log', 'log'), response('error'), response('msg', 'm')]);
    await connected();
    const running = sim.execute(IDS.meter, 'anything');
    const message = await flow.at('out').waitFor((msg) => 'command' in msg, 'command');
    flow.send('log', { ...message, payload: 'half' });
    flow.send('m', { ...message, payload: 'more', result: 'log' });
    flow.send('r', { ...message, payload: {}, error: { message: 'it broke' } });
    const execution = await running;
    assert.equal(execution.state, 'ERROR');
    assert.deepEqual(execution.response?.payload, { message: 'it broke' });
    assert.deepEqual(
      execution.log.map(({ payload }) => payload),
      [{ message: 'half' }, { message: 'more' }],
    );
  });

  it('refuses answers that belong to no command', async () => {
    await load([commandIn(), response('msg')]);
    const fails = async (msg: Message): Promise<unknown> => {
      const from = flow.at('caught').items.length;
      flow.send('r', msg);
      const { error } = await flow.at('caught').waitFor(() => true, 'error', { from });
      return (error as { code: string }).code;
    };
    assert.equal(await fails({ payload: 1, result: 'completed' }), 'NOT_FOUND');
    assert.equal(await fails({ result: 'completed', command: { id: 'x', connection: 'gone' } }), 'NOT_FOUND');
    assert.equal(await fails({ result: 'completed', command: { id: 'x', connection: 'c' } }), 'NOT_FOUND');
    assert.equal(await fails({ result: 'maybe', command: { id: 'x', connection: 'c' } }), 'INVALID_INPUT');
    assert.equal(await fails({ result: 'log', command: { id: 'x', connection: 'c' } }), 'INVALID_INPUT');
  });

  it('answers commands that nobody answers in time, or that are open at a redeploy', async () => {
    await load([telemetry(), commandIn({ timeout: 1 })]);
    await connected();
    const late = await sim.execute(IDS.meter, 'slow');
    assert.match(JSON.stringify(late.response?.payload), /no answer within 1 s/);
    const open = sim.execute(IDS.meter, 'open');
    await flow.at('out').waitFor(({ topic }) => topic === 'open', 'command');
    await unloadFlow();
    assert.match(JSON.stringify((await open).response?.payload), /stopped or redeployed/);
    await load([]);
  });

  it('warns of two nodes for one command, and of two connections for one device', async () => {
    flow = await loadFlow(
      MODULES,
      [
        TAB,
        { id: 'c', type: 'enapter-connection' },
        { id: 'd', type: 'enapter-connection' },
        commandIn({ command: 'x' }),
        commandIn({ id: 'in2', command: 'x' }),
      ],
      { c: { config }, d: { config } },
    );
    assert.deepEqual(
      flow.log(LEVEL.warn).map(({ id, msg }) => `${String(id)} ${msg}`),
      ['d log.enapterTwice', 'in2 log.enapterCommandTwice'],
    );
  });

  it('comes back after the broker was gone, with one line down and one line up', async () => {
    await load([telemetry()]);
    await connected();
    const from = flow.at('out').items.length;
    await sim.broker.kill();
    await flow.at('out').waitFor((msg) => !isAvailable(msg), 'lost', { from });
    await flow
      .statusOf('t')
      .waitFor(({ fill, text }) => fill === 'yellow' && text === 'status.UNREACHABLE', 'status');
    flow.send('t', { payload: { power: 1 } });
    const published = sim.broker.nextPublish();
    await sim.broker.start();
    assert.equal(((await published).json as { power: number }).power, 1);
    assert.equal(flow.log(LEVEL.warn).length, 1);
    assert.deepEqual(
      flow
        .log(LEVEL.info)
        .filter(({ msg }) => msg.includes('enapter'))
        .map(({ msg }) => msg),
      ['log.enapterBack'],
    );
  });

  it('does not connect when no node uses it', async () => {
    await load([]);
    assert.equal(sim.broker.counters.connections, 0);
  });

  it('leaves no connection behind when it is redeployed, connected or not yet', async () => {
    for (let n = 0; n < 20; n++) {
      await load([telemetry(), commandIn()]);
      // Most of them are stopped before they have connected.
      if (n % 10 === 0) await connected();
      assert.ok(sim.broker.open <= 1, `${sim.broker.open} connections at redeploy ${n}`);
      await unloadFlow();
    }
    assert.equal(sim.broker.counters.clients, 2);
    assert.equal(sim.broker.open, 0);
    await load([]);
  });

  it('says that its configuration cannot work', async () => {
    await load([telemetry(), commandIn()], '{"mqtt_host":"topsecret"}');
    assert.equal(flow.log(LEVEL.warn).length, 1);
    assert.doesNotMatch(JSON.stringify(flow.log()), /topsecret/);
    flow.send('t', { payload: { a: 1 } });
    const { error } = await flow.at('caught').waitFor(() => true, 'error');
    assert.equal((error as { code: string }).code, 'INVALID_INPUT');
    const reply = await admin().get('/energy-devices/enapter-connection/c/diagnostics');
    assert.match(reply.text, /lacks a usable/);
    const manifest = await admin().get('/energy-devices/enapter-connection/c/manifest');
    assert.equal(manifest.status, 500);
    assert.equal((manifest.body as { reason: string }).reason, 'enapterConfigLacks');
  });
});
