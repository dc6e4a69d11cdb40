import { diagnostic, measured, type MeasurementGroup, type Measurements } from '../core/measurement';
import type { StatusChange } from './changes';
import type { MasterData } from './portal';
import type { Ident, Output, Supply, UpsStatus } from './status';

const STATUS: Measurements<UpsStatus> = {
  totalPower: measured('power', 'sum of all ports'),
  ventilation: diagnostic('number', 'as the UPS tells it'),
  uptime: diagnostic('duration', 'since the main controller started'),
};

const TEMPERATURES: Measurements<UpsStatus['temperatures']> = {
  board: diagnostic('temperature', 'of the board'),
  mcu: diagnostic('temperature', 'of the controller'),
};

const SUPPLY: Measurements<Supply> = {
  mainVoltage: measured('voltage', 'from the mains'),
  loadVoltage: measured('voltage', 'to the load'),
  batteryVoltage: measured('voltage', 'of the battery'),
  undervoltageLimit: diagnostic('voltage', 'of the battery, below which it is cut off'),
  cellVoltages: diagnostic('voltage', 'of the battery, block by block'),
  cellSpread: diagnostic('voltage', 'the highest block less the lowest'),
  lowBatteryLimit: diagnostic('voltage', 'of the battery, below which it counts as low'),
};

const OUTPUT: Measurements<Omit<Output, 'port'>> = {
  voltage: measured('voltage', 'of the port'),
  current: measured('current', 'of the port'),
  power: measured('power', 'of the port'),
};

const IDENT: Measurements<Ident> = {
  comUptime: diagnostic('duration', 'since the communication board started'),
  mainUptime: diagnostic('duration', 'since the main board started'),
  cpuLoad: diagnostic('percentage', 'of the communication board'),
  totalRamSize: diagnostic('data_size', 'of the communication board'),
  freeRamSize: diagnostic('data_size', 'of the communication board'),
};

const MASTER_DATA: Measurements<MasterData> = {
  comUptime: diagnostic('duration', 'since the communication board started'),
  mainUptime: diagnostic('duration', 'since the main board started'),
  temperature: diagnostic('temperature', 'as the portal tells it'),
};

const TEMPERATURE_EVENT: Measurements<Extract<StatusChange, { temperature: number }>> = {
  temperature: diagnostic('temperature', 'of the board or the controller, whichever is higher'),
  limit: diagnostic('temperature', 'above it the UPS is too warm'),
};

const LOW_BATTERY_EVENT: Measurements<Omit<Extract<StatusChange, { batteryVoltage: number }>, 'supply'>> = {
  batteryVoltage: measured('voltage', 'of the battery'),
  limit: diagnostic('voltage', 'below it the battery is low'),
};

const BATTERY_EVENT: Measurements<Omit<Extract<StatusChange, { cellSpread: number }>, 'supply'>> = {
  cellSpread: diagnostic('voltage', 'the highest block less the lowest'),
  limit: diagnostic('voltage', 'above it the battery is out of balance'),
};

/** The numbers in the messages of the PowerSentrix nodes. */
export const POWERSENTRIX_MEASUREMENTS: readonly MeasurementGroup[] = [
  { source: 'ups-status', path: 'payload', fields: STATUS },
  { source: 'ups-status', path: 'payload.temperatures', fields: TEMPERATURES },
  { source: 'ups-status', path: 'payload.supplies[]', fields: SUPPLY },
  { source: 'ups-status', path: 'payload.outputs[]', fields: OUTPUT },
  { source: 'ups-status', path: 'payload.ident', fields: IDENT },
  { source: 'ups-status', path: 'payload.basicInfo', fields: MASTER_DATA },
  { source: 'ups-events', path: 'overTemperature, temperatureNormal: payload', fields: TEMPERATURE_EVENT },
  { source: 'ups-events', path: 'lowBattery, batteryNormal: payload', fields: LOW_BATTERY_EVENT },
  { source: 'ups-events', path: 'batteryImbalance, batteryBalanced: payload', fields: BATTERY_EVENT },
];
