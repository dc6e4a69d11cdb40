import assert from 'node:assert/strict';

import { type Runtime, startRuntime } from '../support/runtime';

const UNSET = '${ENERGY_DEVICES_TEST_UNSET}';

/** A dialog's test with one value that names a variable which is not set. */
const CASES: { type: string; settings: Record<string, string>; credentials: Record<string, string> }[] = [
  { type: 'poweropti-device', settings: { host: UNSET }, credentials: { apiKey: 'a-key-12345' } },
  { type: 'poweropti-device', settings: { host: '127.0.0.1:9' }, credentials: { apiKey: UNSET } },
  { type: 'ups-device', settings: { source: 'lan', url: UNSET }, credentials: { apiKey: 'key' } },
  { type: 'ups-device', settings: { source: 'lan', url: '127.0.0.1:9' }, credentials: { apiKey: UNSET } },
  { type: 'powersentrix-account', settings: { url: UNSET }, credentials: { email: 'a@b.c', password: 'p' } },
  {
    type: 'powersentrix-account',
    settings: { url: 'http://127.0.0.1:9' },
    credentials: { email: 'a@b.c', password: UNSET },
  },
  { type: 'powercontroller-account', settings: { url: UNSET }, credentials: { token: 'token' } },
  { type: 'powercontroller-account', settings: { url: 'http://127.0.0.1:9' }, credentials: { token: UNSET } },
  {
    type: 'powerflex-site',
    settings: { url: UNSET, accId: '2' },
    credentials: { username: 'u', password: 'p' },
  },
  {
    type: 'powerflex-site',
    settings: { url: 'http://127.0.0.1:9', accId: '2' },
    credentials: { username: 'u', password: UNSET },
  },
  { type: 'enapter-account', settings: { url: UNSET }, credentials: { token: 'token' } },
  { type: 'enapter-account', settings: { url: 'http://127.0.0.1:9' }, credentials: { token: UNSET } },
];

describe("a dialog's test with a variable that is not set", () => {
  let runtime: Runtime;
  before(async () => {
    runtime = await startRuntime();
  });
  after(async () => {
    await runtime.stop();
  });

  for (const { type, settings, credentials } of CASES) {
    const where = Object.entries({ ...settings, ...credentials }).find(([, value]) => value === UNSET)?.[0];
    it(`says so: ${type}, ${where}`, async () => {
      const reply = await runtime.post(`energy-devices/${type}/new/test`, { settings, credentials });
      const { ok, reason, params } = reply.json() as {
        ok: boolean;
        reason: string;
        params: { name?: string };
      };
      assert.deepEqual([ok, reason, params.name], [false, 'variableUnset', 'ENERGY_DEVICES_TEST_UNSET']);
    });
  }
});
