import assert from 'node:assert/strict';

import { DeviceError } from '../../../lib/core/errors';
import type { ConnectionConfig } from '../../../lib/enapter/mqtt/config';
import { type SimBroker, startBroker } from '../../../simulators/enapter/broker';
import { COMMANDS, plainConfig, startDevice, type TestDevice } from '../../support/enapter-device';
import { testTls } from '../../support/fixture';

const pem = testTls();

describe('enapter: MQTTS', () => {
  let broker: SimBroker;
  const devices: TestDevice[] = [];
  const tls = { ca: pem.ca, cert: pem.clientCert, key: pem.clientKey };
  const secure = (given = tls): ConnectionConfig => {
    const { host, port, hardwareId, channelId } = plainConfig(broker.port);
    return { host, port, hardwareId, channelId, protocol: 'MQTTS', tls: given };
  };
  const start = (config: ConnectionConfig): TestDevice => {
    const device = startDevice(config);
    devices.push(device);
    return device;
  };

  beforeEach(async () => {
    broker = await startBroker({ tls: { key: pem.serverKey, cert: pem.serverCert, ca: pem.ca } });
  });
  afterEach(async () => {
    await Promise.all(devices.splice(0).map(({ connection }) => connection.close()));
    await broker.close();
  });

  it('connects with the right authority although the certificate names another host', async () => {
    const { connection } = start(secure());
    await broker.subscription(COMMANDS);
    const arrived = broker.nextPublish();
    connection.publishValues('telemetry', 'a', { a: 1 });
    await arrived;
    assert.equal(broker.counters.clients, 1);
  });

  it('never connects with another authority', async () => {
    const { connection, availability } = start(secure({ ...tls, ca: pem.otherCa }));
    const { reason } = await availability.waitFor(({ available }) => !available, 'availability');
    assert.equal(reason?.reason, 'enapterUnknownCa');
    while (broker.counters.connections < 5) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(broker.counters.clients, 0);
    assert.equal(connection.counts.connects, 0);
  });

  it('uses TLS by the protocol alone: plain MQTT never speaks to the TLS port, and MQTTS never to a plain one', async () => {
    const first = start(plainConfig(broker.port));
    await first.availability.waitFor(({ available }) => !available, 'availability');
    const plain = await startBroker();
    const second = start({ ...secure(), port: plain.port });
    await second.availability.waitFor(({ available }) => !available, 'availability');
    assert.equal(broker.counters.clients + plain.counters.clients, 0);
    await plain.close();
  });

  it('says that a key does not belong to its certificate', async () => {
    const { availability } = start(secure({ ...tls, key: pem.serverKey }));
    const { reason } = await availability.waitFor(({ available }) => !available, 'availability');
    assert.ok(reason instanceof DeviceError);
    assert.equal(reason.reason, 'enapterBadKey');
  });
});
