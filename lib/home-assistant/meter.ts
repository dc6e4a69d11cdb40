import { readTime } from '../core/time';
import { isRecord } from '../core/values';
import { POWEROPTI_MEASUREMENTS } from '../poweropti/measurements';
import { type DecidedGroup, entitiesOf, fieldValues } from './decision';
import { Catalogue } from './entity';
import type { Observation, Told } from './observation';
import { timeValue } from './values';

const READING: DecidedGroup = {
  source: 'poweropti-meter',
  path: 'payload',
  fields: {
    age: { not: 'changes with each message and says less than measured_at' },
    power: { key: 'power' },
    importPower: { key: 'import_power', word: 'importPower', off: true },
    exportPower: { key: 'export_power', word: 'exportPower', off: true },
    energyImport: { key: 'energy_import', word: 'energyImport', unit: 'kWh', counter: 'meter' },
    energyImportTariff1: {
      ...{ key: 'energy_import_tariff_1', word: 'energyImportTariff1', unit: 'kWh' },
      ...{ counter: 'meter', lazy: true },
    },
    energyImportTariff2: {
      ...{ key: 'energy_import_tariff_2', word: 'energyImportTariff2', unit: 'kWh' },
      ...{ counter: 'meter', lazy: true },
    },
    energyExport: {
      ...{ key: 'energy_export', word: 'energyExport', unit: 'kWh' },
      ...{ counter: 'meter', lazy: true },
    },
  },
};

export const METER_DECISIONS: readonly DecidedGroup[] = [READING];

export const METER_ENTITIES = new Catalogue([
  ...entitiesOf(METER_DECISIONS, POWEROPTI_MEASUREMENTS),
  {
    key: 'measured_at',
    platform: 'sensor',
    deviceClass: 'timestamp',
    category: 'diagnostic',
    off: true,
    name: { word: 'measuredAt' },
  },
]);

/** A poweropti's reading. */
export function readMeter({ device, payload }: Told): Observation[] | undefined {
  if (!isRecord(payload)) return undefined;
  if (!Object.keys(READING.fields).some((name) => name !== 'age' && name in payload)) return undefined;
  const values = { ...fieldValues(payload, READING), measured_at: timeValue(payload.timestamp) };
  return [{ device, values, time: readTime(payload.timestamp) }];
}
