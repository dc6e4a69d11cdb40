import { join } from 'node:path';

import type { HistoryServer } from '../servers/history';
import { Child } from '../support/child';
import type { Driven } from '../support/driver';
import { singleFlow } from '../support/flows';
import { BenchRuntime } from '../support/node-red';
import type { Row } from '../support/row';
import { ratios } from '../support/stats';

/** ms of each request */
const DELAY = 50;
const DAY = 86_400_000;
/** 15-minute values */
const PER_DAY = 96;

/** A long time range out of an API that gives ten days at a time. */
export const history: Row = {
  name: 'history',
  title: 'A year of 15-minute history, 37 windows of 50 ms: wall time',
  baseline: 'one after the other 37 × 50 ms',
  async run({ quick, say }) {
    const days = quick ? 30 : 365;
    const rounds = quick ? 1 : 7;
    const server = Child.start(join(__dirname, '..', 'servers', 'history.js'));
    const runtimes: BenchRuntime[] = [];
    try {
      const { port, device, token } = await server.call<HistoryServer>('listen', DELAY);
      const end = Math.floor(Date.now() / DAY) * DAY;
      const message = { payload: { start: end - days * DAY, end } };
      const found: number[][] = [[], []];
      for (const inFlight of [4, 1]) {
        runtimes.push(
          await BenchRuntime.start(
            singleFlow(
              [
                {
                  id: 'account',
                  type: 'powercontroller-account',
                  url: `http://127.0.0.1:${port}/v1`,
                  durationKey: 'time',
                },
                {
                  id: 'history',
                  type: 'powercontroller-status',
                  account: 'account',
                  operation: 'history',
                  deviceId: device,
                  output: 'array',
                  inFlight,
                  raw: false,
                },
              ],
              { account: { token } },
            ),
          ),
        );
      }
      for (let round = -1; round < rounds; round++) {
        for (const [index, runtime] of runtimes.entries()) {
          const driven = await runtime.call<Driven>('drive', {
            nodes: ['history'],
            inFlight: 1,
            count: 1,
            message,
          });
          const values = Array.isArray(driven.last) ? driven.last.length : 0;
          if (Math.abs(values - days * PER_DAY) > PER_DAY)
            throw new Error(`${values} values of ${days} days`);
          // The first round makes the server's answers.
          if (round >= 0) found[index]?.push(driven.wall);
        }
        say(`history: round ${round + 1} of ${rounds}`);
      }
      const [ours = [], serial = []] = found;
      return {
        series: [
          { name: 'four windows at a time, as our node does', unit: 'ms', values: ours },
          { name: 'one after the other', unit: 'ms', values: serial },
        ],
        figures: [
          {
            name: 'four at a time / one after the other',
            unit: '',
            values: ratios(ours, serial),
            must: 0.35,
            aim: 0.28,
          },
        ],
        notes: [
          `From the message that asks to the message with all ${days * PER_DAY} values. Four at a time cannot be less than 0.27: ten rounds for 37 windows.`,
        ],
      };
    } finally {
      await Promise.all([server.stop(), ...runtimes.map((runtime) => runtime.stop())]);
    }
  },
};
