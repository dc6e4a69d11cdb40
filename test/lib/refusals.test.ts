import assert from 'node:assert/strict';

import { Poller } from '../../lib/core/poll/poller';
import { Transport } from '../../lib/core/http/transport';
import { EnapterClient } from '../../lib/enapter/rest/client';
import { PowercontrollerClient } from '../../lib/powercontroller/client';
import { StatusMemory, StatusReader } from '../../lib/powercontroller/watch';
import { PowerflexClient } from '../../lib/powerflex/client';
import { PoweroptiClient } from '../../lib/poweropti/client';
import { CloudClient } from '../../lib/powersentrix/cloud-client';
import { LanClient } from '../../lib/powersentrix/lan-client';
import { startEnapter } from '../../simulators/enapter';
import { startPowercontroller } from '../../simulators/powercontroller';
import { startPowerflex } from '../../simulators/powerflex';
import { startPoweropti } from '../../simulators/poweropti';
import { startPowersentrix, startPowersentrixCloud } from '../../simulators/powersentrix';
import type { Faults } from '../../simulators/support/faults';
import type { SimServer } from '../../simulators/support/server';
import { FakeClock, settle, until } from '../support/fake-clock';

const MINUTE = 60_000;
const INTERVAL = 5000;

interface Simulated {
  http: SimServer;
  faults: Faults;
  close: () => Promise<void>;
}

interface Bench {
  simulator: Simulated;
  read: (signal: AbortSignal) => Promise<unknown>;
}

interface Vendor {
  name: string;
  /** path of the login; missing: a fixed key or token */
  login?: RegExp;
  /** the vendor's own words for wrong credentials */
  wrong?: { status: number; body: unknown };
  start: (transport: Transport, clock: FakeClock) => Promise<Bench>;
}

const VENDORS: readonly Vendor[] = [
  {
    name: 'poweropti',
    start: async (transport, clock) => {
      const simulator = await startPoweropti();
      const client = new PoweroptiClient({ host: simulator.url, apiKey: simulator.apiKey }, transport, clock);
      return { simulator, read: (signal) => client.read(signal) };
    },
  },
  {
    name: 'UPS in the LAN',
    start: async (transport, clock) => {
      const simulator = await startPowersentrix();
      const client = new LanClient({ url: simulator.url, apiKey: simulator.apiKey }, transport, clock);
      return { simulator, read: (signal) => client.readComplex(signal) };
    },
  },
  {
    name: 'PowerSentrix cloud',
    login: /authenticate/,
    wrong: { status: 400, body: { message: 'invalidEmailOrPassword' } },
    start: async (transport, clock) => {
      const simulator = await startPowersentrixCloud();
      const { url, email, password } = simulator;
      const client = new CloudClient({ url, email, password }, transport, clock);
      return { simulator, read: (signal) => client.list({}, signal) };
    },
  },
  {
    name: 'power controller, account',
    login: /signin/,
    wrong: { status: 401, body: { message: 'Invalid email or password' } },
    start: async (transport, clock) => {
      const simulator = await startPowercontroller();
      const { url, email, password } = simulator;
      const client = new PowercontrollerClient({ url, email, password }, transport, clock);
      return { simulator, read: (signal) => client.devices(signal) };
    },
  },
  {
    name: 'power controller, watched with a token',
    start: async (transport, clock) => {
      const simulator = await startPowercontroller();
      const { url, token, deviceId } = simulator;
      const client = new PowercontrollerClient({ url, token }, transport, clock);
      const reader = new StatusReader(client, deviceId, clock);
      const memory = new StatusMemory(deviceId, undefined, clock);
      return { simulator, read: (signal) => reader.newOf(memory, signal) };
    },
  },
  {
    name: 'PowerFlex',
    login: /login/,
    wrong: { status: 401, body: { msg: 'Bad username or password' } },
    start: async (transport, clock) => {
      const simulator = await startPowerflex();
      const { url, accId, username, password } = simulator;
      const client = new PowerflexClient({ url, accId, username, password }, transport, clock);
      return { simulator, read: (signal) => client.getTargetPeakPower(signal) };
    },
  },
  {
    name: 'Enapter',
    start: async (transport, clock) => {
      const simulator = await startEnapter();
      const { url, token } = simulator;
      const client = new EnapterClient({ url, token }, transport, clock);
      return { simulator, read: (signal) => client.list({}, signal) };
    },
  },
];

