import { join } from 'node:path';

import type { UpsServer } from '../servers/ups';
import { Child } from '../support/child';
import type { Driven } from '../support/driver';
import { singleFlow } from '../support/flows';
import { BenchRuntime } from '../support/node-red';
import type { Row } from '../support/row';

/** Switching a port for certain: look, toggle, look again. */
export const switching: Row = {
  name: 'switching',
  title: 'A verified switch on a UPS in the local network: requests',
  baseline: 'three by hand: read, toggle, read',
  async run({ quick, say }) {
    const rounds = quick ? 2 : 6;
    const server = Child.start(join(__dirname, '..', 'servers', 'ups.js'));
    let runtime: BenchRuntime | undefined;
    try {
      const { url, apiKey } = await server.call<UpsServer>('listen');
      runtime = await BenchRuntime.start(
        singleFlow(
          [
            { id: 'ups', type: 'ups-device', name: '', source: 'lan', url, interval: 86_400 },
            { id: 'port', type: 'ups-port', device: 'ups', port: '', action: 'msg' },
          ],
          { ups: { apiKey } },
        ),
      );
      // Nobody listens to the device, so it reads only for the command.
      const requests: number[] = [];
      const times: number[] = [];
      for (let round = 0; round < rounds; round++) {
        const before = await server.call<number>('requests');
        const driven = await runtime.call<Driven>('drive', {
          nodes: ['port'],
          inFlight: 1,
          count: 1,
          message: { payload: { port: 2, action: round % 2 === 0 ? 'off' : 'on' } },
        });
        const outcome = driven.last as { port?: unknown; on?: unknown };
        if (outcome.port !== 2 || outcome.on !== (round % 2 === 1)) throw new Error(JSON.stringify(outcome));
        requests.push((await server.call<number>('requests')) - before);
        times.push(driven.wall);
        say(`switching: ${round + 1} of ${rounds}`);
      }
      return {
        series: [{ name: 'time of a command', unit: 'ms', values: times }],
        figures: [{ name: 'requests of a command', unit: '', values: requests, must: 3 }],
      };
    } finally {
      await Promise.all([server.stop(), runtime?.stop()]);
    }
  },
};
