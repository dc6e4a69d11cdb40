import assert from 'node:assert/strict';

import { type SimBroker, startBroker } from '../../../simulators/enapter/broker';
import { COMMANDS, HARDWARE } from '../../support/enapter-device';
import { catching, LEVEL, loadFlow, PLACED, sink, TAB, type TestFlow, unloadFlow } from '../../support/flow';
import { nodeSet } from '../../support/node-set';

describe('enapter nodes with foreign text, and a broker that refuses', () => {
  let broker: SimBroker;
  let flow: TestFlow;

  beforeEach(async () => {
    broker = await startBroker({ punishes: (_topic, body) => body.length > 5000 });
  });
  afterEach(async () => {
    await unloadFlow();
    await broker.close();
  });

  async function load(): Promise<void> {
    const config = {
      ...{ mqtt_host: '127.0.0.1', mqtt_port: broker.port, mqtt_protocol: 'MQTT' },
      ...{ mqtt_credentials: { username: 'a', password: 'b' }, hardware_id: HARDWARE, channel_id: 'ucm' },
    };
    flow = await loadFlow(
      [nodeSet('enapter-connection'), nodeSet('enapter-telemetry'), nodeSet('enapter-command-in')],
      [
        TAB,
        { id: 'c', type: 'enapter-connection', name: 'Meter', host: '', propertiesTopic: 'register' },
        {
          id: 't',
          type: 'enapter-telemetry',
          ...PLACED,
          connection: 'c',
          operation: 'telemetry',
          wires: [['out']],
        },
        { id: 'in', type: 'enapter-command-in', ...PLACED, connection: 'c', command: '', wires: [['out']] },
        sink('out'),
        catching(),
        sink('caught'),
      ],
      { c: { config: `\ufeff${JSON.stringify(config)}\r\n` } },
    );
  }

  it('leaves out keys that nobody can have meant, with a line of bounded length for each', async () => {
    await load();
    const keys = [
      `$t((${'""'.repeat(30)}`,
      '__proto__',
      '__key__',
      'a\u0000\nb',
      'n'.repeat(100_000),
      '{{x}}',
      '',
    ];
    const payload = Object.fromEntries(keys.map((key) => [key, 1]));
    const published = broker.nextPublish(({ topic }) => topic.endsWith('/telemetry'));
    flow.send('t', { payload: { ...payload, power: 1, timestamp: 1735689605 } });
    assert.deepEqual((await published).json, { timestamp: 1735689605, power: 1 });
    const lines = flow.log(LEVEL.warn).filter(({ id }) => id === 'c');
    assert.equal(lines.length, keys.length);
    for (const { msg } of lines) assert.ok(msg.length < 300 && !/[\n\0]/.test(msg), msg);
    flow.send('t', { payload: { ...payload, power: 1, timestamp: 1735689606 } });
    await broker.nextPublish(({ topic }) => topic.endsWith('/telemetry'));
    assert.equal(flow.log(LEVEL.warn).filter(({ id }) => id === 'c').length, keys.length, 'told once');
  });

  it('gives up what the broker ends the connection for, and tells the flow about more of it', async () => {
    await load();
    await broker.subscription(COMMANDS);
    const text = 'x'.repeat(6000);
    flow.send('t', { payload: { text } });
    const { counters } = broker;
    while (counters.punished < 3 || counters.clients < 4) await broker.nextConnection();
    flow.send('t', { payload: { text } });
    const { error } = await flow.at('caught').waitFor(() => true, 'error');
    assert.equal((error as { code: string }).code, 'REJECTED');
    const published = broker.nextPublish(({ body }) => body.includes('"power":1'));
    flow.send('t', { payload: { power: 1 } });
    await published;
  });

  it('hands no retained command to the flow, and says so once', async () => {
    await broker.publish(COMMANDS, '{"id":"old","name":"switch_off"}', { retain: true });
    await load();
    await broker.subscription(COMMANDS);
    await broker.publish(COMMANDS, '{"id":"new","name":"switch_on"}');
    const message = await flow.at('out').waitFor(({ command }) => command !== undefined, 'command');
    assert.equal(message.topic, 'switch_on');
    assert.equal(flow.log(LEVEL.warn).filter(({ msg }) => /enapterRetained|retained/.test(msg)).length, 1);
  });
});
