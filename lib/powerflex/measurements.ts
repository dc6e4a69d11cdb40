import { diagnostic, measured, type MeasurementGroup, type Measurements } from '../core/measurement';
import type { ExternalSignal } from './dcm';
import type { CtResponseRow, EvseRequestRow, EvseResponseRow } from './rows';
import type { ChargingSession } from './sessions';

const CT_RESPONSE: Measurements<CtResponseRow> = {
  energyDelivered: measured('energy', 'of the session so far'),
  current: measured('current', 'to the car'),
  pilotCurrent: measured('current', 'what the station tells the car it may take'),
  power: measured('power', 'to the car'),
  voltage: measured('voltage', 'at the station'),
  peakRate: diagnostic('number', "the vendor's own figure, without a documented unit"),
};

const EVSE_REQUEST: Measurements<EvseRequestRow> = {
  lastCurrent: measured('current', 'asked for before'),
  pilotCurrent: measured('current', 'what the station is asked to allow'),
  rampdownCurrent: measured('current', 'what the car is thought to take at the most'),
};

const EVSE_RESPONSE: Measurements<EvseResponseRow> = {
  lastCurrent: measured('current', 'as the station reports it'),
  responsePeriod: diagnostic('duration', 'since the last report'),
};

const SESSION: Measurements<ChargingSession> = {
  energy: measured('energy', 'of the session'),
  peakCurrent: measured('current', 'the highest of the session'),
  peakPower: measured('power', 'the highest of the session'),
};

const LOAD: Measurements<{ realTimeLoad: number }> = {
  realTimeLoad: measured('power', 'the load of the site, as it was sent', 'kW'),
};

const TARGET = { 'Jan … Dec': measured('power', 'the target of each month', 'kW') };

const SIGNAL: Measurements<ExternalSignal> = {
  maxLoad: measured('power', 'the limit of all cars; A where maxLoadUnit says so', 'kW'),
};

/** The numbers in the messages of the PowerFlex nodes. */
export const POWERFLEX_MEASUREMENTS: readonly MeasurementGroup[] = [
  { source: 'powerflex-dcm', path: 'payload', fields: { ...LOAD, ...SIGNAL } },
  { source: 'powerflex-dcm', path: 'payload.targets', fields: TARGET },
  { source: 'powerflex-measurements', path: 'ct_response: payload[]', fields: CT_RESPONSE },
  { source: 'powerflex-measurements', path: 'evse_request: payload[]', fields: EVSE_REQUEST },
  { source: 'powerflex-measurements', path: 'evse_response: payload[]', fields: EVSE_RESPONSE },
  { source: 'powerflex-measurements', path: 'sessions: payload[]', fields: SESSION },
];
