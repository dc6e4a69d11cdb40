import type { FlowNode } from './node-red';

/** Flows that do the same work in different ways. */

export interface BenchFlow {
  flows: FlowNode[];
  credentials: Record<string, Record<string, string>>;
  /** the nodes that take a message each, where the flow is driven by messages */
  entries: string[];
}

const TAB = 'bench-tab';
export const SINK = 'bench-sink-node';
const KEY = 'abcdefgh1234';

function frame(nodes: FlowNode[]): FlowNode[] {
  return [
    { id: TAB, type: 'tab', label: 'bench', disabled: false, info: '' },
    ...nodes,
    { id: SINK, type: 'bench-sink', z: TAB, x: 600, y: 40, wires: [] },
  ];
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** No device at all, only the end of a flow. */
export function emptyFlow(): BenchFlow {
  return { flows: frame([]), credentials: {}, entries: [] };
}

/** A `poweropti-device` and a `poweropti-meter` for each address. */
export function meterFlow(urls: readonly string[], interval: number): BenchFlow {
  const credentials: BenchFlow['credentials'] = {};
  const nodes = urls.flatMap((host, index): FlowNode[] => {
    credentials[`device-${index}`] = { apiKey: KEY };
    return [
      {
        id: `device-${index}`,
        type: 'poweropti-device',
        name: `Meter ${index}`,
        host,
        interval,
        staleAfter: 60,
      },
      {
        id: `meter-${index}`,
        type: 'poweropti-meter',
        z: TAB,
        name: '',
        device: `device-${index}`,
        topic: '',
        deadband: 0,
        raw: false,
        x: 200,
        y: 40,
        wires: [[SINK], []],
      },
    ];
  });
  return { flows: frame(nodes), credentials, entries: urls.map((_, index) => `meter-${index}`) };
}

const SUBFLOW = 'bench-subflow';

/** The same two nodes in an instance of one subflow for each address, which gets its address as an environment variable. */
export function subflowFlow(urls: readonly string[], interval: number): BenchFlow {
  const inner = meterFlow(['${HOST}'], interval);
  const subflow: FlowNode[] = [
    {
      id: SUBFLOW,
      type: 'subflow',
      name: 'Meter',
      info: '',
      env: [{ name: 'HOST', type: 'str', value: '' }],
      in: [],
      out: [{ x: 400, y: 40, wires: [{ id: 'meter-0', port: 0 }] }],
    },
    ...inner.flows
      .filter(({ id }) => id === 'device-0' || id === 'meter-0')
      .map((node): FlowNode => ({
        ...node,
        z: SUBFLOW,
        ...(node.id === 'meter-0' ? { wires: [[], []] } : {}),
      })),
  ];
  const instances = urls.map((url, index): FlowNode => ({
    id: `instance-${index}`,
    type: `subflow:${SUBFLOW}`,
    z: TAB,
    name: '',
    env: [{ name: 'HOST', type: 'str', value: url }],
    x: 200,
    y: 40,
    wires: [[SINK]],
  }));
  return { flows: frame([...subflow, ...instances]), credentials: inner.credentials, entries: [] };
}

/** What a user writes to get about the same payload out of the device's response. */
const FUNCTION = `const { timestamp, values } = msg.payload;
const register = (code) => values.find((entry) => entry.obis === code)?.value ?? null;
const power = register('1.7.0');
msg.payload = {
  timestamp: new Date(timestamp * 1000).toISOString(),
  power,
  importPower: Math.max(power, 0),
  exportPower: Math.max(-power, 0),
  energyImport: register('1.8.0'),
  energyImportTariff1: register('1.8.1'),
  energyImportTariff2: register('1.8.2'),
  energyExport: register('2.8.0'),
};
return msg;`;

/**
 * Core's `http request` (kept connections, parsed JSON) and a `function` for each address.
 *
 * @param repeat s between the messages of an `inject` in front of each; without it the flow is driven by messages
 */
export function coreFlow(urls: readonly string[], repeat?: number): BenchFlow {
  const nodes = urls.flatMap((url, index): FlowNode[] => [
    ...(repeat === undefined ? [] : [inject(`inject-${index}`, repeat, `request-${index}`)]),
    {
      id: `request-${index}`,
      type: 'http request',
      z: TAB,
      name: '',
      method: 'GET',
      ret: 'obj',
      paytoqs: 'ignore',
      url: `${url}/value`,
      tls: '',
      persist: true,
      proxy: '',
      insecureHTTPParser: false,
      authType: '',
      senderr: false,
      headers: [{ keyType: 'other', keyValue: 'X-API-KEY', valueType: 'other', valueValue: KEY }],
      x: 200,
      y: 40,
      wires: [[`function-${index}`]],
    },
    {
      id: `function-${index}`,
      type: 'function',
      z: TAB,
      name: 'Reading',
      func: FUNCTION,
      outputs: 1,
      timeout: 0,
      noerr: 0,
      initialize: '',
      finalize: '',
      libs: [],
      x: 400,
      y: 40,
      wires: [[SINK]],
    },
  ]);
  return { flows: frame(nodes), credentials: {}, entries: urls.map((_, index) => `request-${index}`) };
}

function inject(id: string, repeat: number, to: string): FlowNode {
  return {
    id,
    type: 'inject',
    z: TAB,
    name: '',
    props: [{ p: 'payload' }],
    repeat: String(repeat),
    crontab: '',
    once: true,
    onceDelay: 0.1,
    topic: '',
    payload: '',
    payloadType: 'date',
    x: 100,
    y: 40,
    wires: [[to]],
  };
}

/** Our meter node around `node:http` for each address. */
export function rawMeterFlow(urls: readonly string[], interval: number): BenchFlow {
  const nodes = urls.map((url, index): FlowNode => ({
    id: `raw-${index}`,
    type: 'bench-raw-meter',
    z: TAB,
    name: `Meter ${index}`,
    url: `${url}/value`,
    interval,
    x: 200,
    y: 40,
    wires: [[SINK], []],
  }));
  return { flows: frame(nodes), credentials: {}, entries: urls.map((_, index) => `raw-${index}`) };
}

/** A bare node around `node:http` for each address. */
export function thinMeterFlow(urls: readonly string[]): BenchFlow {
  const nodes = urls.map((url, index): FlowNode => ({
    id: `thin-${index}`,
    type: 'bench-thin-meter',
    z: TAB,
    name: '',
    url: `${url}/value`,
    x: 200,
    y: 40,
    wires: [[SINK]],
  }));
  return { flows: frame(nodes), credentials: {}, entries: urls.map((_, index) => `thin-${index}`) };
}

/** Addresses of the meters behind one server. */
export function meterUrls(port: number, count: number): string[] {
  return numbers(count).map((index) => `http://127.0.0.1:${port}/${index}`);
}

/** As `meterUrls`, with a loopback address of its own for each meter where the system has those. */
export function hostUrls(port: number, count: number): string[] {
  if (process.platform !== 'linux') return meterUrls(port, count);
  return numbers(count).map((index) => `http://127.1.${index >> 8}.${index & 255}:${port}`);
}

/** Two nodes a device that do nothing: the least that Node-RED needs for two nodes. */
export function pairFlow(count: number): BenchFlow {
  const nodes = numbers(2 * count).map((index): FlowNode => ({
    id: `idle-${index}`,
    type: 'bench-sink',
    z: TAB,
    name: '',
    x: 200,
    y: 40,
    wires: [],
  }));
  return { flows: frame(nodes), credentials: {}, entries: [] };
}

/** Some nodes on the tab; where a node has no wires of its own, its outputs lead to the end. */
export function singleFlow(
  nodes: readonly FlowNode[],
  credentials: BenchFlow['credentials'] = {},
): BenchFlow {
  const isConfig = ({ type }: FlowNode): boolean =>
    /-(account|device|receiver|site|connection|broker)$/.test(type);
  const placed = nodes.map((node): FlowNode =>
    isConfig(node) ? node : { z: TAB, name: '', x: 200, y: 40, wires: [[SINK]], ...node },
  );
  return { flows: frame(placed), credentials, entries: [] };
}