const PAGE = '<html><body>Request blocked. Reference 18.2f.</body></html>';
const PASSING: readonly { name: string; status: number; body: string }[] = [
  { name: '401 with a page', status: 401, body: PAGE },
  { name: '401 without a body', status: 401, body: '' },
  { name: '401 in JSON that says nothing', status: 401, body: '{"message":"Unauthorized"}' },
  { name: '400 with a page', status: 400, body: PAGE },
  { name: '403 with a page', status: 403, body: PAGE },
  { name: '403 in JSON', status: 403, body: '{"message":"Forbidden","msg":"Forbidden"}' },
  { name: '422 about the token', status: 422, body: '{"msg":"The token is not yet valid (nbf)"}' },
];

for (const { name, login, wrong, start } of VENDORS) {
  describe(`${name}: a refusal`, () => {
    let clock: FakeClock;
    let transport: Transport;
    let bench: Bench;
    let poller: Poller<unknown>;
    let inFlight = 0;

    beforeEach(async () => {
      clock = new FakeClock();
      transport = new Transport();
      bench = await start(transport, clock);
      poller = new Poller({
        fetch: async (signal) => {
          inFlight++;
          try {
            return await bench.read(signal);
          } finally {
            inFlight--;
          }
        },
        interval: INTERVAL,
        clock,
      });
    });
    afterEach(async () => {
      await poller.close();
      transport.close();
      await bench.simulator.close();
    });

    /** One reading after the other, until `ms` have passed. */
    async function goOn(ms: number): Promise<void> {
      const end = clock.monotonic() + ms;
      while (clock.monotonic() < end) {
        const { polls } = poller.stats;
        await clock.advance(Math.min(clock.next ?? Infinity, end - clock.monotonic()));
        if (poller.stats.polls === polls) continue;
        // The reading has to tell its outcome, and to plan the next one.
        await until(() => inFlight === 0);
        await settle();
      }
    }

    for (const no of PASSING) {
      for (const times of [1, 2]) {
        it(`that passes does not end the readings: ${no.name}, ${times} times`, async () => {
          poller.subscribe({});
          const { status, body } = no;
          bench.simulator.faults.add({ kind: 'status', status, body, times });
          await goOn(1000);
          assert.notEqual(poller.availability, undefined);
          // One try after the first wait, and one after the second, which is longer.
          for (let i = 0; i < 10 && !poller.availability?.available; i++) await goOn(MINUTE);
          assert.equal(poller.availability?.available, true);
        });
      }
    }

    it('that comes to every request is tried again slowly, and said', async () => {
      poller.subscribe({});
      bench.simulator.faults.add({ kind: 'status', status: 401, body: PAGE });
      await goOn(24 * 60 * MINUTE);
      assert.equal(poller.availability?.reason?.code, 'AUTH_FAILED');
      assert.equal(poller.availability.reason.definite, false);
      const { length } = bench.simulator.http.log;
      // Twice four in the hour at the most, and at the least each quarter of one.
      assert.ok(length >= 24 * 4 && length <= 24 * 8 * 2 + 10, `${length} requests in a day`);
      bench.simulator.faults.clear();
      await goOn(15 * MINUTE);
      assert.equal(poller.availability.available, true);
    });

    if (!login || !wrong) return;

    it("in the vendor's words for wrong credentials stops after one try, for all callers", async () => {
      const subscription = poller.subscribe({});
      const { status, body } = wrong;
      const match = ({ path }: { path: string }): boolean => login.test(path);
      bench.simulator.faults.add({ kind: 'status', status, body: JSON.stringify(body), match });
      await goOn(24 * 60 * MINUTE);
      assert.equal(poller.availability?.reason?.definite, true);
      const asked = [subscription.refresh(), subscription.refresh()].map((work) => work.catch(() => 0));
      await goOn(2000);
      await Promise.all(asked);
      assert.equal(bench.simulator.http.log.length, 1);
    });
  });
}
