import { diagnostic, measured, type MeasurementGroup, type Measurements } from '../core/measurement';
import type { PoweroptiReading } from './reading';

const READING: Measurements<PoweroptiReading & { age: number }> = {
  age: diagnostic('duration', 'since this measurement was first seen here, by our own clock'),
  power: measured('power', 'positive: import from the grid, negative: export'),
  importPower: measured('power', 'the import part of power, never negative'),
  exportPower: measured('power', 'the export part of power, never negative'),
  energyImport: measured('energy', 'meter reading, import (OBIS 1.8.0)'),
  energyImportTariff1: measured('energy', 'meter reading, import at tariff 1 (OBIS 1.8.1)'),
  energyImportTariff2: measured('energy', 'meter reading, import at tariff 2 (OBIS 1.8.2)'),
  energyExport: measured('energy', 'meter reading, export (OBIS 2.8.0)'),
};

/** The numbers in the messages of the poweropti nodes. */
export const POWEROPTI_MEASUREMENTS: readonly MeasurementGroup[] = [
  { source: 'poweropti-meter', path: 'payload', fields: READING },
];
