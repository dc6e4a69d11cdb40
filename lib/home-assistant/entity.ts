/** What an entity of Home Assistant is, without any device's own. */

export type Platform = 'sensor' | 'binary_sensor' | 'switch' | 'button' | 'number' | 'event';

/** What the user may permit Home Assistant to command. */
export type Permission = 'switch' | 'restart' | 'target' | 'limit';

/** A name of an entity: a word of the catalogues below `entity.`, a text as it is, or `null` for the device's own name. */
export type EntityName =
  { word: string; params?: Readonly<Record<string, string | number>> } | { text: string } | null;

export interface Entity {
  /** of the component and of its value in the state document */
  key: string;
  platform: Platform;
  /** missing: Home Assistant's name of the class, in its user's language */
  name?: EntityName;
  deviceClass?: string;
  stateClass?: 'measurement' | 'total' | 'total_increasing';
  unit?: string;
  /** digits after the point that Home Assistant shows */
  decimals?: number;
  category?: 'diagnostic' | 'config';
  /** not enabled when Home Assistant first sees it */
  off?: true;
  /** becomes a component with its first value */
  lazy?: true;
  icon?: string;
  /** of class enum */
  options?: readonly string[];
  eventTypes?: readonly string[];
  range?: { min: number; max: number; step: number };
  /** it takes commands, and is there only while they are permitted */
  permission?: Permission;
  /** there only while these commands are not permitted: what is shown in the place of what could be commanded */
  unless?: Permission;
  /** s by which a moment has to move to count as another one */
  steady?: number;
  /** a change is told at once */
  urgent?: true;
  /** the device's own description says so: it is better than what a value looks like */
  described?: true;
  /** `meter`: judged by the filter of counters; `sum`: added up here from what each status tells */
  counter?: 'meter' | 'sum';
}

/** `ON` and `OFF` for what is on or off. */
export type StateValue = number | string | null;

/** What tells an entity from others of its kind: `port_3` of `port_{port}`. */
export type KeyParams = Readonly<Record<string, number>>;

/** Entities of one shape: `key` has parameters in braces. */
export interface EntityPattern extends Omit<Entity, 'key'> {
  key: string;
}

const PARAM = /\{(\w{1,20})\}/g;
/** What stands in a key for a parameter. A pattern has no digits of its own. */
const NUMBER = /\d{1,3}/g;

/** The key of one entity of a pattern. */
export function keyOf(key: string, params: KeyParams): string {
  return key.replace(PARAM, (_, name: string) => String(params[name]));
}

/** Finds an entity of a list of patterns by its key. */
export class Catalogue {
  private readonly fixed = new Map<string, EntityPattern>();
  /** by their shape */
  private readonly parametric = new Map<string, { pattern: EntityPattern; names: string[] }>();

  constructor(readonly patterns: readonly EntityPattern[]) {
    for (const pattern of patterns) {
      const names = [...pattern.key.matchAll(PARAM)].map(([, name = '']) => name);
      if (names.length === 0) this.fixed.set(pattern.key, pattern);
      else this.parametric.set(pattern.key.replace(PARAM, '#'), { pattern, names });
    }
  }

  find(key: string): Entity | undefined {
    const fixed = this.fixed.get(key);
    if (fixed) return fixed;
    const numbers: number[] = [];
    const shape = key.replace(NUMBER, (digits) => {
      numbers.push(Number(digits));
      return '#';
    });
    const found = this.parametric.get(shape);
    if (!found) return undefined;
    const { pattern, names } = found;
    const params = Object.fromEntries(names.map((name, i) => [name, numbers[i] ?? 0]));
    const { name } = pattern;
    // People count from 1 only where the device does; the word says which number it gets.
    const named = name && 'word' in name ? { name: { ...name, params: { ...name.params, ...params } } } : {};
    return { ...pattern, key, ...named };
  }
}
