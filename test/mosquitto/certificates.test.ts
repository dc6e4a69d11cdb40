import assert from 'node:assert/strict';
import path from 'node:path';

import { needsUser } from '../../lib/core/poll/availability';
import { type Clock, systemClock } from '../../lib/core/clock';
import type { ConnectionConfig } from '../../lib/enapter/mqtt/config';
import { projectRoot } from '../../scripts/support/project-root';
import { HARDWARE, startDevice, type TestDevice } from '../support/enapter-device';
import { fixture } from '../support/fixture';
import { Gate, Mosquitto } from '../support/mosquitto';

const FOLDER = path.join(projectRoot(), 'test/fixtures/certificates');
const pem = (name: string): string => fixture(`certificates/${name}.pem`);
/** Before the own certificate expired. */
const IN_2001: Clock = { ...systemClock, now: () => Date.UTC(2001, 5, 1) };

interface Case {
  what: string;
  server?: string;
  client?: string;
  authority?: string;
  clock?: Clock;
  /** key of the words; none: it connects */
  reason?: string;
  /** only a person can end it, so the broker is not asked each minute */
  red?: boolean;
}

const CASES: readonly Case[] = [
  { what: 'connects where all is well' },
  { what: 'connects to a broker whose certificate is for another host', server: 'other-host' },
  { what: 'expired', server: 'expired', reason: 'tlsExpired' },
  { what: 'not yet valid', server: 'not-yet-valid', reason: 'tlsNotYetValid' },
  { what: 'signed by nobody', server: 'self-signed', reason: 'enapterUnknownCa' },
  { what: 'of another authority', authority: 'self-signed', reason: 'enapterUnknownCa' },
  { what: 'own expired', client: 'expired', reason: 'tlsOwnExpired', red: true },
  {
    what: "own expired by the broker's clock alone",
    client: 'expired',
    clock: IN_2001,
    reason: 'tlsOwnExpired',
    red: true,
  },
  { what: 'own not yet valid', client: 'not-yet-valid', reason: 'tlsOwnNotYetValid' },
  { what: 'own revoked', client: 'revoked', reason: 'tlsOwnRevoked', red: true },
  { what: 'own unknown to the broker', client: 'self-signed', reason: 'tlsOwnRefused', red: true },
];

describe('enapter: certificates that mosquitto or we do not take', () => {
  let mosquitto: Mosquitto;
  let gate: Gate;
  let device: TestDevice | undefined;

  afterEach(async () => {
    await device?.connection.close();
    device = undefined;
    await gate.lock();
    await mosquitto.close();
  });

  for (const {
    what,
    server = 'good',
    client = 'good',
    authority = 'ca',
    clock,
    reason,
    red = false,
  } of CASES) {
    it(reason === undefined ? what : `says ${reason} of one that is ${what}`, async () => {
      mosquitto = new Mosquitto();
      await mosquitto.prepare({
        certificates: [
          `cafile ${path.join(FOLDER, 'ca.pem')}`,
          `certfile ${path.join(FOLDER, `${server}.pem`)}`,
          `keyfile ${path.join(FOLDER, 'key.pem')}`,
          `crlfile ${path.join(FOLDER, 'revoked.crl')}`,
        ],
      });
      await mosquitto.start();
      gate = new Gate(mosquitto.tlsPort);
      await gate.unlock();
      const config: ConnectionConfig = {
        host: '127.0.0.1',
        port: gate.port,
        hardwareId: HARDWARE,
        channelId: 'ucm',
        protocol: 'MQTTS',
        tls: { ca: pem(authority), cert: pem(client), key: pem('key') },
      };
      const waits: number[] = [];
      const noting: Clock = {
        ...(clock ?? systemClock),
        after: (ms, fn) => {
          waits.push(ms);
          return systemClock.after(ms, fn);
        },
      };
      device = startDevice(config, { clock: noting });
      const first = await device.availability.waitFor(() => true, 'availability');
      assert.equal(first.reason?.reason, reason);
      assert.equal(first.available, reason === undefined);
      if (!first.reason) return;
      assert.equal(needsUser(first.reason), red);
      assert.equal(waits.at(-1) === 15 * 60_000, red, `waits ${waits.at(-1)} ms`);
      assert.equal(device.connection.counts.connects, 0);
    });
  }
});
