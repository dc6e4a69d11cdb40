import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type PowersentrixSimulator, startPowersentrix } from '../../simulators/powersentrix';
import { freePort } from '../../simulators/support/free-port';
import { testTls } from '../support/fixture';
import { runClient } from '../support/nut-clients';
import { type FlowNode, type Runtime, startRuntime } from '../support/runtime';

export const SERVER = 'server';
const DEVICE = 'device';

const place = (row: number): FlowNode => ({ z: 'tab', x: 200, y: 60 * row }) as unknown as FlowNode;

/** A real Node-RED with a UPS and a server for its hosts. */
export interface Bench {
  ups: PowersentrixSimulator;
  readonly runtime: Runtime;
  port: number;
  flow: (settings?: object) => FlowNode[];
  /** the UPS is read now; resolves when clients are told this status */
  shows: (status: string) => Promise<void>;
  order: (payload: object) => Promise<void>;
  /** deploys, all or what has changed */
  deploy: (type: 'full' | 'nodes', settings?: object) => Promise<void>;
  /** the payload of a message of the server's first output */
  waitForEvent: (event: string, from?: number) => Promise<Record<string, unknown>>;
  /** MB of Node-RED's heap after a collection */
  heap: () => Promise<number>;
  /** Node-RED ends and starts again, with the same user folder and a context on disk */
  restart: () => Promise<void>;
  close: () => Promise<void>;
}

const USERS = {
  user1: 'monuser',
  role1: 'secondary',
  user2: 'admin',
  role2: 'primary',
  commands2: true,
};

export const PASSWORDS = { password1: 'secret', password2: '123456' };

export async function startBench(settings: object = {}): Promise<Bench> {
  const { serverCert, serverKey } = testTls();
  const ups = await startPowersentrix();
  const port = await freePort();
  let round = 0;
  const flow = (more: object = {}): FlowNode[] => [
    { id: 'tab', type: 'tab', label: 'nut' },
    { id: 'tls', type: 'tls-config', name: '', cert: '', key: '', ca: '', verifyservercert: true },
    {
      id: DEVICE,
      type: 'ups-device',
      name: 'Rack',
      source: 'lan',
      url: ups.url,
      interval: 5,
      currentUnit: 'mA',
    },
    {
      ...place(1),
      id: SERVER,
      type: 'ups-nut-server',
      name: '',
      device: DEVICE,
      names: 'ups, qnapups',
      host: '127.0.0.1',
      port,
      ...USERS,
      ...settings,
      ...more,
      wires: [['events'], ['state']],
    },
    { ...place(2), id: 'status', type: 'ups-status', device: DEVICE, wires: [['read'], []] },
    ...['events', 'state', 'read', 'used'].map((id, row) => ({
      ...place(3 + row),
      id,
      type: 'debug',
      name: id,
      active: true,
      tosidebar: true,
      complete: id === 'read' ? 'topic' : 'payload',
      targetType: 'msg',
      wires: [],
    })),
    {
      ...place(7),
      id: 'now',
      type: 'inject',
      props: [{ p: 'payload' }],
      payload: '',
      payloadType: 'date',
      wires: [['status']],
    },
    { ...place(14), id: 'heap', type: 'inject', props: [], wires: [['collect']] },
    {
      ...place(15),
      id: 'collect',
      type: 'function',
      func: "v8.setFlagsFromString('--expose_gc');\nvm.runInNewContext('gc')();\nmsg.payload = v8.getHeapStatistics().used_heap_size / 2 ** 20;\nreturn msg;",
      outputs: 1,
      libs: [
        { var: 'v8', module: 'v8' },
        { var: 'vm', module: 'vm' },
      ],
      wires: [['used']],
    },
    ...Object.entries({
      fsd: { fsd: true },
      noFsd: { fsd: false },
      low: { lowBattery: true },
      odd: { fsd: 1 },
    }).map(([id, payload], row) => ({
      ...place(8 + row),
      id,
      type: 'inject',
      props: [{ p: 'payload' }],
      payload: JSON.stringify(payload),
      payloadType: 'json',
      wires: [[SERVER]],
    })),
  ];
  const userDir = mkdtempSync(join(tmpdir(), 'nut-node-red-'));
  const options = {
    userDir,
    settings: { contextStorage: { default: { module: 'localfilesystem', config: { cache: false } } } },
  };
  let runtime = await startRuntime({
    ...options,
    flows: flow(),
    credentials: {
      [DEVICE]: { apiKey: ups.apiKey },
      [SERVER]: PASSWORDS,
      tls: { certdata: serverCert, keydata: serverKey },
    },
  });
  const shown = async (): Promise<string> =>
    (await runClient('upsc', [`ups@127.0.0.1:${port}`, 'ups.status'])).out.trim();
  const read = async (): Promise<void> => {
    const from = runtime.debug.length;
    await runtime.post('inject/now', {});
    await runtime.waitForDebug(({ id }) => id === 'read', { from });
  };
  const orders: Record<string, string> = {
    '{"fsd":true}': 'fsd',
    '{"fsd":false}': 'noFsd',
    '{"lowBattery":true}': 'low',
  };
  return {
    ups,
    get runtime() {
      return runtime;
    },
    port,
    flow,
    shows: async (status) => {
      await read();
      while ((await shown()) !== status);
    },
    order: async (payload) => {
      await runtime.post(`inject/${orders[JSON.stringify(payload)] ?? 'odd'}`, {});
    },
    deploy: (type, more) =>
      runtime.deploy(flow({ ...more, ...(type === 'nodes' ? { info: String(round++) } : {}) }), { type }),
    waitForEvent: async (event, from = 0) => {
      const { msg } = await runtime.waitForDebug(({ id, topic }) => id === 'events' && topic === event, {
        from,
      });
      return JSON.parse(String(msg)) as Record<string, unknown>;
    },
    heap: async () => {
      const from = runtime.debug.length;
      await runtime.post('inject/heap', {});
      return Number((await runtime.waitForDebug(({ id }) => id === 'used', { from })).msg);
    },
    restart: async () => {
      await runtime.stop();
      runtime = await startRuntime(options);
    },
    close: async () => {
      await runtime.stop();
      await ups.close();
      rmSync(userDir, { recursive: true, force: true });
    },
  };
}
