import assert from 'node:assert/strict';

import { type Runtime, startRuntime } from '../support/runtime';
import { Sink } from '../support/sink';
import type { FlowNode } from '../support/user-dir';

interface Case {
  type: string;
  /** tells cases of one type apart */
  name: string;
  /** the property that names the config node */
  by: string;
  settings: Record<string, unknown>;
  /** what is sent to it; missing: it asks by itself */
  payload?: unknown;
  config: (mark: string, port: number) => Record<string, unknown>;
}

const at = (mark: string, port: number): string => `http://127.0.0.1:${port}/${mark}`;
const meter: Case['config'] = (mark, port) => ({
  ...{ type: 'poweropti-device', host: at(mark, port), interval: 1, staleAfter: 60 },
  credentials: { apiKey: 'a-key' },
});
const ups: Case['config'] = (mark, port) => ({
  ...{ type: 'ups-device', source: 'lan', url: at(mark, port), interval: 5 },
  credentials: { apiKey: 'a-key' },
});
const controllers: Case['config'] = (mark, port) => ({
  ...{ type: 'powercontroller-account', url: `${at(mark, port)}/v1`, durationKey: 'time' },
  credentials: { token: 'a-token' },
});
const site: Case['config'] = (mark, port) => ({
  ...{ type: 'powerflex-site', url: at(mark, port), accId: 7 },
  credentials: { username: 'me', password: 'a-password' },
});
const account: Case['config'] = (mark, port) => ({
  ...{ type: 'enapter-account', url: at(mark, port) },
  credentials: { token: 'a-token' },
});
const broker: Case['config'] = (mark, port) => ({
  ...{ type: 'enapter-connection', host: '', propertiesTopic: 'register', mqttVersion: '3.1.1' },
  credentials: {
    config: JSON.stringify({
      ...{ mqtt_host: '127.0.0.1', mqtt_port: port, mqtt_protocol: 'MQTT' },
      ...{ hardware_id: mark, channel_id: 'channel' },
      mqtt_credentials: { username: mark, password: 'a-password' },
    }),
  },
});

const DEVICE = { deviceId: 'dev-1' };
const RANGE = { start: '2026-01-01T00:00:00Z', end: '2026-01-01T01:00:00Z' };

/** Each flow node that has a config node of its own. */
const CASES: Case[] = [
  { type: 'poweropti-meter', name: '', by: 'device', settings: {}, payload: {}, config: meter },
  { type: 'ups-status', name: '', by: 'device', settings: {}, payload: {}, config: ups },
  { type: 'ups-events', name: '', by: 'device', settings: {}, config: ups },
  { type: 'ups-port', name: '', by: 'device', settings: { port: '0' }, payload: true, config: ups },
  ...(['watch', 'get', 'list', 'history', 'refresh'] as const).map((operation) => ({
    ...{ type: 'powercontroller-status', name: operation, by: 'account', config: controllers },
    settings: { operation, ...DEVICE, interval: 10 },
    payload: operation === 'history' ? RANGE : {},
  })),
  {
    ...{ type: 'powercontroller-command', name: '', by: 'account', config: controllers },
    settings: { operation: 'on', ...DEVICE },
    payload: 1,
  },
  {
    ...{ type: 'powerflex-dcm', name: 'load', by: 'site', config: site },
    settings: { operation: 'set_real_time_load' },
    payload: 5,
  },
  {
    ...{ type: 'powerflex-dcm', name: 'signal', by: 'site', config: site },
    settings: { operation: 'set_external_signal', signalName: 'grid', maxLoad: 10, enabled: true },
    payload: {},
  },
  { type: 'powerflex-measurements', name: '', by: 'site', settings: {}, payload: {}, config: site },
  { type: 'enapter-device', name: '', by: 'account', settings: DEVICE, payload: {}, config: account },
  { type: 'enapter-telemetry', name: '', by: 'connection', settings: {}, payload: { a: 1 }, config: broker },
  { type: 'enapter-command-in', name: '', by: 'connection', settings: {}, config: broker },
];

const WAYS = ['direct', 'variable', 'subflow'] as const;
type Way = (typeof WAYS)[number];

/** One flow node in one way of naming its config node. */
interface Place {
  one: Case;
  way: Way;
  mark: string;
  /** the id under which it runs */
  id: string;
}

const PLACES: Place[] = CASES.flatMap((one) =>
  WAYS.map((way) => {
    const mark = `${one.type}-${one.name}-${way}.`.replace('--', '-').replace('.', '-end');
    return { one, way, mark, id: way === 'subflow' ? `i-${mark}-n-${mark}` : `n-${mark}` };
  }),
);

