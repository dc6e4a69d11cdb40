import { HARDWARE } from '../enapter-device';
import type { FlowNode } from '../user-dir';

/** The flow file that all instances run: clocks, ports that can be switched over HTTP, meters, pushes, MQTT. */

/** ms between two slots of the clock */
export const SLOT = 2000;
export const UPSES = ['ups1', 'ups2'] as const;
/** Ports that the clock toggles, one after the other, so that each slot can be told from its neighbours. */
export const CLOCK_PORTS = 6;
/** Ports that HTTP toggles. */
export const HTTP_PORTS = [6, 7, 8, 9, 10, 11];
export const METERS = ['meter1', 'meter2', 'meter3', 'meter4'];
/** ms between two readings of a meter */
export const READ_EVERY = 1000;
/** s between two pushes as the receiver expects them; late after 2.5 of them */
export const PUSH_INTERVAL = 2;
export const COMPANY = 'company';

const place = { x: 100, y: 100, configVersion: 1 };

/** Written at once, so that what is told is known whatever follows. */
const note = (what: string, more = ''): string =>
  `global.get('fs').appendFileSync(env.get('NOTES'), JSON.stringify({ at: Date.now(), what: '${what}'${more} }) + '\\n');`;

function code(z: string, id: string, func: string, to: string[] = []): FlowNode {
  return { ...place, ...{ id, z, type: 'function', func, outputs: to.length > 0 ? 1 : 0 }, wires: [to] };
}

function clock(z: string, id: string, when: { crontab?: string; repeat?: string }, to: string): FlowNode {
  return { ...place, ...{ id, z, type: 'inject', props: [{ p: 'payload' }], ...when }, wires: [[to]] };
}

function upsTab(ups: string, gates: boolean): FlowNode[] {
  const z = `tab-${ups}`;
  const id = (name: string): string => `${name}-${ups}`;
  const device = { ...place, z, type: 'ups-port', device: ups, port: '' };
  return [
    { id: z, type: 'tab', label: ups },
    {
      ...{ id: ups, type: 'ups-device', name: `UPS ${ups}`, source: 'lan', url: `\${${ups.toUpperCase()}}` },
      ...{ interval: 5, configVersion: 1 },
    },
    {
      ...place,
      id: id('status'),
      z,
      type: 'ups-status',
      device: ups,
      wires: [[], gates ? [id('owner')] : []],
    },
    clock(z, id('clock'), { crontab: '*/2 * * * * *' }, id('slot')),
    code(
      z,
      id('slot'),
      // A timer may be a little early.
      `msg.slot = Math.floor((Date.now() + 500) / ${SLOT}); msg.port = msg.slot % ${CLOCK_PORTS}; msg.payload = 'toggle';
${note('slot', `, ups: '${ups}', slot: msg.slot`)} return msg;`,
      [id('port')],
    ),
    { ...device, id: id('port'), action: 'msg', wires: [[id('done')]] },
    code(z, id('done'), note('done', `, ups: '${ups}', slot: msg.slot`)),
    { ...place, id: id('catch'), z, type: 'catch', scope: [id('port')], wires: [[id('refused')]] },
    code(
      z,
      id('refused'),
      note('refused', `, ups: '${ups}', slot: msg.slot, code: msg.error.code, text: msg.error.message`),
    ),
    { ...place, id: id('in'), z, type: 'http in', url: `/${ups}`, method: 'post', wires: [[id('ask')]] },
    code(
      z,
      id('ask'),
      `msg.port = msg.payload.port; if (msg.payload.commandId) msg.commandId = msg.payload.commandId;
msg.payload = 'toggle'; return msg;`,
      [id('http')],
    ),
    { ...device, id: id('http'), action: 'msg', wires: [[id('out')]] },
    { ...place, id: id('out'), z, type: 'http response', statusCode: '', wires: [] },
    { ...place, id: id('catch-http'), z, type: 'catch', scope: [id('http')], wires: [[id('say')]] },
    code(
      z,
      id('say'),
      `msg.statusCode = 409; msg.payload = { code: msg.error.code, text: msg.error.message }; return msg;`,
      [id('out')],
    ),
  ];
}

