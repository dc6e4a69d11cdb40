import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import type { CloudServer } from '../servers/cloud';
import { Child } from '../support/child';
import type { Driven } from '../support/driver';
import { type BenchFlow, singleFlow } from '../support/flows';
import { BenchRuntime } from '../support/node-red';
import type { Row, Series } from '../support/row';
import { ratios } from '../support/stats';

const IN_FLIGHT = 16;
const WARM_UP = 3;

/** What a user writes to get about the same payload. */
const FUNCTION = `const { device } = msg.payload;
const { status = {}, ...rest } = device ?? msg.payload;
msg.topic = rest.name;
msg.payload = { ...status, configuration: rest };
msg.device = { id: rest.deviceId, name: rest.name };
return msg;`;

/** A reading from a cloud. */
export const cloud: Row = {
  name: 'cloud',
  title: 'A reading from a cloud, 16 in flight: CPU',
  baseline: 'none',
  async run({ quick, say }) {
    const count = quick ? 200 : 1500;
    const rounds = quick ? 2 : 15;
    const server = Child.start(join(__dirname, '..', 'servers', 'cloud.js'));
    const runtimes: BenchRuntime[] = [];
    try {
      const { port, device, token } = await server.call<CloudServer>('listen');
      const url = `http://127.0.0.1:${port}/v1`;
      const ways: { name: string; flow: BenchFlow; entry: string }[] = [
        {
          name: '`powercontroller-status`',
          entry: 'status',
          flow: singleFlow(
            [
              { id: 'account', type: 'powercontroller-account', url, durationKey: 'time' },
              {
                ...{ id: 'status', type: 'powercontroller-status', account: 'account', operation: 'get' },
                ...{ deviceId: device, raw: false },
              },
            ],
            { account: { token } },
          ),
        },
        {
          name: 'core `http request` + `function`',
          entry: 'request',
          flow: singleFlow([
            {
              ...{ id: 'request', type: 'http request', method: 'GET', ret: 'obj', paytoqs: 'ignore' },
              ...{ url: `${url}/devices/${device}`, tls: '', persist: true, proxy: '', authType: '' },
              ...{ insecureHTTPParser: false, senderr: false },
              headers: [
                {
                  keyType: 'other',
                  keyValue: 'Authorization',
                  valueType: 'other',
                  valueValue: `Bearer ${token}`,
                },
              ],
              wires: [['function']],
            },
            { id: 'function', type: 'function', func: FUNCTION, outputs: 1, libs: [] },
          ]),
        },
      ];
      const series = ways.map(({ name }): Series => ({ name, unit: 'µs', values: [] }));
      for (const { flow } of ways) runtimes.push(await BenchRuntime.start(flow));
      await setTimeout(500);
      for (let round = quick ? 0 : -WARM_UP; round < rounds; round++) {
        for (const [index, { entry, name }] of ways.entries()) {
          const before = await server.call<number>('requests');
          const driven = await runtimes[index]?.call<Driven>('drive', {
            ...{ nodes: [entry], inFlight: IN_FLIGHT, count },
          });
          const asked = (await server.call<number>('requests')) - before;
          const { configuration } = (driven?.last ?? {}) as { configuration?: unknown };
          // Fewer requests than messages, or another payload, would be another kind of work.
          if (!driven || asked !== count || typeof configuration !== 'object')
            throw new Error(`${name}: ${asked} requests for ${count}, ${JSON.stringify(driven?.last)}`);
          if (round >= 0) series[index]?.values.push(driven.cpuPerMessage);
        }
        say(`cloud: round ${round + 1} of ${rounds}`);
      }
      const [ours = [], core = []] = series.map(({ values }) => values);
      return {
        series,
        figures: [{ name: 'our node / core', unit: '', values: ratios(ours, core), must: 0.6 }],
        notes: [`From the message that asks to the message that answers, ${count} in each round.`],
      };
    } finally {
      await Promise.all([server.stop(), ...runtimes.map((runtime) => runtime.stop())]);
    }
  },
};
