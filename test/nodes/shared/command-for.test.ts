import assert from 'node:assert/strict';

import { readManifest, projectRoot } from '../../../scripts/support/project-root';
import { dialogDefinitions } from '../../support/dialogs';
import {
  catching,
  errorOf,
  type FlowNode,
  loadFlow,
  PLACED,
  sink,
  TAB,
  unloadFlow,
} from '../../support/flow';
import { nodeSet } from '../../support/node-set';
import { Sink } from '../../support/sink';

/** Nodes that command a device, with the device that they command and a message that they would carry out. */
const COMMANDS: Record<string, { settings: object; own: (port: number) => object; message: object }> = {
  'ups-port': {
    settings: { device: 'ups', port: '3', action: 'on' },
    own: () => ({ vendor: 'powersentrix', id: 'ups' }),
    message: { payload: true },
  },
  'powercontroller-command': {
    settings: { account: 'controllers', operation: 'msg', deviceId: 'c1' },
    own: () => ({ vendor: 'automate-green', id: 'c1' }),
    message: { payload: 'on' },
  },
  'powerflex-dcm': {
    settings: { site: 'site', operation: 'msg' },
    own: (port) => ({ vendor: 'powerflex', id: `127.0.0.1:${port}/71` }),
    message: { operation: 'set_target_peak_power', payload: { targets: { Jun: 5 } } },
  },
  'enapter-device': {
    settings: { account: 'ems', operation: 'get', deviceId: 'd1' },
    own: () => ({ vendor: 'enapter', id: 'd1' }),
    message: { payload: '' },
  },
  'energy-demand': {
    settings: {},
    own: () => ({ vendor: 'energy-devices', id: 'n' }),
    message: { payload: { target: 5000 } },
  },
};

/** Nodes whose input commands nothing, so that a command there is a wrong wire. */
const OTHERS: Record<string, object> = {
  'poweropti-meter': { device: 'meter' },
  'ups-status': { device: 'ups' },
  'powercontroller-status': { account: 'controllers', operation: 'get', deviceId: 'c1' },
  'powerflex-measurements': { site: 'site' },
  'enapter-telemetry': { connection: '' },
  'enapter-command-response': {},
  'energy-counter': {},
  'energy-surplus': {},
  'energy-price-plan': {},
  'ups-outage-plan': {},
  'ups-nut-server': {},
  'energy-metrics': {},
  'charging-report': {},
  'grid-event-log': {},
};

const configs = (port: number): FlowNode[] => [
  { id: 'meter', type: 'poweropti-device', host: `127.0.0.1:${port}`, interval: 86400 },
  { id: 'ups', type: 'ups-device', source: 'lan', url: `http://127.0.0.1:${port}`, interval: 86400 },
  { id: 'controllers', type: 'powercontroller-account', url: `http://127.0.0.1:${port}/v1` },
  { id: 'site', type: 'powerflex-site', url: `http://127.0.0.1:${port}`, accId: '71' },
  { id: 'ems', type: 'enapter-account', url: `http://127.0.0.1:${port}` },
];
const CREDENTIALS = {
  meter: { apiKey: 'k' },
  ups: { apiKey: 'k' },
  controllers: { token: 't' },
  site: { username: 'u', password: 'p' },
  ems: { token: 't' },
};

const WRONG: [name: string, of: (own: object) => unknown][] = [
  ['another device', (own) => ({ ...own, id: 'other' })],
  ['another vendor', (own) => ({ ...own, vendor: 'powerfox' })],
  ['no id', (own) => ({ ...own, id: undefined })],
  ['a number', (own) => ({ ...own, id: 5 })],
  ['a text', () => 'me'],
  ['a list', (own) => [own]],
  ['nothing', () => ({})],
];

describe('a command that says whom it is for', () => {
  let server: Sink;
  beforeEach(async () => (server = await Sink.start()));
  afterEach(async () => {
    await unloadFlow();
    await server.close();
  });

  const begin = async (type: string, settings: object) => {
    const types = [...configs(0).map((one) => String(one.type)), type];
    const defaults = Object.entries(dialogDefinitions().get(type)?.defaults ?? {});
    // The dialogs run in a realm of their own, whose arrays are none here.
    const values = JSON.parse(
      JSON.stringify(Object.fromEntries(defaults.map(([name, { value }]) => [name, value]))),
    ) as object;
    return loadFlow(
      types.map(nodeSet),
      [
        ...[TAB, ...configs(server.port)],
        { ...values, ...settings, id: 'n', type, ...PLACED, wires: [['out'], ['out']] },
        ...[sink('out'), catching(['n']), sink('caught')],
      ],
      CREDENTIALS,
    );
  };

  for (const [type, { settings, own, message }] of Object.entries(COMMANDS)) {
    for (const [name, of] of WRONG) {
      it(`${type} refuses one for ${name}`, async () => {
        const flow = await begin(type, settings);
        const commandFor = of(own(server.port));
        flow.node('n').receive({ ...message, commandFor });
        const msg = await flow.at('caught').waitFor(() => true, 'error');
        const { code } = errorOf(msg);
        assert.equal(code, 'INVALID_INPUT');
        assert.match(errorOf(msg).message, /commandForOther|another device/);
      });
    }

    it(`${type} takes one for its own, once`, async () => {
      const flow = await begin(type, settings);
      flow.node('n').receive({ ...message, commandFor: own(server.port) });
      if (type === 'energy-demand') return;
      // It is carried out, and fails because nobody answers; the message is not addressed to anybody any more.
      const msg = await flow.at('caught').waitFor(() => true, 'error');
      assert.doesNotMatch(errorOf(msg).message, /commandForOther|another device/);
      assert.equal(msg.commandFor, undefined);
    });
  }

  for (const [type, settings] of Object.entries(OTHERS)) {
    it(`${type} refuses each, since it commands nothing`, async () => {
      const flow = await begin(type, settings);
      flow.node('n').receive({ payload: {}, commandFor: { vendor: 'powerfox', id: 'meter' } });
      assert.equal(errorOf(await flow.at('caught').waitFor(() => true, 'error')).code, 'INVALID_INPUT');
    });
  }

  it('is looked at by every node that takes messages', () => {
    const types = Object.keys(readManifest(projectRoot())['node-red'].nodes);
    const withInput = types.filter((type) => dialogDefinitions().get(type)?.inputs === 1);
    // A gate passes them on to whom they are for.
    const known = [...Object.keys(COMMANDS), ...Object.keys(OTHERS), 'home-assistant-device', 'cluster-gate'];
    assert.deepEqual(
      withInput.filter((type) => !known.includes(type)),
      [],
    );
  });
});
