import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

import { dialogDefinitions } from '../support/dialogs';
import { dialogNames } from '../support/routes';
import { type FlowNode, type Runtime, startRuntime } from '../support/runtime';

type Values = Record<string, unknown>;

/** A server that writes down what it is told, refuses every login and is no device. */
class Listener {
  heard = '';
  connections = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {
    server.on('connection', (socket) => {
      this.connections++;
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('data', (data) => {
        this.heard += data.toString('latin1');
        socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}');
      });
    });
  }

  static async start(): Promise<Listener> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Listener(server, (server.address() as AddressInfo).port);
  }

  forget(): void {
    this.heard = '';
    this.connections = 0;
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }
}

/** A config node with a secret, and its dialog's settings for a server on loopback. */
interface Subject {
  type: string;
  settings: (port: number) => Values;
  credentials: (port: number) => Record<string, string>;
  /** other settings that mean the same server */
  same: (port: number) => Values[];
  /** what leads elsewhere, or on another way */
  other: (port: number, elsewhere: number) => Values[];
}

const SECRET = 'stored-and-secret';

const login = (): Record<string, string> => ({ username: SECRET, password: SECRET });
const sharedOther = (name: string, port: number, elsewhere: number): Values[] => [
  { [name]: `http://127.0.0.1:${elsewhere}` },
  { [name]: `http://localhost:${port}` },
  { [name]: `https://127.0.0.1:${port}` },
  { [name]: `http://127.0.0.1:${port}/elsewhere` },
];
const TLS = { tls: 'some-tls' };
const PROXY = { proxy: 'some-proxy' };

const withUrl = (
  type: string,
  credentials: Subject['credentials'],
  ways: Values[] = [TLS, PROXY],
  more: Values = {},
): Subject => ({
  type,
  credentials,
  settings: (port) => ({ url: `http://127.0.0.1:${port}`, tls: '', proxy: '', ...more }),
  same: (port) => [
    { url: ` HTTP://127.0.0.1:${port}/ ` },
    { url: `http://127.000.000.001:${port}//` },
    { url: '${STORED_URL}' },
    { tls: '_ADD_', proxy: '_ADD_' },
  ],
  other: (port, elsewhere) => [
    ...sharedOther('url', port, elsewhere),
    { url: `127.0.0.1:${port}` },
    { url: '${ELSEWHERE_URL}' },
    ...ways,
  ],
});

const broker = (port: number): string =>
  JSON.stringify({
    mqtt_host: '127.0.0.1',
    mqtt_port: port,
    mqtt_protocol: 'MQTT',
    hardware_id: 'hw',
    channel_id: 'ch',
    mqtt_credentials: { username: 'u', password: SECRET },
  });

const SUBJECTS: Subject[] = [
  {
    type: 'poweropti-device',
    settings: (port) => ({ host: `127.0.0.1:${port}`, interval: 5, staleAfter: 60 }),
    credentials: () => ({ apiKey: SECRET }),
    same: (port) => [
      { host: `http://127.0.0.1:${port}` },
      { host: `HTTP://127.0.0.1:${port}/value/` },
      { host: '${STORED_URL}' },
    ],
    other: (port, elsewhere) => [...sharedOther('host', port, elsewhere), { host: '${ELSEWHERE_URL}' }],
  },
  {
    type: 'ups-device',
    settings: (port) => ({ source: 'lan', url: `127.0.0.1:${port}`, tls: '', interval: 60 }),
    credentials: () => ({ apiKey: SECRET }),
    same: (port) => [{ url: `http://127.0.0.1:${port}/api_actions` }, { url: '${STORED_URL}' }],
    other: (port, elsewhere) => [...sharedOther('url', port, elsewhere), TLS],
  },
  withUrl('powersentrix-account', () => ({ email: 'a@b.example', password: SECRET })),
  withUrl('powercontroller-account', () => ({ email: 'a@b.example', password: SECRET }), [PROXY]),
  withUrl('powerflex-site', login, [TLS, PROXY], { accId: '2' }),
  withUrl('enapter-account', () => ({ token: SECRET })),
  {
    type: 'enapter-connection',
    settings: () => ({ host: '', propertiesTopic: 'register', mqttVersion: '3.1.1' }),
    credentials: (port) => ({ config: broker(port) }),
    same: () => [{ host: ' ' }],
    other: (_port, elsewhere) => [{ host: `127.0.0.1:${elsewhere}` }, { host: 'localhost' }],
  },
];

/** Where a config node may lie in the flow file without running; it needs no flow node to be asked. */
const PLACES: Record<string, Values> = {
  enabled: {},
  disabled: { d: true },
  'on a disabled tab': { z: 'off' },
  'inside a subflow': { z: 'sub' },
};

