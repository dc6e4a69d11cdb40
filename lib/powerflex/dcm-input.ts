import { invalidInput } from '../core/errors';
import { Fields, type InputMessage, isTimeStamp, payloadFields, refusedPayload } from '../core/input';
import { isRecord } from '../core/values';
import { type ExternalSignal, MONTHS, parseSignal, parseSignalName, parseTargets, type Targets } from './dcm';

/** What `powerflex-dcm` can do. */
export const OPERATIONS = [
  'set_real_time_load',
  'get_target_peak_power',
  'set_target_peak_power',
  'get_external_signal',
  'set_external_signal',
] as const;
export type Operation = (typeof OPERATIONS)[number];

/** What the dialog presets for the operations; what a message gives takes precedence. */
export interface DcmSettings {
  operation: Operation | 'msg';
  /** kW by month */
  targets: unknown;
  signalName: string;
  /** in `maxLoadUnit`; `null`: none */
  maxLoad: number | null;
  maxLoadUnit: 'kW' | 'A';
  enabled: boolean;
}

/** What a message says of the operation. */
export interface DcmMessage extends InputMessage {
  operation?: unknown;
}

/** @throws DeviceError INVALID_INPUT when `msg.operation` is to decide and does not */
export function operationOf(settings: DcmSettings, msg: DcmMessage): Operation {
  const named = settings.operation === 'msg' ? msg.operation : settings.operation;
  const operation = OPERATIONS.find((one) => one === named);
  if (operation) return operation;
  throw invalidInput('msg.operation names no operation of this node.', 'powerflexOperationUnknown', {
    operations: OPERATIONS.join(', '),
  });
}

/** The message's targets, else those of the dialog. @throws DeviceError INVALID_INPUT */
export function targetsOf(settings: DcmSettings, msg: InputMessage): Targets {
  const fields = payloadFields(msg);
  if (fields.has('targets')) return fields.read('targets', parseTargets);
  // A flow that sends months means those, not the months of the dialog.
  if (fields.names.some(looksLikeMonth)) {
    throw invalidInput('Put the months into payload.targets.', 'powerflexTargetsElsewhere');
  }
  return parseTargets(settings.targets);
}

function looksLikeMonth(key: string): boolean {
  return MONTHS.some((month) => key.toLowerCase().startsWith(month.toLowerCase()));
}

/** The name of the signal to read; `undefined`: all of them. @throws DeviceError INVALID_INPUT */
export function signalNameOf(settings: DcmSettings, msg: InputMessage): string | undefined {
  const preset = settings.signalName;
  return payloadFields(msg).optional('name', parseSignalName) ?? (preset === '' ? undefined : preset);
}

/**
 * The message's parts of a signal, completed from the dialog. A number alone is a limit in kW. Any other property is
 * refused: a limit that is misspelt must not set the one of the dialog instead.
 *
 * @throws DeviceError INVALID_INPUT; above all for a limit whose unit is not sure
 */
export function signalOf(settings: DcmSettings, { payload }: InputMessage): ExternalSignal {
  const preset = {
    name: settings.signalName,
    maxLoad: settings.maxLoad ?? undefined,
    maxLoadUnit: settings.maxLoadUnit,
    enabled: settings.enabled,
  };
  // Its unit is that of the dialog only if that is kW, as for any limit without a unit.
  if (typeof payload === 'number' && !isTimeStamp(payload)) {
    return signalOf(settings, { payload: { maxLoad: payload } });
  }
  // An inject's time stamp as a text, true or false must not set a limit by accident.
  if (!isRecord(payload)) {
    throw refusedPayload(
      payload,
      invalidInput('The message holds neither a number of kW nor an object.', 'powerflexSignalPayload'),
    );
  }
  const fields = new Fields(payload, 'payload', ['name', 'maxLoad', 'maxLoadUnit', 'enabled']);
  const name = fields.get('name') ?? preset.name;
  const enabled = fields.has('enabled') ? fields.get('enabled') : preset.enabled;
  if (!fields.has('maxLoad')) {
    const maxLoadUnit = fields.get('maxLoadUnit') ?? preset.maxLoadUnit;
    if (maxLoadUnit === preset.maxLoadUnit) return parseSignal({ ...preset, name, enabled });
    throw invalidInput(
      'The limit of the node has another unit than the message names.',
      'powerflexSignalUnitDiffers',
    );
  }
  // A limit from the message with a unit from the dialog could mean the wrong one.
  const maxLoadUnit = fields.get('maxLoadUnit') ?? (preset.maxLoadUnit === 'kW' ? 'kW' : undefined);
  return parseSignal({ name, enabled, maxLoad: fields.get('maxLoad'), maxLoadUnit });
}
