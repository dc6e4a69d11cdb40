import { join } from 'node:path';

import type { PushOptions } from '../servers/pusher';
import { Child } from '../support/child';
import { type BenchFlow, singleFlow } from '../support/flows';
import { BenchRuntime, type CpuReading } from '../support/node-red';
import type { Row, Series } from '../support/row';
import { ratios } from '../support/stats';

const CONNECTIONS = 32;
/** rounds until the compiler has settled: what is measured runs for years */
const WARM_UP = 3;
const QUERY = '?companyId=bench&cmm=ups-01';

/** What a user's function does at least: looks at the body and answers. */
const FUNCTION = `msg.ups = msg.req.query.cmm;
msg.data = msg.payload;
msg.payload = { responseMessage: 'OK' };
return msg;`;

const receiver = { id: 'receiver', type: 'ups-receiver', name: '', path: '/ups' };
const credentials = { receiver: { companyId: 'bench' } };

/** UPSes that push into Node-RED. */
export const push: Row = {
  name: 'push',
  title: 'Push intake, 32 connections: CPU',
  baseline: 'raw `node:http` 27 µs, own route 99 µs, core chain 202 µs',
  async run({ quick, say }) {
    const count = quick ? 500 : 6000;
    const rounds = quick ? 1 : 5;
    const ways: { name: string; flow: BenchFlow; path: string }[] = [
      { name: '`ups-receiver`', flow: singleFlow([receiver], credentials), path: '/ups/api/setUpsData' },
      {
        name: 'core `http in` + `function` + `http response`',
        flow: singleFlow([
          { id: 'in', type: 'http in', url: '/core', method: 'post', upload: false, wires: [['function']] },
          { id: 'function', type: 'function', func: FUNCTION, outputs: 1, libs: [], wires: [['response']] },
          { id: 'response', type: 'http response', statusCode: '', headers: {}, wires: [] },
        ]),
        path: '/core',
      },
      {
        name: '`ups-receiver`, with a message of `ups-status` for each push',
        flow: singleFlow(
          [
            receiver,
            {
              id: 'ups',
              type: 'ups-device',
              name: '',
              source: 'push',
              receiver: 'receiver',
              cmm: 'ups-01',
              interval: 300,
            },
            { id: 'status', type: 'ups-status', device: 'ups', topic: '', raw: false },
          ],
          credentials,
        ),
        path: '/ups/api/setUpsData',
      },
    ];
    const pusher = Child.start(join(__dirname, '..', 'servers', 'pusher.js'));
    const runtimes: BenchRuntime[] = [];
    try {
      const size = await pusher.call<number>('size');
      const series = ways.map(({ name }): Series => ({ name, unit: 'µs', values: [] }));
      for (const { flow } of ways) runtimes.push(await BenchRuntime.start(flow));
      for (let round = quick ? 0 : -WARM_UP; round < rounds; round++) {
        for (const [index, { name, path }] of ways.entries()) {
          const runtime = runtimes[index];
          if (!runtime) continue;
          const before = await runtime.call<CpuReading>('cpu');
          const options: PushOptions = {
            url: `${runtime.url}${path}${QUERY}`,
            count,
            connections: CONNECTIONS,
          };
          const good = await pusher.call<number>('push', { ...options });
          const after = await runtime.call<CpuReading>('cpu');
          if (good !== count) throw new Error(`${name} took ${good} of ${count}`);
          if (round >= 0) series[index]?.values.push((after.cpu - before.cpu) / count);
        }
        say(`push: round ${round + 1} of ${rounds}`);
      }
      const [ours = [], core = []] = series.map(({ values }) => values);
      return {
        series,
        figures: [{ name: '`ups-receiver` / core', unit: '', values: ratios(ours, core), must: 0.5 }],
        notes: [
          `Pushes of ${size} bytes. Ours checks sender, type, length and shape; the chain checks nothing.`,
        ],
      };
    } finally {
      await Promise.all([pusher.stop(), ...runtimes.map((runtime) => runtime.stop())]);
    }
  },
};
