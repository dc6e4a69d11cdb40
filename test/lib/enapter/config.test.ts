import assert from 'node:assert/strict';

import { parseConnectionConfig, shownConfig, withHost } from '../../../lib/enapter/mqtt/config';
import { testTls } from '../../support/fixture';

const pem = testTls();
const plain = {
  mqtt_host: 'mqtt.enapter.com',
  mqtt_port: 1883,
  mqtt_credentials: { username: 'user', password: 'top-secret' },
  mqtt_protocol: 'MQTT',
  hardware_id: 'C8795CBA5375484E829105E959663C8B',
  channel_id: 'ucm',
};
const secure = {
  ...plain,
  mqtt_protocol: 'MQTTS',
  mqtt_credentials: { private_key: pem.clientKey, certificate: pem.clientCert, ca_chain: pem.ca },
};
const tlsOf = (value: unknown): { ca: string; cert: string; key: string } => {
  const config = parse(value);
  assert.equal(config.protocol, 'MQTTS');
  return config.tls;
};
const parse = (value: unknown): ReturnType<typeof parseConnectionConfig> =>
  parseConnectionConfig(JSON.stringify(value));

describe('enapter: connection configuration', () => {
  it('reads the configuration, the whole answer, and base64 of either', () => {
    const expected = parse(plain);
    assert.deepEqual(shownConfig(expected), {
      host: 'mqtt.enapter.com',
      port: 1883,
      protocol: 'MQTT',
      hardwareId: 'C8795CBA5375484E829105E959663C8B',
      channelId: 'ucm',
    });
    for (const value of [plain, { config: plain }]) {
      const json = JSON.stringify(value, null, 2);
      assert.deepEqual(parseConnectionConfig(`\n${json}\n`), expected);
      const base64 = Buffer.from(json).toString('base64');
      assert.deepEqual(parseConnectionConfig(base64), expected);
      assert.deepEqual(parseConnectionConfig(base64.replace(/(.{76})/g, '$1\n')), expected);
    }
  });

  it('reads PEM with real, escaped and missing line ends', () => {
    const escaped = (text: string): string => text.trim().replaceAll('\n', '\\n');
    const twice = {
      private_key: escaped(pem.clientKey),
      certificate: escaped(pem.clientCert),
      ca_chain: escaped(pem.ca + pem.otherCa),
    };
    const tls = tlsOf({ ...secure, mqtt_credentials: twice });
    assert.equal(tls.key, pem.clientKey);
    assert.equal(tls.ca, pem.ca + pem.otherCa);
    assert.equal(tlsOf(secure).cert, pem.clientCert);
  });

  it('decides TLS by the protocol, never by the port', () => {
    assert.equal(parse({ ...plain, mqtt_port: 8883 }).protocol, 'MQTT');
    assert.equal(parse({ ...secure, mqtt_port: '1883' }).protocol, 'MQTTS');
    for (const mqtt_protocol of [undefined, 'mqtt', 'TCP', null]) {
      assert.throws(() => parse({ ...plain, mqtt_protocol }), { reason: 'enapterConfigLacks' });
    }
  });

  it('reads the older form, which is always TLS', () => {
    const config = parse({
      mqtt_host: '10.0.0.1',
      mqtt_port: 8883,
      mqtt_ca: pem.ca,
      mqtt_cert: pem.clientCert,
      mqtt_private_key: pem.clientKey,
      ucm_id: 'ABC',
      channel_id: 'ch',
    });
    assert.equal(config.protocol, 'MQTTS');
    assert.equal(config.hardwareId, 'ABC');
  });

  const without = (field: keyof typeof plain): unknown => ({ ...plain, [field]: undefined });
  for (const [what, value] of Object.entries<unknown>({
    'no host': without('mqtt_host'),
    'a host that is a URL': { ...plain, mqtt_host: 'mqtt://x' },
    'no port': without('mqtt_port'),
    'port 0': { ...plain, mqtt_port: 0 },
    'no hardware id': without('hardware_id'),
    'a hardware id with a wildcard': { ...plain, hardware_id: '+/#' },
    'no channel id': without('channel_id'),
    'no credentials': without('mqtt_credentials'),
    'an empty password': { ...plain, mqtt_credentials: { username: 'user', password: '' } },
    'no ca_chain': { ...secure, mqtt_credentials: { ...secure.mqtt_credentials, ca_chain: '' } },
    'a key that is no PEM': {
      ...secure,
      mqtt_credentials: { ...secure.mqtt_credentials, private_key: 'topsecret' },
    },
  })) {
    it(`refuses ${what}, and names the field without its value`, () => {
      assert.throws(
        () => parse(value),
        (error: Error & { reason?: string }) =>
          error.reason === 'enapterConfigLacks' && !/top-?secret|PRIVATE/.test(error.message),
      );
    });
  }

  it('refuses what is no configuration at all, without quoting it', () => {
    for (const [text, reason] of [
      ['', 'enapterConfigEmpty'],
      [undefined, 'enapterConfigEmpty'],
      ['{"a": "topsecret', 'enapterConfigUnreadable'],
      ['topsecret', 'enapterConfigUnreadable'],
      ['[1]', 'enapterConfigUnreadable'],
      ['7', 'enapterConfigUnreadable'],
    ] as const) {
      assert.throws(
        () => parseConnectionConfig(text),
        (error: Error & { reason?: string }) =>
          error.reason === reason && !error.message.includes('topsecret'),
      );
    }
  });

  it('takes another host, with or without a port', () => {
    const config = parse(plain);
    const at = (typed: string): string => {
      const { host, port } = withHost(config, typed);
      return `${host} ${port}`;
    };
    assert.equal(at(''), 'mqtt.enapter.com 1883');
    assert.equal(at('gateway.local'), 'gateway.local 1883');
    assert.equal(at(' 10.0.0.1:8884 '), '10.0.0.1 8884');
    assert.equal(at('fe80::1'), 'fe80::1 1883');
    assert.equal(at('[::1]:99'), '::1 99');
    for (const typed of ['mqtt://x', 'a b', 'host:99999', 'host:', '[x]:1']) {
      assert.throws(() => withHost(config, typed), { reason: 'enapterHost' });
    }
  });
});
