import { type Command, LONGEST_NAME } from './command';
import type { FlatValue, Notice, Prepared } from './payloads';

/** As a manifest names types. */
export type ManifestType = 'boolean' | 'string' | 'float' | 'array_of_strings';

/** What is known of one attribute. `type` is `null` while only `null` was seen. */
export interface AttributeUse {
  type: ManifestType | null;
  /** the different texts that were seen, for `status`, which must be declared with its values */
  texts: Set<string>;
  /** as the sender's table of measurements has it; `null`: not known, or not the same each time */
  unit: string | null;
}

export interface CommandUse {
  arguments: Map<string, AttributeUse>;
}

/** The EMS shows the status beside the device's name. */
export const STATUS = 'status';
/** Enough for a status; a free text has no end of values. */
const MAX_TEXTS = 30;
const MAX_TEXT = 100;
const MAX_ATTRIBUTES = 1000;
/** The sender decides how many commands there are, and how many arguments they have. */
const MAX_COMMANDS = 200;
const MAX_ARGUMENTS = 100;

const NO_UNITS: ReadonlyMap<string, string> = new Map();

/** Any number is `float`: one that happened to be whole the first time may not be the next. */
function typeOf(value: FlatValue): ManifestType | null {
  if (value === null) return null;
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'number') return 'float';
  return typeof value === 'string' ? 'string' : 'array_of_strings';
}

/**
 * Remembers which telemetry, properties, alerts and commands a flow uses, for the manifest, and notices when an
 * attribute changes its type, which no manifest can declare.
 */
export class Usage {
  readonly telemetry = new Map<string, AttributeUse>();
  readonly properties = new Map<string, AttributeUse>();
  readonly alerts = new Set<string>();
  readonly commands = new Map<string, CommandUse>();
  private readonly noticed = new Set<string>();

  /**
   * @param units of values by name, as far as they are known
   * @returns what has not been noticed before
   */
  record(
    kind: 'telemetry' | 'properties',
    prepared: Prepared,
    units: ReadonlyMap<string, string> = NO_UNITS,
  ): Notice[] {
    const { values, names, alerts, notices } = prepared;
    const uses = this[kind];
    let found = notices;
    for (const key of names) {
      if (!this.note(uses, key, values[key] ?? null, units.get(key))) continue;
      if (found === notices) found = [...notices];
      found.push({ reason: 'enapterTypeChanged', key });
    }
    for (const alert of alerts ?? []) if (this.alerts.size < MAX_ATTRIBUTES) this.alerts.add(alert);
    return found.length === 0
      ? found
      : found.filter((notice) => this.isNew(`${kind} ${notice.reason} ${notice.key}`));
  }

  recordCommand(command: Command): void {
    const use = this.commands.get(command.name) ?? { arguments: new Map<string, AttributeUse>() };
    if (this.commands.size < MAX_COMMANDS) this.commands.set(command.name, use);
    for (const [key, value] of Object.entries(command.arguments).slice(0, MAX_ARGUMENTS)) {
      const isFlat = value === null || typeof value !== 'object';
      const isRoom = use.arguments.has(key) || use.arguments.size < MAX_ARGUMENTS;
      if (isFlat && isRoom && key.length <= LONGEST_NAME) this.note(use.arguments, key, value as FlatValue);
    }
  }

  /** @returns whether the type differs from the one before */
  private note(
    uses: Map<string, AttributeUse>,
    key: string,
    value: FlatValue,
    unit: string | null = null,
  ): boolean {
    let use = uses.get(key);
    if (!use) {
      use = { type: null, texts: new Set<string>(), unit };
      if (uses.size < MAX_ATTRIBUTES) uses.set(key, use);
    }
    // Two senders of one name that mean different units: neither is declared.
    if (use.unit !== unit) use.unit = null;
    const type = typeOf(value);
    const isText = key === STATUS && typeof value === 'string' && value.length <= MAX_TEXT;
    if (isText && use.texts.size < MAX_TEXTS) use.texts.add(value);
    if (type === null || type === use.type) return false;
    const changed = use.type !== null;
    use.type ??= type;
    return changed;
  }

  private isNew(key: string): boolean {
    if (this.noticed.has(key) || this.noticed.size >= MAX_ATTRIBUTES) return false;
    this.noticed.add(key);
    return true;
  }
}
