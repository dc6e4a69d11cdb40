import assert from 'node:assert/strict';

import { admin, LEVEL, loadFlow, unloadFlow } from '../../support/flow';
import { nodeSet } from '../../support/node-set';

const MODULES = [
  nodeSet('enapter-account'),
  nodeSet('enapter-connection'),
  nodeSet('powercontroller-account'),
  nodeSet('powerflex-site'),
  nodeSet('poweropti-device'),
  nodeSet('powersentrix-account'),
  nodeSet('ups-device'),
  nodeSet('ups-receiver'),
];

/** A variable that nobody sets. */
const NAME = 'ENERGY_DEVICES_TEST_UNSET';

const BROKER = {
  mqtt_host: 'broker',
  mqtt_port: 1883,
  mqtt_protocol: 'MQTT',
  hardware_id: 'H1',
  channel_id: 'c',
  mqtt_credentials: { username: 'me', password: 'pass' },
};

interface Case {
  type: string;
  settings: Record<string, string>;
  credentials: Record<string, string>;
  /** what the dialog's button is called; missing: there is none that reads these values */
  action?: string;
}

/** Config nodes that could work, with every setting that must never be the name of a variable. */
const CASES: Case[] = [
  { type: 'poweropti-device', settings: { host: 'meter' }, credentials: { apiKey: 'key' }, action: 'test' },
  {
    type: 'powersentrix-account',
    settings: { url: 'cloud' },
    credentials: { email: 'me@example.com', password: 'pass' },
    action: 'test',
  },
  { type: 'ups-device', settings: { url: 'ups' }, credentials: { apiKey: 'key' }, action: 'test' },
  {
    type: 'ups-receiver',
    settings: { path: 'ups' },
    credentials: { companyId: 'company', secret: 'path-secret' },
  },
  {
    type: 'powercontroller-account',
    settings: { url: 'cloud' },
    credentials: { email: 'me@example.com', password: 'pass', token: 'token' },
    action: 'test',
  },
  {
    type: 'powerflex-site',
    settings: { url: 'host', accId: '7' },
    credentials: { username: 'me', password: 'pass' },
    action: 'test',
  },
  { type: 'enapter-account', settings: { url: 'host' }, credentials: { token: 'token' }, action: 'test' },
  {
    type: 'enapter-connection',
    settings: { host: 'broker' },
    credentials: { config: JSON.stringify(BROKER) },
    action: 'describe',
  },
];

describe('an environment variable without a value', () => {
  afterEach(unloadFlow);

  for (const { type, settings, credentials, action } of CASES) {
    for (const [field, among] of [
      ...Object.keys(settings).map((name) => [name, 'settings'] as const),
      ...Object.keys(credentials).map((name) => [name, 'credentials'] as const),
    ]) {
      for (const written of [`\${${NAME}}`, `$(${NAME})`, `\ufeff\${${NAME}}\r\n`]) {
        it(`is a problem of ${type} as ${field}: ${JSON.stringify(written)}`, async () => {
          const given = {
            settings: { ...settings, ...(among === 'settings' ? { [field]: written } : {}) },
            credentials: { ...credentials, ...(among === 'credentials' ? { [field]: written } : {}) },
          };
          const source = type === 'ups-device' ? { source: 'lan' } : {};
          const flow = await loadFlow(MODULES, [{ id: 'n', type, ...source, ...given.settings }], {
            n: given.credentials,
          });
          const lines = flow.log().filter(({ level }) => level === LEVEL.warn || level === LEVEL.error);
          assert.equal(lines.length, 1, JSON.stringify(lines));
          assert(lines[0]?.msg.includes(`variable ${NAME} has no value`), lines[0]?.msg);

          if (action === undefined) return;
          const reply = await admin()
            .post(`/energy-devices/${type}/new/${action}`)
            .send({ settings: { ...source, ...given.settings }, credentials: given.credentials });
          const response = reply.body as { ok: boolean; reason: string; params: unknown };
          assert.deepEqual(
            [response.ok, response.reason, response.params],
            [false, 'variableUnset', { name: NAME }],
          );
        });
      }
    }
  }

  it('is a problem of a UPS in the cloud and of one that pushes', async () => {
    const flow = await loadFlow(
      MODULES,
      [
        { id: 'a', type: 'powersentrix-account', url: 'cloud' },
        { id: 'r', type: 'ups-receiver', path: 'ups' },
        { id: 'c', type: 'ups-device', source: 'cloud', account: 'a', upsId: `\${${NAME}}` },
        { id: 'p', type: 'ups-device', source: 'push', receiver: 'r', cmm: `\${${NAME}}` },
      ],
      { a: { email: 'me@example.com', password: 'pass' }, r: { companyId: 'company' } },
    );
    for (const id of ['c', 'p']) {
      const own = flow.log(LEVEL.warn).filter((line) => line.id === id);
      assert(own[0]?.msg.includes(`variable ${NAME} has no value`), id);
    }
  });
});

describe('what is pasted into a config node', () => {
  afterEach(unloadFlow);

  for (const { type, settings, credentials } of CASES) {
    it(`works in ${type} with blanks, line ends and marks around it`, async () => {
      const around = (values: Record<string, string>): Record<string, string> =>
        Object.fromEntries(
          Object.entries(values).map(([name, value]) => [
            name,
            name === 'password' ? `\ufeff${value}\r\n` : `\ufeff \u200b${value}\t\r\n`,
          ]),
        );
      const source = type === 'ups-device' ? { source: 'lan' } : {};
      const flow = await loadFlow(MODULES, [{ id: 'n', type, ...source, ...around(settings) }], {
        n: around(credentials),
      });
      assert.deepEqual(
        flow.log().filter(({ level }) => level <= LEVEL.warn),
        [],
      );
    });
  }
});
