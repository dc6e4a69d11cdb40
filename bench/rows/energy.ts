import { setTimeout } from 'node:timers/promises';

import type { Driven } from '../support/driver';
import { type BenchFlow, SINK, singleFlow } from '../support/flows';
import { BenchRuntime, type CpuReading } from '../support/node-red';
import type { Row, Series } from '../support/row';
import { ratios } from '../support/stats';

/** rounds until the compiler has settled: what is measured runs for years */
const WARM_UP = 3;
/** ms between the readings' own times */
const STEP = 5000;

/** A meter's reading each 5 s of its own time, in front of what is measured. */
const METER = `const n = (context.get('n') || 0) + 1;
context.set('n', n);
if (n === 1) context.set('start', Date.now() - 90 * 86400000);
msg.payload = { timestamp: context.get('start') + n * ${STEP}, power: 2000, energyImport: 1000000 + n * 3 };
return msg;`;

/** What a user writes for the mean power of each quarter of an hour, and its peak. */
const DEMAND = `const { timestamp, power } = msg.payload;
const state = context.get('state') || { start: 0, energy: 0, last: 0, peak: 2500 };
const start = Math.floor(timestamp / 900000) * 900000;
if (state.start !== start) {
  state.peak = Math.max(state.peak, state.energy / 0.25);
  state.start = start;
  state.energy = 0;
}
if (state.last) state.energy += (power * (timestamp - Math.max(state.last, start))) / 3600000;
state.last = timestamp;
context.set('state', state);
const left = (start + 900000 - timestamp) / 3600000;
msg.payload = { demand: state.energy / 0.25, projected: (state.energy + power * left) / 0.25, peak: state.peak, start: new Date(start).toISOString() };
return msg;`;

/** What a user writes for use and cost of today, by the hour. */
const COUNTER = `const { timestamp, energyImport } = msg.payload;
const state = context.get('state') || { last: null, day: '', energy: 0, cost: 0, hours: {} };
const local = new Date(timestamp).toLocaleString('sv-SE', { timeZone: 'Europe/Brussels' });
const day = local.slice(0, 10);
const hour = Number(local.slice(11, 13));
if (state.day !== day) Object.assign(state, { day, energy: 0, cost: 0, hours: {} });
if (state.last !== null) {
  const used = Math.max(energyImport - state.last, 0);
  state.energy += used;
  state.cost += (used / 1000) * (0.2 + hour / 100);
  state.hours[hour] = (state.hours[hour] || 0) + used;
}
state.last = energyImport;
context.set('state', state);
msg.payload = { day, energy: state.energy, cost: state.cost, hours: Object.values(state.hours) };
return msg;`;

/** What a user writes to switch a load on surplus, with a pause between two commands. */
const SURPLUS = `const { power } = msg.payload;
const state = context.get('state') || { on: false, since: 0, above: 0 };
const now = Date.now();
const surplus = -power + (state.on ? 2000 : 0);
const wanted = surplus > (state.on ? 0 : 2000);
if (wanted === state.on) state.above = now;
if (wanted !== state.on && now - state.above > 60000 && now - state.since > 300000) Object.assign(state, { on: wanted, since: now });
context.set('state', state);
return [null, { ...msg, payload: { power, surplus, load: state.on ? 2000 : 0, on: state.on } }];`;

const flow = (node: Record<string, unknown>): BenchFlow =>
  singleFlow([
    { id: 'meter', type: 'function', func: METER, outputs: 1, libs: [], wires: [['work']] },
    { id: 'work', type: 'function', ...node },
  ]);

