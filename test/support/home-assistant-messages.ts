import type { FlowNode } from './runtime';

/** Messages of all systems, as this package's nodes send them. */

export const METER = { id: 'm1', vendor: 'powerfox', model: 'poweropti', name: 'Meter' };
const SITE = { id: 'h/1', vendor: 'powerflex', model: 'site', name: 'Garage' };
const CONTROLLER = { id: 'c1', vendor: 'automate-green', model: 'power-controller', name: 'Boiler' };
const EMS = { id: 'e1', vendor: 'enapter', model: 'battery', name: 'Battery' };
const DEMAND = {
  id: 'd1',
  vendor: 'energy-devices',
  model: 'energy-demand',
  name: 'Demand',
  via: 'm1',
};

export const now = (): string => new Date().toISOString();
export const meter = (more: object = {}): object => ({
  device: METER,
  payload: {
    ...{ timestamp: now(), power: 230, importPower: 230, exportPower: 0 },
    ...{ energyImport: 5_000_500, energyExport: 12_000, ...more },
  },
});
/** A message of each system that is not simulated here. */
export const others = (): object[] => [
  {
    device: CONTROLLER,
    payload: {
      ...{ type: 'update', on: true, timestamp: now(), state: 'Active', reason: 'auto', toggleIn: 3600 },
      ...{
        duration: 60,
        current: 2,
        voltage: 230,
        energy: 7,
        averagePower: 420,
        temperature: 21,
        frequency: 49.98,
      },
    },
  },
  { device: SITE, payload: { name: 'grid', maxLoad: 50, maxLoadUnit: 'kW', enabled: false } },
  { device: SITE, payload: { targets: Object.fromEntries(MONTHS.map((month) => [month, 40])) } },
  { device: SITE, payload: { realTimeLoad: 12.5 } },
  {
    device: SITE,
    payload: [
      {
        ...{
          timestamp: now(),
          evseAddress: '7',
          evseType: 'AC',
          spaceNumber: '12',
          chargingState: 'ADAPTIVE',
        },
        ...{ energyDelivered: 5300, current: 16, pilotCurrent: 16, power: 3600, voltage: 230 },
      },
    ],
  },
  {
    device: EMS,
    payload: { soc: { value: 81, timestamp: now() }, mode: { value: 'eco', timestamp: now() } },
  },
  {
    device: DEMAND,
    payload: {
      ...{
        timestamp: now(),
        windowStart: now(),
        average: 3000,
        projected: 4000,
        allowedPower: 5000,
        margin: 250,
      },
      ...{ target: 4000, energy: 100, coverage: 0.5, reduction: 0, last: null, monthPeak: null },
    },
  },
];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A load of 100 UPSes that each tell 20 and more values ten times a second. */
export const LOAD: FlowNode = {
  ...{
    id: 'load',
    type: 'function',
    z: 'tab',
    x: 1,
    y: 1,
    outputs: 1,
    wires: [['ha']],
    func: 'return null;',
  },
  initialize: `let n = 0;
const timer = setInterval(() => {
  n++;
  for (let i = 0; i < 100; i++) {
    node.send({ device: { id: 'load' + i, vendor: 'powersentrix', model: 'UPS', name: 'Load ' + i }, payload: {
      timestamp: new Date().toISOString(), powerSource: 'mains', totalPower: n,
      supplies: [{ mainVoltage: 48 + n / 1000, loadVoltage: 24, batteryVoltage: 25, cellVoltages: [] }],
      outputs: [0, 1, 2, 3, 4].map((port) => ({ port, description: null, on: true, voltage: 24, current: n / 100, power: n })),
    } });
  }
}, 100);
context.set('timer', timer);`,
  finalize: "clearInterval(context.get('timer'));",
};