const where = { x: 1, y: 1 };

/** A flow node, what sends to it, and the definition of its subflow. */
function nodesOf({ one, way, mark }: Place): FlowNode[] {
  const config = `c-${mark}`;
  const named = { direct: config, variable: `\${VAR_${mark}}`, subflow: '${CONFIG}' }[way];
  const node = (z: string): FlowNode => ({
    ...{ id: `n-${mark}`, type: one.type, z, ...where, wires: [[], []], configVersion: 1 },
    ...one.settings,
    [one.by]: named,
  });
  const props = [{ p: 'payload', v: JSON.stringify(one.payload ?? null), vt: 'json' }];
  const inject = (to: string): FlowNode => ({
    ...{ id: `ask-${mark}`, type: 'inject', z: 'tab', ...where, props, wires: [[to]] },
  });
  if (way !== 'subflow') return [node('tab'), inject(`n-${mark}`)];
  return [
    {
      id: `s-${mark}`,
      type: 'subflow',
      name: mark,
      in: [{ ...where, wires: [{ id: `n-${mark}` }] }],
      out: [],
    },
    node(`s-${mark}`),
    {
      ...{ id: `i-${mark}`, type: `subflow:s-${mark}`, z: 'tab', ...where, wires: [] },
      env: [{ name: 'CONFIG', value: config, type: 'str' }],
    },
    inject(`i-${mark}`),
  ];
}

const VARIABLES = PLACES.filter(({ way }) => way === 'variable').map(({ mark }) => ({
  ...{ name: `VAR_${mark}`, value: `c-${mark}`, type: 'str' },
}));

/** @param port of the server that all config nodes name; missing: they are gone */
function flowOf(port?: number): FlowNode[] {
  return [
    { id: 'tab', type: 'tab', label: 'test', env: VARIABLES },
    { id: 'caught', type: 'catch', z: 'tab', ...where, scope: null, wires: [['shown']] },
    { id: 'shown', type: 'debug', z: 'tab', ...where, active: true, complete: 'error', wires: [] },
    ...PLACES.flatMap(nodesOf),
    ...(port === undefined
      ? []
      : PLACES.map(({ one, mark }) => ({
          ...{ id: `c-${mark}`, type: '', configVersion: 1, ...one.config(mark, port) },
        }))),
  ];
}

describe('a config node that a partial deploy replaces', () => {
  let runtime: Runtime;
  let before_: Sink;
  let after_: Sink;
  before(async () => {
    [before_, after_] = [await Sink.start(), await Sink.start()];
    runtime = await startRuntime();
  });
  after(async () => {
    await runtime.stop();
    await before_.close();
    await after_.close();
  });

  const ask = async ({ one, mark }: Place): Promise<void> => {
    if (one.payload !== undefined) await runtime.post(`inject/ask-${mark}`, {});
  };

  const isUsed = (place: Place, from: () => number): void => {
    it(`is used at once by ${place.mark}`, async () => {
      await ask(place);
      const matches = (text: string): boolean => text.includes(place.mark);
      await after_.heard.waitFor(matches, `request of ${place.mark}`, { from: from() });
    });
  };

  for (const type of ['nodes', 'flows'] as const) {
    describe(`(${type})`, () => {
      let from = 0;
      before(async () => {
        await runtime.deploy(flowOf(before_.port));
        from = after_.heard.items.length;
        await runtime.deploy(flowOf(after_.port), { type });
      });
      for (const place of PLACES) isUsed(place, () => from);
    });

    describe(`(${type}), and that is gone`, () => {
      before(async () => {
        await runtime.deploy(flowOf(before_.port));
        await runtime.deploy(flowOf(), { type });
      });

      for (const place of PLACES) {
        it(`is told by ${place.mark}`, async () => {
          await runtime.waitForStatus(place.id, ({ fill, shape }) => fill === 'red' && shape === 'ring');
          const from = runtime.debug.length;
          await ask(place);
          if (place.one.payload === undefined) return;
          const told = await runtime.waitForDebug(({ msg }) => String(msg).includes(place.id), { from });
          assert.match(String(told.msg), /"code":"INVALID_INPUT"/);
        });
      }
    });

    describe(`(${type}), and that comes back`, () => {
      let from = 0;
      before(async () => {
        from = after_.heard.items.length;
        await runtime.deploy(flowOf(after_.port), { type });
      });
      for (const place of PLACES) isUsed(place, () => from);
    });
  }
});
