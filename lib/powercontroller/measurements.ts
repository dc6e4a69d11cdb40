import { diagnostic, measured, type MeasurementGroup, type Measurements } from '../core/measurement';
import type { ControllerStatus } from './status';

const STATUS: Measurements<ControllerStatus> = {
  toggleIn: measured('duration', 'until the relay changes by itself; 0: never'),
  duration: measured('duration', 'what the averages cover'),
  current: measured('current', 'mean over duration'),
  voltage: measured('voltage', 'mean over duration'),
  energy: measured('energy', 'used during duration'),
  averagePower: measured('power', 'mean over duration'),
  temperature: measured('temperature', 'mean of the surroundings'),
  frequency: measured('frequency', 'mean of the grid'),
  flow: measured('volume_flow_rate', 'mean over duration'),
  responseCodes: diagnostic('number', 'answers to a request that did not wait for them'),
};

/** The numbers in the messages of the Power Controller nodes. */
export const POWERCONTROLLER_MEASUREMENTS: readonly MeasurementGroup[] = [
  { source: 'powercontroller-status', path: 'payload', fields: STATUS },
];