/** A reading through the energy nodes, windows and hours that end and are written included. */
export const energy: Row = {
  name: 'energy',
  title: 'Demand and use: CPU per reading beyond a `function` that returns its message',
  baseline: 'none',
  async run({ quick, say }) {
    const count = quick ? 400 : 10_000;
    const rounds = quick ? 1 : 7;
    const plain = { func: 'return msg;', outputs: 1, libs: [] };
    const prices = Array.from({ length: 24 }, (_, hour) => ({
      ...{ from: `${hour}:00`, to: `${hour + 1}:00`, price: 0.2 + hour / 100 },
    }));
    const ways: { name: string; node: Record<string, unknown>; fired?: boolean }[] = [
      { name: '`function` that returns its message', node: plain },
      { name: '`energy-demand`', node: { type: 'energy-demand', zone: 'Europe/Brussels', floor: 2500 } },
      { name: '`function` for the demand', node: { ...plain, func: DEMAND } },
      { name: '`function` for use and cost', node: { ...plain, func: COUNTER } },
      {
        name: '`function` for surplus',
        node: { ...plain, func: SURPLUS, outputs: 2, wires: [[], [SINK]] },
        fired: true,
      },
      {
        name: '`energy-surplus`',
        node: { type: 'energy-surplus', power: 2000, wires: [[], [SINK]] },
        fired: true,
      },
      {
        name: '`energy-demand`, 60 min by 1 min',
        node: { type: 'energy-demand', zone: 'Europe/Brussels', window: '60', step: '1', floor: 2500 },
      },
      {
        name: '`energy-counter`, price by the hour',
        node: {
          ...{
            type: 'energy-counter',
            zone: 'Europe/Brussels',
            hours: true,
            price: 'table',
            priceTable: prices,
          },
          ...{ basePer: 'month', base: 12 },
        },
      },
    ];
    const series = ways.map(({ name }): Series => ({ name, unit: 'µs', values: [] }));
    const runtimes: BenchRuntime[] = [];
    try {
      runtimes.push(...(await Promise.all(ways.map(({ node }) => BenchRuntime.start(flow(node))))));
      await setTimeout(quick ? 100 : 1000);
      for (let round = quick ? 0 : -WARM_UP; round < rounds; round++) {
        for (const [index, runtime] of runtimes.entries()) {
          const cost = ways[index]?.fired
            ? await fired(runtime, count, quick ? 100 : 1200)
            : await driven(runtime, count);
          if (round >= 0) series[index]?.values.push(cost);
        }
        say(`energy: round ${round + 1} of ${rounds}`);
      }
    } finally {
      await Promise.all(runtimes.map((runtime) => runtime.stop()));
    }
    const of = (name: string): number[] => series.find((one) => one.name === name)?.values ?? [];
    const bare = of('`function` that returns its message');
    const beyond = (name: string): number[] => of(name).map((value, round) => value - (bare[round] ?? NaN));
    // Of demand by 60 min each minute a window ends and is written, which costs more than a reading may.
    const counted = ['`energy-demand`', '`energy-counter`, price by the hour'];
    const pairs = [
      ['`energy-demand`', '`function` for the demand'],
      ['`energy-counter`, price by the hour', '`function` for use and cost'],
      ['`energy-surplus`', '`function` for surplus'],
    ] as const;
    return {
      series,
      figures: [
        ...counted.map((name) => ({
          ...{ name: `${name} beyond a \`function\``, unit: 'µs', values: beyond(name), must: 30, aim: 20 },
        })),
        ...pairs.map(([ours, theirs]) => ({
          ...{ name: `${ours} / ${theirs}`, unit: '', values: ratios(of(ours), of(theirs)) },
        })),
      ],
      notes: [
        'Behind a `function` that makes a reading each 5 s of its own time; windows and hours that end are written to the disk.',
      ],
    };
  },
};

/** µs of CPU for a reading, each of which comes out again. */
async function driven(runtime: BenchRuntime, count: number): Promise<number> {
  const options = { nodes: ['meter'], inFlight: 1, count, message: {} };
  return (await runtime.call<Driven>('drive', options)).cpuPerMessage;
}

/** The same where not each one does: of a fast stream the newest is told each second. */
async function fired(runtime: BenchRuntime, count: number, pause: number): Promise<number> {
  const before = await runtime.call<CpuReading>('cpu');
  await runtime.call('fire', { node: 'work', count, atATime: 20, message: { payload: { power: -2500 } } });
  await setTimeout(pause);
  const after = await runtime.call<CpuReading>('cpu');
  return (after.cpu - before.cpu) / count;
}