describe('a stored secret', function () {
  this.timeout(120_000);
  let own: Listener;
  let elsewhere: Listener;
  let runtime: Runtime | undefined;

  const idOf = (type: string, place: string): string => `${type}-${Object.keys(PLACES).indexOf(place)}`;

  const start = async (settings: Values): Promise<Runtime> => {
    const configs = SUBJECTS.flatMap((subject) =>
      Object.entries(PLACES).map(([place, where]) => ({
        ...{ id: idOf(subject.type, place), type: subject.type, name: '', ...where },
        ...subject.settings(own.port),
      })),
    );
    const flows: FlowNode[] = [
      { id: 'off', type: 'tab', label: 'off', disabled: true },
      { id: 'sub', type: 'subflow', name: 'sub', in: [], out: [] },
      ...configs,
    ];
    const credentials = Object.fromEntries(
      SUBJECTS.flatMap((subject) =>
        Object.keys(PLACES).map((place) => [idOf(subject.type, place), subject.credentials(own.port)]),
      ),
    );
    return startRuntime({
      flows,
      credentials,
      settings,
      env: {
        STORED_URL: `http://127.0.0.1:${own.port}`,
        ELSEWHERE_URL: `http://127.0.0.1:${elsewhere.port}`,
      },
    });
  };

  before(async () => {
    own = await Listener.start();
    elsewhere = await Listener.start();
  });
  after(() => {
    own.close();
    elsewhere.close();
  });

  const ask = async (
    { type, settings, credentials }: Subject,
    id: string,
    change: Values,
  ): Promise<Values> => {
    assert.ok(runtime);
    const dots = Object.fromEntries(Object.keys(credentials(own.port)).map((name) => [name, '__PWRD__']));
    own.forget();
    elsewhere.forget();
    const body = { settings: { ...settings(own.port), ...change }, credentials: dots };
    const reply = await runtime.post(`energy-devices/${type}/${id}/test`, body);
    return reply.json() as Values;
  };

  const isSent = async (subject: Subject, id: string, change: Values): Promise<void> => {
    const { reason } = await ask(subject, id, change);
    const what = `${id} ${JSON.stringify(change)}: ${String(reason)}`;
    assert.notEqual(reason, 'secretElsewhere', what);
    assert.ok(own.heard.includes(SECRET), what);
    assert.equal(elsewhere.connections, 0, what);
  };

  const isKept = async (subject: Subject, id: string, change: Values, reason: string): Promise<void> => {
    const answer = await ask(subject, id, change);
    const what = `${id} ${JSON.stringify(change)}`;
    assert.deepEqual([answer.ok, answer.code, answer.reason], [false, 'INVALID_INPUT', reason], what);
    assert.equal(own.connections + elsewhere.connections, 0, what);
    assert.ok(!JSON.stringify(answer).includes(SECRET), what);
  };

  for (const [state, settings] of Object.entries({
    run: {},
    'are stopped': { runtimeState: { enabled: true, ui: true } },
    'are not started, for safety,': { safeMode: true },
  })) {
    describe(`while flows ${state}`, () => {
      before(async () => {
        runtime = await start(settings);
        if (state !== 'are stopped') return;
        const { status } = await runtime.post('flows/state', { state: 'stop' });
        assert.equal(status, 200);
      });
      after(async () => {
        await runtime?.stop();
        runtime = undefined;
      });

      for (const subject of SUBJECTS) {
        for (const place of Object.keys(PLACES)) {
          const id = idOf(subject.type, place);
          it(`of ${subject.type}, ${place}, is used for its address, however that is spelt`, async () => {
            for (const change of [{}, ...subject.same(own.port)]) await isSent(subject, id, change);
          });

          it(`of ${subject.type}, ${place}, goes nowhere else`, async () => {
            for (const change of subject.other(own.port, elsewhere.port)) {
              await isKept(subject, id, change, 'secretElsewhere');
            }
          });
        }

        it(`of ${subject.type} is of no use to another type, nor to a node that is not there`, async () => {
          const others = SUBJECTS.filter(({ type }) => type !== subject.type);
          for (const id of ['none', ...others.map(({ type }) => idOf(type, 'disabled'))]) {
            const { ok, code } = await ask(subject, id, {});
            assert.deepEqual([ok, code], [false, 'INVALID_INPUT'], `${subject.type} as ${id}`);
            assert.equal(own.connections + elsewhere.connections, 0);
          }
        });
      }
    });
  }

  it('is looked after for every type that sends one on behalf of its dialog', () => {
    const asking = new Set(dialogNames().flatMap(({ type, actions }) => (actions.length > 0 ? [type] : [])));
    const secret = [...dialogDefinitions()].flatMap(([type, { credentials = {} }]) =>
      Object.values(credentials).some(({ type: kind }) => kind === 'password') && asking.has(type)
        ? [type]
        : [],
    );
    assert.deepEqual(SUBJECTS.map(({ type }) => type).sort(), secret.sort());
  });
});
