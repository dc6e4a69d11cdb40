import assert from 'node:assert/strict';

import type { EnapterAccount } from '../../../nodes/enapter/account';
import type { DeviceConnection } from '../../../nodes/enapter/device-connection';
import type { Account } from '../../../nodes/powercontroller/account';
import type { PowerflexSite } from '../../../nodes/powerflex/site';
import type { ConfigNode } from '../../../nodes/shared/config-node';
import type { PolledPart } from '../../../nodes/shared/polled-device';
import { LEVEL, loadFlow, type TestFlow, unloadFlow } from '../../support/flow';
import { nodeSet } from '../../support/node-set';
import { Sink } from '../../support/sink';

type Values = Record<string, unknown>;

interface Case {
  type: string;
  /** at a server's address */
  settings: (port: number) => Values;
  credentials: (port: number) => Values;
  /** makes the node ask its server */
  ask: (flow: TestFlow) => void;
  /** what has to stand in the requests */
  sent: string[];
}

const never = new AbortController().signal;
const given = (call: Promise<unknown>): void => void call.catch(() => undefined);
const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Config nodes whose settings and secrets are numbers, as far as they may be. */
const CASES: Case[] = [
  {
    type: 'poweropti-device',
    settings: (port) => ({ host: `127.0.0.1:${port}`, interval: 7, staleAfter: 9 }),
    credentials: () => ({ apiKey: 12345 }),
    ask: (flow) => {
      const node = flow.node('n') as unknown as { shown: Values };
      assert.deepEqual([node.shown.interval, node.shown.staleAfter], [7, 9]);
      const { device } = (flow.node('n') as ConfigNode<PolledPart<unknown>>).holder.part;
      given(device.subscribe({}).refresh());
    },
    sent: ['12345'],
  },
  {
    type: 'powercontroller-account',
    settings: (port) => ({ url: `http://127.0.0.1:${port}/v1` }),
    credentials: () => ({ token: 12345 }),
    ask: (flow) => given((flow.node('n') as ConfigNode<Account>).holder.part.client.devices(never)),
    sent: ['12345'],
  },
  {
    type: 'powerflex-site',
    settings: (port) => ({ url: `http://127.0.0.1:${port}`, accId: 71 }),
    credentials: () => ({ username: 678, password: 12345 }),
    ask: (flow) => given((flow.node('n') as ConfigNode<PowerflexSite>).holder.part.client.signIn()),
    sent: ['678', '12345'],
  },
  {
    type: 'enapter-account',
    settings: (port) => ({ url: `http://127.0.0.1:${port}` }),
    credentials: () => ({ token: 12345 }),
    ask: (flow) => given((flow.node('n') as ConfigNode<EnapterAccount>).holder.part.client.sites(never)),
    sent: ['12345'],
  },
  {
    type: 'enapter-connection',
    settings: () => ({ mqttVersion: 5 }),
    credentials: (port) => ({
      config: {
        ...{ mqtt_host: '127.0.0.1', mqtt_port: port, mqtt_protocol: 'MQTT' },
        ...{ hardware_id: 'H1', channel_id: 'c' },
        mqtt_credentials: { username: 'me', password: '12345' },
      },
    }),
    ask: (flow) => {
      const device = (flow.node('n') as ConfigNode<DeviceConnection>).holder.part;
      assert.equal(device.version, '5');
      device.connection.start();
    },
    sent: ['12345'],
  },
];

/** How a value comes to a node. */
const FORMS: { name: string; of: (name: string, value: unknown) => unknown }[] = [
  { name: 'as JSON in the flow file', of: (_, value) => value },
  { name: 'from a variable of its type, ${NAME}', of: (name) => `\${${name}}` },
  { name: 'from a variable of its type, $(NAME)', of: (name) => `$(${name})` },
];

function variable(name: string, value: unknown): Values {
  if (typeof value === 'number') return { name, type: 'num', value: String(value) };
  if (typeof value === 'string') return { name, type: 'str', value };
  return { name, type: 'json', value: JSON.stringify(value) };
}

const MODULES = CASES.map(({ type }) => nodeSet(type));

describe('a setting that is a number, or comes from a variable', () => {
  let sink: Sink;
  beforeEach(async () => (sink = await Sink.start()));
  afterEach(async () => {
    await unloadFlow();
    await sink.close();
  });

  for (const { type, settings, credentials, ask, sent } of CASES) {
    for (const { name, of } of FORMS) {
      it(`is used by ${type} ${name}`, async () => {
        const all = { ...settings(sink.port), ...credentials(sink.port) };
        const env = Object.entries(all).map(([key, value]) => variable(`V_${key}`, value));
        const written = (values: Values): Record<string, string> =>
          Object.fromEntries(
            Object.entries(values).map(([key, value]) => [key, of(`V_${key}`, value) as string]),
          );
        const flow = await loadFlow(
          MODULES,
          [
            { id: 'tab', type: 'tab', env },
            { id: 'n', type, z: 'tab', ...written(settings(sink.port)) },
          ],
          { n: written(credentials(sink.port)) },
        );
        assert.deepEqual(
          flow.log().filter(({ level }) => level <= LEVEL.warn),
          [],
        );
        ask(flow);
        for (const part of sent) {
          const isThere = (text: string): boolean => text.includes(part) || text.includes(base64(part));
          await sink.heard.waitFor(isThere, `request with ${part}`);
        }
      });
    }
  }
});

