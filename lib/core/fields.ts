import { invalidInput } from './errors';
import { isRecord } from './units';

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

/**
 * Reads the properties of an object that came with a message, strictly: a number is a finite number and not a text
 * that looks like one, and a property nobody knows is a mistake, not something to be dropped in silence.
 *
 * Every method throws DeviceError INVALID_INPUT.
 */
export class Fields {
  private readonly values: Readonly<Record<string, unknown>>;

  /**
   * @param what names the object in errors, e.g. `ffr`
   * @param allowed the properties that the object may have
   */
  constructor(
    value: unknown,
    private readonly what: string,
    allowed: readonly string[],
  ) {
    if (!isRecord(value)) {
      throw invalidInput(`"${what}" must be an object.`, 'fieldNoObject', { name: what });
    }
    const unknown = Object.keys(value).find((key) => value[key] !== undefined && !allowed.includes(key));
    if (unknown !== undefined) {
      // Said by somebody else, so it is shown short and without anything but letters.
      const name = unknown.replace(/[^\w-]+/g, '_').slice(0, 40);
      throw invalidInput(`"${what}" has no property "${name}".`, 'fieldUnknown', { name, what });
    }
    this.values = value;
  }

  /** Whether the property is there. */
  has(name: string): boolean {
    return Object.hasOwn(this.values, name) && this.values[name] !== undefined;
  }

  /** The property as it came, `undefined` when it is not there. */
  get(name: string): unknown {
    return this.has(name) ? this.values[name] : undefined;
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
