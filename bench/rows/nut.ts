import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { freePort } from '../../simulators/support/free-port';
import type { AskOptions } from '../servers/nut-client';
import type { UpsServer } from '../servers/ups';
import { Child } from '../support/child';
import { type BenchFlow, singleFlow } from '../support/flows';
import { BenchRuntime, type CpuReading } from '../support/node-red';
import type { Row, Series } from '../support/row';
import { ratios } from '../support/stats';

const WARM_UP = 3;
const CONNECTIONS = 8;

/** What a user writes to answer in the same way, out of values that he keeps. */
const functionOf = (lines: readonly string[]): string => {
  const variables = lines
    .map((line) => /^VAR ups (\S+) "(.*)"$/.exec(line))
    .flatMap((found) => (found ? [[found[1], found[2]]] : []));
  return `const lines = String(msg.payload).split('\\n').filter((line) => line.trim() !== '');
const variables = ${JSON.stringify(variables)};
const out = [];
for (const line of lines) {
  const [word, what, ups] = line.trim().split(/\\s+/);
  if (word !== 'LIST' || what !== 'VAR' || ups !== 'ups') { out.push('ERR UNKNOWN-COMMAND\\n'); continue; }
  out.push('BEGIN LIST VAR ups\\n');
  for (const [name, value] of variables) out.push('VAR ups ' + name + ' "' + String(value).replace(/["\\\\]/g, '\\\\$&') + '"\\n');
  out.push('END LIST VAR ups\\n');
}
msg.payload = out.join('');
return msg;`;
};

/** Hosts of a UPS that ask for all that it tells. */
export const nut: Row = {
  name: 'nut',
  title: 'NUT, all variables of a UPS, 8 hosts: CPU per request',
  baseline: 'none',
  async run({ quick, say }) {
    const count = quick ? 200 : 4000;
    const rounds = quick ? 2 : 7;
    const ups = Child.start(join(__dirname, '..', 'servers', 'ups.js'));
    const client = Child.start(join(__dirname, '..', 'servers', 'nut-client.js'));
    const runtimes: BenchRuntime[] = [];
    try {
      const { url, apiKey } = await ups.call<UpsServer>('listen');
      const [ourPort, corePort] = [await freePort(), await freePort()];
      const ours = singleFlow(
        [
          { id: 'ups', type: 'ups-device', name: '', source: 'lan', url, interval: 60 },
          {
            ...{ id: 'server', type: 'ups-nut-server', device: 'ups', names: 'ups' },
            ...{ host: '127.0.0.1', port: ourPort, wires: [[], []] },
          },
        ],
        { ups: { apiKey } },
      );
      runtimes.push(await BenchRuntime.start(ours));
      const lines = await told(client, ourPort);
      const core: BenchFlow = singleFlow([
        {
          ...{ id: 'in', type: 'tcp in', server: 'server', host: '', port: String(corePort) },
          ...{ datamode: 'stream', datatype: 'utf8', newline: '\\n', topic: '', base64: false },
          wires: [['function']],
        },
        {
          ...{ id: 'function', type: 'function', func: functionOf(lines), outputs: 1 },
          libs: [],
          wires: [['out']],
        },
        {
          ...{ id: 'out', type: 'tcp out', host: '', port: '', beserver: 'reply' },
          base64: false,
          wires: [],
        },
      ]);
      runtimes.push(await BenchRuntime.start(core));
      const ways = [
        { name: '`ups-nut-server`', port: ourPort },
        { name: 'core `tcp in` + `function` + `tcp out`', port: corePort },
      ];
      const series = ways.map(({ name }): Series => ({ name, unit: 'µs', values: [] }));
      for (let round = quick ? 0 : -WARM_UP; round < rounds; round++) {
        for (const [index, { name, port }] of ways.entries()) {
          const runtime = runtimes[index];
          if (!runtime) continue;
          const before = await runtime.call<CpuReading>('cpu');
          const options: AskOptions = { port, count, connections: CONNECTIONS };
          const answered = await client.call<number>('ask', { ...options });
          const after = await runtime.call<CpuReading>('cpu');
          if (answered !== count) throw new Error(`${name} answered ${answered} of ${count}`);
          if (round >= 0) series[index]?.values.push((after.cpu - before.cpu) / count);
        }
        say(`nut: round ${round + 1} of ${rounds}`);
      }
      const [own = [], chain = []] = series.map(({ values }) => values);
      return {
        series,
        figures: [{ name: '`ups-nut-server` / core', unit: '', values: ratios(own, chain) }],
        notes: [
          `${lines.length - 2} variables. Ours counts hosts, bounds lines and knows logins; the chain does not.`,
        ],
      };
    } finally {
      await Promise.all([ups.stop(), client.stop(), ...runtimes.map((runtime) => runtime.stop())]);
    }
  },
};

/** The variables, once the UPS has been read. */
async function told(client: Child, port: number): Promise<string[]> {
  for (let tries = 0; ; tries++) {
    const lines = await client.call<string[]>('lines', port).catch((error: unknown) => [String(error)]);
    if (lines.length > 5) return lines;
    if (tries > 100) throw new Error(`nut: ${lines.join(' ')}`);
    await setTimeout(100);
  }
}
