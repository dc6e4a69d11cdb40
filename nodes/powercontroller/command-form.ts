import { toNumber } from '../../lib/core/values';
import { settingText } from '../shared/settings';

/** The fields of the command node's dialog, as the flow file holds them. */
export interface CommandForm {
  /** `msg`, or the name of a command */
  operation: string;
  delay?: unknown;
  time?: unknown;
  at?: unknown;
  power?: unknown;
  /** which part a `configure` sets */
  section?: string;
  ffrEnable?: unknown;
  tripThreshold?: unknown;
  returnThreshold?: unknown;
  periods?: unknown;
  ffrDelay?: unknown;
  flowmeterType?: string;
  pipeOuterDiameter?: unknown;
  pipeWallThickness?: unknown;
  pipeType?: string;
  capacityEnable?: unknown;
  maxCapacity?: unknown;
  minCapacity?: unknown;
  lossPerLiter?: unknown;
  lossPerIdleMinute?: unknown;
  gainPerWattHour?: unknown;
  samplePeriod?: unknown;
  sn?: string;
  country?: string;
  /** may wait until the device is in reach */
  later?: unknown;
  /** `false`: the cloud tries a waiting command once only */
  persist?: unknown;
}

type Json = Record<string, unknown>;

/** A number that a flow file holds as text; what is none stays as it is and is refused where it is used. */
function numeric(value: unknown): unknown {
  return toNumber(value) ?? value;
}

/** An empty field is no value. */
function orNothing(name: string, value: unknown): Json {
  return value === undefined || value === '' || value === null ? {} : { [name]: numeric(value) };
}

function yes(value: unknown): boolean {
  return value === true || value === 'true';
}

/** A tick box, which a flow file may hold as text. One that is not there is missing, never "off". */
function flag(value: unknown): unknown {
  return value === 'true' ? true : value === 'false' ? false : value;
}

/** The command that a dialog's fields make, in the form in which a message would bring it. */
export function commandOfForm(form: CommandForm): Json {
  const command = form.operation;
  switch (command) {
    case 'add':
      return { command, sn: settingText(form.sn), country: settingText(form.country) };
    case 'refresh':
      return { command, ...waiting(form, false) };
    case 'configure':
      return { command, ...section(form), ...waiting(form, false) };
    case 'on':
    case 'off':
      return { command, ...orNothing('delay', form.delay), ...waiting(form) };
    case 'on_for':
    case 'off_for':
      return { command, ...orNothing('time', form.time), ...waiting(form) };
    case 'on_at':
    case 'off_at':
      return { command, ...orNothing('time', form.at), ...waiting(form) };
    case 'limit_power':
      return {
        command,
        ...orNothing('power', form.power),
        ...orNothing('time', form.time),
        ...waiting(form),
      };
    default:
      return { command, ...waiting(form) };
  }
}

function waiting(form: CommandForm, mayPersist = true): Json {
  if (!yes(form.later)) return {};
  const once = mayPersist && (form.persist === false || form.persist === 'false');
  return once ? { async: true, persist: false } : { async: true };
}

function section(form: CommandForm): Json {
  switch (form.section) {
    case 'flowmeter': {
      const type = settingText(form.flowmeterType);
      if (type !== 'tuf2000m') return { flowmeter: { type } };
      const sizes = {
        ...orNothing('pipeOuterDiameter', form.pipeOuterDiameter),
        ...orNothing('pipeWallThickness', form.pipeWallThickness),
      };
      return { flowmeter: { type, ...sizes, pipeType: settingText(form.pipeType) } };
    }
    case 'capacity':
      if (flag(form.capacityEnable) === false) return { capacity: { enable: false } };
      return {
        capacity: {
          enable: flag(form.capacityEnable),
          ...orNothing('maxCapacity', form.maxCapacity),
          ...orNothing('minCapacity', form.minCapacity),
          ...orNothing('lossPerLiter', form.lossPerLiter),
          ...orNothing('lossPerIdleMinute', form.lossPerIdleMinute),
          ...orNothing('gainPerWattHour', form.gainPerWattHour),
        },
      };
    case 'samplePeriod':
      return orNothing('samplePeriod', form.samplePeriod);
    case 'ffr':
      if (flag(form.ffrEnable) === false) return { ffr: { enable: false } };
      return {
        ffr: {
          enable: flag(form.ffrEnable),
          ...orNothing('tripThreshold', form.tripThreshold),
          ...orNothing('returnThreshold', form.returnThreshold),
          ...orNothing('periods', form.periods),
          ...orNothing('delay', form.ffrDelay),
        },
      };
    default:
      // A section that is missing or unknown configures nothing, which is refused.
      return {};
  }
}
