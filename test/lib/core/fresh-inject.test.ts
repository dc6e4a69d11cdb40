import assert from 'node:assert/strict';

import { DeviceError } from '../../../lib/core/errors';
import { isTimeStamp } from '../../../lib/core/input';
import { logPayload } from '../../../lib/enapter/mqtt/response-payloads';
import { prepareLog, prepareValues } from '../../../lib/enapter/mqtt/payloads';
import { takeReading } from '../../../lib/energy/reading';
import { commandRequest } from '../../../lib/powercontroller/input';
import { type DcmSettings, signalNameOf, signalOf, targetsOf } from '../../../lib/powerflex/dcm-input';
import { loadOf } from '../../../lib/powerflex/load-input';
import { portCommand } from '../../../lib/powersentrix/input';

const NOW = Date.UTC(2026, 5, 15, 12);
const FRESH = { payload: NOW };
const LOAD = { property: '', unit: 'kW', negative: 'zero' } as const;
const DCM: DcmSettings = {
  operation: 'set_external_signal',
  targets: { Jun: 700 },
  signalName: 'grid',
  maxLoad: 50,
  maxLoadUnit: 'kW',
  enabled: true,
};

/** What each node that takes commands makes of an inject that nobody has set. */
const CASES: { node: string; read: () => unknown; works: boolean }[] = [
  {
    node: 'ups-port, restart',
    read: () => portCommand(NOW, undefined, { port: 3, action: 'restart' }),
    works: true,
  },
  { node: 'ups-port, by message', read: () => portCommand(NOW, undefined, { port: 3 }), works: false },
  {
    node: 'ups-port, describe',
    read: () => portCommand(NOW, undefined, { port: 3, action: 'describe' }),
    works: false,
  },
  { node: 'powercontroller-command, by message', read: () => commandRequest(NOW), works: false },
  { node: 'powerflex-dcm, load', read: () => loadOf(FRESH, LOAD, () => undefined), works: false },
  {
    node: 'powerflex-dcm, load of a property',
    read: () => loadOf(FRESH, { ...LOAD, property: 'payload', unit: 'W' }, () => NOW),
    works: false,
  },
  { node: 'powerflex-dcm, targets', read: () => targetsOf(DCM, FRESH), works: true },
  { node: 'powerflex-dcm, signal to read', read: () => signalNameOf(DCM, FRESH), works: true },
  { node: 'powerflex-dcm, signal to set', read: () => signalOf(DCM, FRESH), works: false },
  { node: 'enapter-telemetry', read: () => prepareValues('telemetry', NOW, NOW), works: false },
  { node: 'enapter-telemetry, properties', read: () => prepareValues('properties', NOW, NOW), works: false },
  { node: 'enapter-telemetry, log', read: () => prepareLog({ message: NOW }, NOW), works: false },
  { node: 'enapter-command-response, log', read: () => logPayload(NOW), works: false },
  {
    node: 'energy-counter, energy-demand, energy-surplus',
    read: () => takeReading(NOW, () => undefined, { zone: 'Etc/UTC' }, NOW),
    works: false,
  },
];

describe('an inject that nobody has set', () => {
  for (const { node, read, works } of CASES) {
    it(`${works ? 'works' : 'is told what it sent'}: ${node}`, () => {
      if (works) assert.doesNotThrow(read);
      else
        assert.throws(
          read,
          (thrown) => thrown instanceof DeviceError && thrown.reason === 'payloadTimeStamp',
        );
    });
  }

  const NUMBERS: [value: unknown, isOne: boolean][] = [
    [NOW, true],
    [1e12 - 1.5, false],
    [0, false],
    [700, false],
    [Math.floor(NOW / 1000), false],
    [String(NOW), false],
    [5e12, false],
  ];
  for (const [value, isOne] of NUMBERS) {
    it(`takes ${JSON.stringify(value)} for ${isOne ? 'a time stamp' : 'none'}`, () => {
      assert.equal(isTimeStamp(value), isOne);
    });
  }
});
