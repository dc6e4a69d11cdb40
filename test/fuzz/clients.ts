import { DeviceError } from '../../lib/core/errors';
import { Transport } from '../../lib/core/http/transport';
import { EnapterClient } from '../../lib/enapter/rest/client';
import { PowercontrollerClient } from '../../lib/powercontroller/client';
import { commandRequest } from '../../lib/powercontroller/input';
import { wholeHistory } from '../../lib/powercontroller/history';
import { PowerflexClient } from '../../lib/powerflex/client';
import { readMeasurements } from '../../lib/powerflex/reader';
import { PoweroptiClient } from '../../lib/poweropti/client';
import { CloudClient } from '../../lib/powersentrix/cloud-client';
import { LanClient } from '../../lib/powersentrix/lan-client';

/** Clients of the package, driven without pause: nodes rest between two readings, and an attack a second is not many. */

export type SystemName = 'poweropti' | 'powersentrix' | 'powercontroller' | 'powerflex' | 'enapter';

export interface DriveOptions {
  system: SystemName;
  /** the flow's variables, which hold addresses and credentials */
  variables: Record<string, string>;
  /** ms to go on for */
  ms: number;
}

export interface Driven {
  calls: number;
  failures: Record<string, number>;
  /** errors that are none of the package's own, by their text */
  faults: string[];
}

type Call = () => Promise<unknown>;
const TIMEOUT = 2000;
const DAY = 86_400_000;

function callsOf(system: SystemName, v: Record<string, string>, transport: Transport): Call[] {
  const timeout = TIMEOUT;
  const now = Date.now();
  switch (system) {
    case 'poweropti': {
      const client = new PoweroptiClient(
        { host: v.DEMO_POWEROPTI_HOST, apiKey: v.DEMO_POWEROPTI_KEY, timeout },
        transport,
      );
      return [() => client.read()];
    }
    case 'powersentrix': {
      const lan = new LanClient(
        { url: v.DEMO_POWERSENTRIX_URL, apiKey: v.DEMO_POWERSENTRIX_KEY, timeout },
        transport,
      );
      const cloud = new CloudClient(
        {
          url: v.DEMO_POWERSENTRIX_CLOUD,
          email: v.DEMO_POWERSENTRIX_EMAIL,
          password: v.DEMO_POWERSENTRIX_PASSWORD,
          timeout,
        },
        transport,
      );
      return [
        () => lan.readComplex(),
        () => lan.readIdent(),
        () => cloud.list(),
        () => cloud.readComplex('42'),
        () => cloud.basicInfo('42'),
        () => cloud.logs('42', 0, 50),
      ];
    }
    case 'powercontroller': {
      const client = new PowercontrollerClient(
        {
          url: v.DEMO_POWERCONTROLLER_URL,
          token: v.DEMO_POWERCONTROLLER_TOKEN,
          timeout,
          commandTimeout: timeout,
        },
        transport,
      );
      const device = v.DEMO_POWERCONTROLLER_DEVICE ?? '';
      return [
        () => client.devices(),
        () => client.device(device),
        () => client.statuses({ device }),
        () => client.send(commandRequest('refresh'), device),
        () => client.send(commandRequest('on'), device),
        () =>
          wholeHistory(
            client,
            device,
            { start: now - 15 * DAY, end: now },
            { signal: AbortSignal.timeout(8 * timeout) },
          ),
      ];
    }
    case 'powerflex': {
      const client = new PowerflexClient(
        {
          url: v.DEMO_POWERFLEX_URL,
          accId: v.DEMO_POWERFLEX_ACC_ID,
          username: v.DEMO_POWERFLEX_USERNAME,
          password: v.DEMO_POWERFLEX_PASSWORD,
          timeout,
        },
        transport,
      );
      const read = (measurement: 'ct_response' | 'evse_request' | 'evse_response'): Promise<unknown> =>
        readMeasurements(client, {
          measurement,
          range: { start: now - DAY / 4, end: now },
          powerUnit: 'kW',
          onRows: () => Promise.resolve(),
          signal: AbortSignal.timeout(4 * timeout),
        });
      return [
        () => client.getTargetPeakPower(),
        () => client.getExternalSignals(),
        () => read('ct_response'),
        () => read('evse_request'),
        () => read('evse_response'),
      ];
    }
    case 'enapter': {
      const client = new EnapterClient(
        { url: v.DEMO_ENAPTER_URL, token: v.DEMO_ENAPTER_TOKEN, timeout },
        transport,
      );
      const signal = (): AbortSignal => AbortSignal.timeout(8 * timeout);
      return [
        () => client.list({}, signal()),
        () => client.sites(signal()),
        () => client.get('meter000-45f2-4e9e-a6f0-69a310ab110b'),
      ];
    }
  }
}

/** Calls everything of one system in turn until the time is over. Every failure has to be a `DeviceError` that is meant. */
export async function drive({ system, variables, ms }: DriveOptions): Promise<Driven> {
  const driven: Driven = { calls: 0, failures: {}, faults: [] };
  const transport = new Transport();
  const end = performance.now() + ms;
  let calls: Call[] = [];
  while (performance.now() < end) {
    // A refusal may end a client for good; a new one goes on.
    if (driven.calls % 50 === 0) calls = callsOf(system, variables, transport);
    const call = calls[driven.calls++ % calls.length];
    try {
      await call?.();
    } catch (thrown) {
      const meant = thrown instanceof DeviceError && thrown.reason !== 'unexpected';
      const name = meant ? `${thrown.code} ${thrown.reason}` : 'fault';
      driven.failures[name] = (driven.failures[name] ?? 0) + 1;
      if (!meant && driven.faults.length < 20) {
        driven.faults.push(thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown));
      }
    }
  }
  transport.close();
  return driven;
}
