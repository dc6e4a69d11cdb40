import { type DeviceError, invalidInput } from './errors';
import { isRecord } from './values';

/** What a number has to satisfy. */
export interface NumberLimits {
  /** the smallest one allowed */
  min?: number;
  /** allowed are only greater ones */
  above?: number;
  /** the greatest one allowed */
  max?: number;
  /** no fraction */
  whole?: boolean;
}

/** Reads one property, and names it in its error. It may get `undefined`. @throws DeviceError INVALID_INPUT */
export type FieldParser<T> = (value: unknown, name: string) => T;

/** What a message brings, as far as it is read without Node-RED. */
export interface InputMessage {
  payload?: unknown;
}

/**
 * The one reader of objects that come with a message. It is strict: a number is a finite number and not a text that looks
 * like one, and a property nobody knows is a mistake, not something to be dropped in silence. What only a vendor has, such
 * as its ids, is read by a parser of its own.
 *
 * Every method throws DeviceError INVALID_INPUT.
 */
export class Fields {
  private readonly values: Readonly<Record<string, unknown>>;

  /**
   * @param what names the object in errors, e.g. `ffr`
   * @param allowed the properties that the object may have; missing: any, since others may have put more there
   */
  constructor(
    value: unknown,
    private readonly what: string,
    allowed?: readonly string[],
  ) {
    if (!isRecord(value)) {
      throw invalidInput(`"${what}" must be an object.`, 'fieldNoObject', { name: what });
    }
    const unknown =
      allowed && Object.keys(value).find((key) => value[key] !== undefined && !allowed.includes(key));
    if (unknown !== undefined) {
      // Said by somebody else, so it is shown short and without anything but letters.
      const name = unknown.replace(/[^\w-]+/g, '_').slice(0, 40);
      throw invalidInput(`"${what}" has no property "${name}".`, 'fieldUnknown', { name, what });
    }
    this.values = value;
  }

  /** The properties that are there. */
  get names(): string[] {
    return Object.keys(this.values).filter((name) => this.has(name));
  }

  /** Whether the property is there. */
  has(name: string): boolean {
    return Object.hasOwn(this.values, name) && this.values[name] !== undefined;
  }

  /** The property as it came, `undefined` when it is not there. */
  get(name: string): unknown {
    return this.has(name) ? this.values[name] : undefined;
  }

  /** The property as a parser reads it, whether it is there or not. */
  read<T>(name: string, parse: FieldParser<T>): T {
    return parse(this.get(name), name);
  }

  /** As `read`, `undefined` when it is not there. */
  optional<T>(name: string, parse: FieldParser<T>): T | undefined {
    return this.has(name) ? this.read(name, parse) : undefined;
  }

  number(name: string, limits: NumberLimits = {}): number {
    const value = this.required(name);
    const { min = -Infinity, above = -Infinity, max = Infinity, whole = false } = limits;
    const fits =
      typeof value === 'number' &&
      Number.isFinite(value) &&
      value >= min &&
      value > above &&
      value <= max &&
      (!whole || Number.isInteger(value));
    if (fits) return value;
    const range = describe(limits);
    throw invalidInput(`"${name}" must be a number${range ? ` (${range})` : ''}.`, 'fieldNumber', {
      name,
      range,
    });
  }

  /** As `number`, `undefined` when it is not there. */
  optionalNumber(name: string, limits: NumberLimits = {}): number | undefined {
    return this.has(name) ? this.number(name, limits) : undefined;
  }

  flag(name: string): boolean {
    const value = this.required(name);
    if (typeof value === 'boolean') return value;
    throw invalidInput(`"${name}" must be true or false.`, 'fieldFlag', { name });
  }

  /** As `flag`, `undefined` when it is not there. */
  optionalFlag(name: string): boolean | undefined {
    return this.has(name) ? this.flag(name) : undefined;
  }

  /** @param pattern what the text looks like, as a whole */
  text(name: string, pattern: RegExp): string {
    const value = this.required(name);
    if (typeof value === 'string' && pattern.test(value.trim())) return value.trim();
    throw invalidInput(`"${name}" is not a valid text.`, 'fieldText', { name });
  }

  oneOf<T extends string>(name: string, choices: readonly T[]): T {
    const value = this.required(name);
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    const list = choices.join(', ');
    throw invalidInput(`"${name}" must be one of ${list}.`, 'fieldChoice', { name, choices: list });
  }

  private required(name: string): unknown {
    const value = this.get(name);
    if (value !== undefined) return value;
    throw invalidInput(`"${this.what}" needs "${name}".`, 'fieldMissing', { name, what: this.what });
  }
}

/** The object in a message's payload; none where the payload is something else, such as an inject's time stamp. */
export function payloadFields({ payload }: InputMessage): Fields {
  return new Fields(isRecord(payload) ? payload : {}, 'payload');
}

/** Epoch ms from 2001 to 2100. */
const TIME_STAMPS = [978_307_200_000, 4_102_444_800_000] as const;

/**
 * What to say of a payload that a node does not take. An inject that nobody has set sends a time stamp, which is no number
 * of anything: the text names it, in place of what it cannot be.
 */
export function refusedPayload(payload: unknown, otherwise: DeviceError): DeviceError {
  return isTimeStamp(payload)
    ? invalidInput('The payload is a time stamp, as Inject sends it by itself.', 'payloadTimeStamp')
    : otherwise;
}

/** Whether a number is one that a fresh inject sends. */
export function isTimeStamp(value: unknown): boolean {
  const [first, last] = TIME_STAMPS;
  return typeof value === 'number' && Number.isInteger(value) && value >= first && value < last;
}

/** The limits in signs that need no translation: `≥ 0, ≤ 10, ∈ ℤ`. */
function describe({ min, above, max, whole }: NumberLimits): string {
  return [
    min === undefined ? '' : `≥ ${min}`,
    above === undefined ? '' : `> ${above}`,
    max === undefined ? '' : `≤ ${max}`,
    whole ? '∈ ℤ' : '',
  ]
    .filter((part) => part !== '')
    .join(', ');
}