/** Who owns the UPS's part of the flow file, four times a second: by the gate for nodes of others, which is connected to it. */
function gate(ups: string): FlowNode[] {
  const z = `tab-${ups}`;
  return [
    clock(z, `tick-${ups}`, { repeat: '0.25' }, `gate-${ups}`),
    {
      ...{ ...place, id: `gate-${ups}`, z, type: 'cluster-gate' },
      wires: [[`own-${ups}`], [`owner-${ups}`]],
    },
    code(z, `own-${ups}`, note('own', `, ups: '${ups}'`)),
    code(z, `owner-${ups}`, note('owner', `, ups: '${ups}', payload: msg.payload`)),
  ];
}

function meters(names: readonly string[]): FlowNode[] {
  const z = 'tab-meters';
  return [
    { id: z, type: 'tab', label: 'meters' },
    ...names.flatMap((name): FlowNode[] => [
      {
        ...{ id: name, type: 'poweropti-device', name: `Meter ${name}`, host: `\${${name.toUpperCase()}}` },
        ...{ interval: READ_EVERY / 1000, staleAfter: 60, follow: 'off', configVersion: 1 },
      },
      {
        ...place,
        id: `read-${name}`,
        z,
        type: 'poweropti-meter',
        device: name,
        wires: [[`told-${name}`], []],
      },
      code(z, `told-${name}`, note('reading', `, device: '${name}'`)),
    ]),
  ];
}

function pushes(): FlowNode[] {
  const z = 'tab-push';
  return [
    { id: z, type: 'tab', label: 'push' },
    { id: 'rec', type: 'ups-receiver', path: '/powersentrix', interval: PUSH_INTERVAL, configVersion: 1 },
    {
      ...{ id: 'pushed', type: 'ups-device', source: 'push', receiver: 'rec', cmm: 'ups-01' },
      ...{ interval: PUSH_INTERVAL, configVersion: 1 },
    },
    {
      ...{ ...place, id: 'events', z, type: 'ups-events', device: 'pushed', events: ['log'] },
      wires: [['logged'], []],
    },
    code(z, 'logged', note('log', ', text: msg.payload.description')),
    { ...place, id: 'pushed-status', z, type: 'ups-status', device: 'pushed', wires: [[], ['available']] },
    code(z, 'available', note('available', ', available: msg.payload.available')),
  ];
}

function mqtt(): FlowNode[] {
  const z = 'tab-mqtt';
  return [
    { id: z, type: 'tab', label: 'mqtt' },
    { id: 'con', type: 'enapter-connection', name: 'device', host: '', configVersion: 1 },
    {
      ...{ ...place, id: 'command', z, type: 'enapter-command-in', connection: 'con', timeout: 30 },
      wires: [['commanded']],
    },
    code(z, 'commanded', `${note('command', ', id: msg.command.id')} return msg;`, ['response']),
    {
      ...place,
      id: 'response',
      z,
      type: 'enapter-command-response',
      connection: 'con',
      result: 'completed',
      wires: [],
    },
    clock(z, 'measure', { crontab: '*/2 * * * * *' }, 'measured'),
    code(z, 'measured', 'msg.payload = { power: Math.floor(Date.now() / 1000) }; return msg;', ['telemetry']),
    {
      ...{ ...place, id: 'telemetry', z, type: 'enapter-telemetry', connection: 'con' },
      wires: [[]],
    },
  ];
}

export interface FlowOptions {
  /** whether there is a gate, which the package may not have yet */
  gates: boolean;
  /** meters more than the usual ones: another flow file */
  more?: readonly string[];
}

export function clusterFlow({ gates, more = [] }: FlowOptions): FlowNode[] {
  return [
    ...UPSES.flatMap((ups) => [...upsTab(ups, gates), ...(gates ? gate(ups) : [])]),
    ...meters([...METERS, ...more]),
    ...pushes(),
    ...mqtt(),
  ];
}

/** @param apiKey of each device; @param mqttPort this instance's door to the broker */
export function clusterCredentials(
  apiKeys: Readonly<Record<string, string>>,
  mqttPort: number,
): Record<string, Record<string, string>> {
  const config = {
    ...{ mqtt_host: '127.0.0.1', mqtt_port: mqttPort, mqtt_protocol: 'MQTT' },
    ...{ hardware_id: HARDWARE, channel_id: 'ucm' },
    mqtt_credentials: { username: HARDWARE, password: 'a-password' },
  };
  return {
    ...Object.fromEntries(Object.entries(apiKeys).map(([id, apiKey]) => [id, { apiKey }])),
    rec: { companyId: COMPANY, secret: '' },
    con: { config: JSON.stringify(config) },
  };
}