describe('an address with a variable that is not set', () => {
  afterEach(unloadFlow);

  for (const { type, settings, credentials } of CASES) {
    if (!('url' in settings(1))) continue;
    it(`leads ${type} nowhere`, async () => {
      const flow = await loadFlow(
        MODULES,
        [{ id: 'n', type, ...settings(1), url: '${ENERGY_DEVICES_TEST_UNSET}' }],
        { n: credentials(1) as Record<string, string> },
      );
      const { holder } = flow.node('n') as ConfigNode<unknown>;
      assert.equal(holder.problem?.reason, 'variableUnset');
      assert.equal(holder.offered, undefined);
    });
  }
});

const UNSET = '${ENERGY_DEVICES_TEST_UNSET}';

const NO_CHOICE = /none of its choices|settingChoice/;
const NO_PRICE = /must be a number|settingNumber|ENERGY_DEVICES_TEST_UNSET/;
const NO_TEXT = /must be a text|settingText/;
/** A configuration with all that it needs. */
const FFR = {
  ...{ operation: 'configure', section: 'ffr', ffrEnable: true, tripThreshold: 59.7 },
  ...{ returnThreshold: 59.8, periods: 10, ffrDelay: 10 },
};

/** Settings of a command node, and what the log says of them. */
const COMMANDS: [settings: Values, said: RegExp | undefined][] = [
  [{ operation: 'on', at: UNSET, time: UNSET, sn: UNSET }, undefined],
  [{ operation: 'msg', country: UNSET, tripThreshold: 'x' }, undefined],
  [{ operation: 'on_at', at: UNSET }, /ENERGY_DEVICES_TEST_UNSET/],
  [{ operation: 'on_for', time: UNSET }, /ENERGY_DEVICES_TEST_UNSET/],
  [{ operation: 'on_for', time: 'an hour' }, /must be a number|settingNumber/],
  [{ operation: 'on_for', time: '' }, /must be a number|settingNumber/],
  [{ operation: 'on_for', time: 0 }, /must be a number|settingNumber/],
  [{ operation: 'on_for', time: 60 }, undefined],
  [{ operation: 'off', delay: '' }, undefined],
  [{ operation: 'off', delay: 'soon' }, /must be a number|settingNumber/],
  [{ operation: UNSET }, /ENERGY_DEVICES_TEST_UNSET/],
  [{ operation: 'on', deviceId: UNSET }, /ENERGY_DEVICES_TEST_UNSET/],
  // What a blank variable leaves chooses nothing, and what is no switch switches nothing off.
  [{ operation: '' }, NO_CHOICE],
  [{ operation: ' ' }, NO_CHOICE],
  [{ operation: null }, NO_CHOICE],
  [{ operation: {} }, NO_TEXT],
  [{ operation: 'configure', section: '' }, NO_CHOICE],
  [{ operation: 'on', section: '', flowmeterType: 7, ffrEnable: 'perhaps' }, undefined],
  [{ ...FFR, ffrEnable: UNSET }, /ENERGY_DEVICES_TEST_UNSET/],
  ...['1', 1, 0, '', 'yes', 'on', null, {}, []].map((ffrEnable): [Values, RegExp] => [
    { ...FFR, ffrEnable },
    NO_CHOICE,
  ]),
  ...[true, false, 'true', ' TRUE ', 'False'].map((ffrEnable): [Values, undefined] => [
    { ...FFR, ffrEnable },
    undefined,
  ]),
  ...[true, {}, [5], [], 'x'.repeat(70), '5 s', '1e999', '0x10'].map((delay): [Values, RegExp] => [
    { operation: 'on', delay },
    /must be a number|settingNumber/,
  ]),
  [{ operation: 'on', deviceId: { id: 1 } }, NO_TEXT],
];

describe('the settings of a command', () => {
  afterEach(unloadFlow);

  for (const [settings, said] of COMMANDS) {
    it(`${said ? 'are refused' : 'are taken'}: ${JSON.stringify(settings)}`, async () => {
      const command = { id: 'n', type: 'powercontroller-command', x: 1, y: 1, z: 'tab', wires: [[]] };
      const tab = { id: 'tab', type: 'tab' };
      const flow = await loadFlow([nodeSet('powercontroller-command')], [tab, { ...command, ...settings }]);
      const lines = flow.log(LEVEL.warn).map(({ msg }) => msg);
      assert.equal(lines.length, said ? 1 : 0, lines.join('\n'));
      if (said) assert.match(lines[0] ?? '', said);
    });
  }
});

/** Prices of an energy-counter, and what the log says of them: what cannot be read must not make energy free. */
const PRICES: [settings: Values, said: RegExp | undefined][] = [
  ...['0,25', '25 ct', '', UNSET, true, {}].flatMap((price): [Values, RegExp][] => [
    [{ price: 'fixed', fixedPrice: price }, NO_PRICE],
    [{ feedIn: 'fixed', feedInPrice: price }, NO_PRICE],
    [{ basePer: 'month', base: price }, NO_PRICE],
  ]),
  [{ price: 'fixed', fixedPrice: ' 0.25 ', feedInPrice: '0,08', base: UNSET }, undefined],
  [{ price: 'fixed' }, undefined],
];

describe('the prices of a counter', () => {
  afterEach(unloadFlow);

  for (const [settings, said] of PRICES) {
    it(`${said ? 'are refused' : 'are taken'}: ${JSON.stringify(settings)}`, async () => {
      const counter = { id: 'n', type: 'energy-counter', x: 1, y: 1, z: 'tab', wires: [[], []] };
      const flow = await loadFlow(
        [nodeSet('energy-counter')],
        [
          { id: 'tab', type: 'tab' },
          { ...counter, ...settings },
        ],
      );
      const lines = flow.log(LEVEL.warn).map(({ msg }) => msg);
      assert.equal(lines.length, said ? 1 : 0, lines.join('\n'));
      if (said) assert.match(lines[0] ?? '', said);
    });
  }
});
