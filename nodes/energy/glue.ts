import type { Node, NodeAPI } from 'node-red';

import { invalidInput } from '../../lib/core/errors';
import { isRecord } from '../../lib/core/units';
import type { MeterEvent } from '../../lib/energy/meter';
import type { ReadingOptions } from '../../lib/energy/reading';
import type { DeviceBlock, FlowMessage } from '../shared/messages';
import { translate } from '../shared/text';

/** What the energy nodes have in common around their calculations. */

/** The zone of the process; a container often has UTC. */
export function processZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
}

interface InputSettings {
  input: 'auto' | 'chosen';
  importProperty: string;
  exportProperty: string;
  energyUnit: 'Wh' | 'kWh';
  powerProperty: string;
  powerUnit: 'W' | 'kW';
  zone: string;
}

export function readingOptions(settings: InputSettings): ReadingOptions {
  const { input, importProperty, exportProperty, powerProperty, energyUnit, powerUnit } = settings;
  const zone = settings.zone || processZone();
  if (input === 'auto') return { zone };
  return {
    zone,
    chosen: { import: importProperty, export: exportProperty, power: powerProperty, energyUnit, powerUnit },
  };
}

/** What an availability message says; `undefined` for any other message. */
export function availabilityOf(payload: unknown): boolean | undefined {
  return isRecord(payload) && typeof payload.available === 'boolean' ? payload.available : undefined;
}

/** What a message asks for besides bringing a reading. */
export interface EnergyCommand {
  /** W */
  target: number | undefined;
  reset: string | undefined;
  newMeter: boolean;
}

/** @throws DeviceError INVALID_INPUT */
export function commandOf(msg: FlowMessage): EnergyCommand {
  const payload = isRecord(msg.payload) ? msg.payload : {};
  const own = payload.windowStart === undefined ? payload : {};
  const target = msg.target ?? own.target;
  if (target !== undefined && !(typeof target === 'number' && Number.isFinite(target) && target >= 0)) {
    throw invalidInput('"target" must be a number of watts, 0 or more.', 'energyTarget');
  }
  const reset = own.reset;
  if (reset !== undefined && typeof reset !== 'string') {
    throw invalidInput('"reset" must name a period.', 'energyReset');
  }
  return { target, reset, newMeter: own.newMeter === true };
}

/** Who a derived value is about: this node, by way of the meter, so that it never overwrites the meter's own. */
export function ownDevice(
  node: Node,
  type: string,
): { follow: (msg: FlowMessage) => void; block: () => DeviceBlock } {
  let via: string | undefined;
  return {
    follow: (msg) => {
      const device = isRecord(msg.device) ? msg.device : {};
      if (typeof device.id === 'string') via = device.id.slice(0, 200);
    },
    block: () => ({
      id: node.id,
      vendor: 'energy-devices',
      model: type,
      name: node.name ?? type,
      ...(via === undefined ? {} : { via }),
    }),
  };
}

/** A line of the log for what a meter has done. */
export function meterEventText(RED: NodeAPI, event: MeterEvent): string {
  switch (event.kind) {
    case 'newBase':
      return translate(RED, 'log.energyNewBase', { wattHours: event.leftOut / 1000 });
    case 'limitRaised':
      return translate(RED, 'log.energyLimitRaised', { kilowatts: event.watts / 1000 });
    case 'clockCorrected':
      return translate(RED, 'log.energyClock', { time: new Date(event.to).toISOString() });
  }
}
