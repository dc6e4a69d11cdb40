import type { Node, NodeAPI } from 'node-red';

import { givenText } from '../../lib/core/given';
import { DeviceError, invalidInput } from '../../lib/core/errors';
import { isRecord } from '../../lib/core/values';
import { LocalTime, processZone } from '../../lib/core/zone';
import type { MeterEvent } from '../../lib/energy/meter-result';
import { type ReadingOptions, takeReading, type TakenReading } from '../../lib/energy/reading';
import { placeOf } from '../shared/keeper';
import type { DeviceBlock, FlowMessage } from '../shared/messages';
import type { DialogAction } from '../shared/admin';
import { translate } from '../shared/text';

/** What the energy nodes have in common around their calculations. */

/** What the settings of all energy nodes have in common. */
export interface EnergySettings extends PowerSettings {
  importProperty: string;
  exportProperty: string;
  energyUnit: 'Wh' | 'kWh';
  topic: string;
  /** s */
  saveEvery: number;
}

/** What the settings of a node have that takes a power and nothing else. */
export interface PowerSettings {
  input: 'auto' | 'chosen';
  powerProperty: string;
  powerUnit: 'W' | 'kW';
  zone: string;
}

/** What every state depends on: other meters and zones are not continued. */
export function meterIdentity(settings: EnergySettings): unknown[] {
  const { input, importProperty, exportProperty, powerProperty, energyUnit, powerUnit, zone } = settings;
  const chosen =
    input === 'chosen' ? [importProperty, exportProperty, powerProperty, energyUnit, powerUnit] : [];
  return [zone || processZone(), input, chosen];
}

export function readingOptions(
  settings: PowerSettings & Partial<Pick<EnergySettings, 'importProperty' | 'exportProperty' | 'energyUnit'>>,
): ReadingOptions {
  const { input, importProperty = '', exportProperty = '', energyUnit = 'Wh' } = settings;
  const { powerProperty: power, powerUnit } = settings;
  const zone = settings.zone || processZone();
  if (input === 'auto') return { zone };
  return { zone, chosen: { import: importProperty, export: exportProperty, power, energyUnit, powerUnit } };
}

/**
 * The reading of a message.
 *
 * @param isOptional the message asks for something else
 * @throws DeviceError INVALID_INPUT
 */
export function optionalReading(
  RED: NodeAPI,
  msg: FlowMessage,
  options: ReadingOptions,
  now: number,
  isOptional: boolean,
): TakenReading | undefined {
  const lookup = (property: string): unknown => RED.util.getMessageProperty(msg, property);
  try {
    return takeReading(msg.payload, lookup, options, now);
  } catch (thrown) {
    if (isOptional && thrown instanceof DeviceError && thrown.reason === 'energyNoReading') return undefined;
    throw thrown;
  }
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

/** What a dialog shows besides the settings: which zone applies, and where the state is kept. */
export function aboutAction(RED: NodeAPI): DialogAction {
  return ({ settings }, id) => {
    const chosen = givenText(settings.zone);
    const own = chosen !== '';
    const zone = new LocalTime(own ? chosen : processZone());
    const place = placeOf(RED, id);
    return Promise.resolve({ zone: zone.name, own, now: zone.label(Date.now()), place });
  };
}
