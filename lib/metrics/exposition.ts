import { type Clock, systemClock } from '../core/clock';
import { Aging } from '../core/poll/age';
import type { NoticeHandler } from '../core/notices';
import { ReadingOrder } from '../energy/order';
import { DEVICE_LABELS, LEFT_OUT, type MetricDefinition, METRICS, OWN } from './definitions';
import { quoted } from './labels';
import type { MetricDevice, MetricReading, Sample } from './reading';

/** Lines of values that one answer has at the most. */
const MAX_SERIES = 10_000;
/** Parts of one device's readings that are told apart: there is one for each signal. */
const MAX_SCOPES = 100;
/** ms after which a device that nothing is heard of is forgotten, and does not even count as away */
const FORGOTTEN_AFTER = 7 * 86_400_000;
/** ms between two looks for room where there is none: a look goes through all values */
const LOOK_EVERY = 1000;
const DIGITS = 12;

interface Series {
  definition: MetricDefinition;
  labels: readonly string[];
  /** all but the value and the line's end */
  head: string;
  line: string;
  /** when its reading came, by age */
  at: number;
}

interface Scope {
  series: Map<string, Series>;
  order: ReadingOrder;
}

interface Known {
  device: MetricDevice;
  scopes: Map<string, Scope>;
  available: boolean;
  /** when something was heard last, by age */
  heard: number;
  /** values of its last readings that had no room, by scope */
  leftOut: Map<string, number>;
}

/** The newest readings of all devices, in the text format of Prometheus. It sends nothing, and knows no time but its clock's. */
export class Exposition {
  private readonly devices = new Map<string, Known>();
  private readonly families = new Map<string, Set<Series>>(METRICS.map(({ name }) => [name, new Set()]));
  private readonly aging: Aging;
  private count = 0;
  private leftOut = 0;
  /** when room was looked for last, by age */
  private looked = -Infinity;
  /** devices that have no room at all, by their keys */
  private readonly refused = new Set<string>();

  /**
   * @param limit ms after which a value is too old to be told
   * @param onNotice hears of each device, once, of which something is left out
   */
  constructor(
    private readonly limit: number,
    private readonly onNotice: NoticeHandler,
    private readonly clock: Clock = systemClock,
  ) {
    this.aging = new Aging(clock);
  }

  /** @returns devices, lines of values, and values that have no room */
  get counts(): { devices: number; series: number; leftOut: number } {
    return { devices: this.devices.size, series: this.count, leftOut: this.leftOut + this.refused.size };
  }

  take(reading: MetricReading): void {
    const { device, available, time, history } = reading;
    if (reading.samples.length > 0 && reading.samples.every(({ definition }) => !definition.state)) return;
    const now = this.aging.now();
    const told = time === null ? 0 : this.clock.now() - time;
    // A row of a list may be of any time; a single reading is as new as its arrival, whatever clock its device has.
    if (history && told > this.limit) return;
    const known = this.deviceOf(device, now);
    if (!known) return;
    if (available !== undefined) {
      known.available = available;
      if (available) known.heard = now;
      else this.clear(known);
      return;
    }
    const scope = this.scopeOf(known, reading.scope);
    if (!scope) return;
    if (time !== null) {
      if (scope.order.judge({ value: 0, time }).kind === 'older') return;
      scope.order.accept(time);
    }
    known.available = true;
    known.heard = now;
    const at = history ? now - Math.max(told, 0) : now;
    const leftOut = this.put(known, scope, reading, at);
    this.leftOut += leftOut - (known.leftOut.get(reading.scope) ?? 0);
    known.leftOut.set(reading.scope, leftOut);
  }

  /** @returns how many values have found no room */
  private put(
    known: Known,
    scope: Scope,
    { samples, partial, scope: name }: MetricReading,
    at: number,
  ): number {
    const { series } = scope;
    const left = partial ? undefined : new Set(series.keys());
    const missing: Sample[] = [];
    for (const sample of samples) {
      const { definition, labels, value } = sample;
      if (!definition.state) continue;
      const key = JSON.stringify([definition.name, ...labels]);
      left?.delete(key);
      const one = series.get(key);
      if (value === null) {
        if (one) this.drop(series, key, one);
      } else if (one) renew(one, value, at);
      else missing.push(sample);
    }
    // Those that go make room for those that come.
    for (const key of left ?? []) {
      const one = series.get(key);
      if (one) this.drop(series, key, one);
    }
    let leftOut = 0;
    for (const { definition, labels, value } of missing) {
      if (value === null) continue;
      if (this.count >= MAX_SERIES) {
        leftOut++;
        continue;
      }
      const made: Series = {
        definition,
        labels,
        head: headOf(definition, known.device, labels),
        line: '',
        at,
      };
      renew(made, value, at);
      series.set(JSON.stringify([definition.name, ...labels]), made);
      this.families.get(definition.name)?.add(made);
      this.count++;
    }
    if (leftOut > 0) this.tellLeftOut(known.device);
    // What is told again without a value stays left out, where each reading is only a part.
    return partial ? Math.max(leftOut, known.leftOut.get(name) ?? 0) : leftOut;
  }

  private deviceOf(device: MetricDevice, now: number): Known | undefined {
    const key = JSON.stringify([device.vendor, device.id]);
    const known = this.devices.get(key);
    if (known) {
      if (known.device.name !== device.name) this.rename(known, device);
      return known;
    }
    if (this.count >= MAX_SERIES && now - this.looked >= LOOK_EVERY) this.forget(now);
    if (this.count >= MAX_SERIES) {
      if (this.refused.size < MAX_SERIES) this.refused.add(key);
      this.tellLeftOut(device);
      return undefined;
    }
    this.refused.delete(key);
    const made: Known = { device, scopes: new Map(), available: true, heard: now, leftOut: new Map() };
    this.devices.set(key, made);
    // Whether it is up is a value too.
    this.count++;
    return made;
  }

  private scopeOf(known: Known, name: string): Scope | undefined {
    const found = known.scopes.get(name);
    if (found) return found;
    if (known.scopes.size >= MAX_SCOPES) {
      this.tellLeftOut(known.device);
      return undefined;
    }
    const made = { series: new Map<string, Series>(), order: new ReadingOrder() };
    known.scopes.set(name, made);
    return made;
  }

  private rename(known: Known, device: MetricDevice): void {
    known.device = device;
    for (const { series } of known.scopes.values()) {
      for (const one of series.values()) {
        const value = one.line.slice(one.head.length);
        one.head = headOf(one.definition, device, one.labels);
        one.line = one.head + value;
      }
    }
  }

  private drop(from: Map<string, Series>, key: string, one: Series): void {
    from.delete(key);
    this.families.get(one.definition.name)?.delete(one);
    this.count--;
  }

  private clear(known: Known): void {
    for (const { series } of known.scopes.values()) {
      for (const [key, one] of series) this.drop(series, key, one);
    }
    for (const count of known.leftOut.values()) this.leftOut -= count;
    known.leftOut.clear();
  }

  /** Makes room: what is too old, and devices of which nothing has been heard for long. */
  private forget(now: number): void {
    this.looked = now;
    for (const [key, known] of this.devices) {
      for (const { series } of known.scopes.values()) {
        for (const [name, one] of series) if (now - one.at > this.limit) this.drop(series, name, one);
      }
      if (now - known.heard <= FORGOTTEN_AFTER) continue;
      this.clear(known);
      this.devices.delete(key);
      this.count--;
    }
  }

  private tellLeftOut({ name, id }: MetricDevice): void {
    this.onNotice({ reason: 'metricsLeftOut', params: { name: name === '' ? id : name, most: MAX_SERIES } });
  }

  /**
   * All values of this moment, line by line. It is made at once, so that no value is of another moment than the others;
   * the lines are written already, so that it takes no time.
   */
  lines(): string[] {
    const now = this.aging.now();
    this.forget(now);
    const lines: string[] = [...heading(OWN.up)];
    for (const { device, available, heard } of this.devices.values()) {
      const isUp = available && now - heard <= this.limit;
      lines.push(`${headOf(OWN.up, device, [])}${isUp ? 1 : 0}\n`);
    }
    for (const definition of METRICS) {
      const family = this.families.get(definition.name);
      if (!family || family.size === 0) continue;
      lines.push(...heading(definition));
      for (const { line } of family) lines.push(line);
    }
    lines.push(...heading(LEFT_OUT), `${LEFT_OUT.name} ${this.counts.leftOut}\n`);
    return lines;
  }
}

function renew(one: Series, value: number, at: number): void {
  one.line = `${one.head}${baseValue(one.definition, value)}\n`;
  one.at = at;
}

/** A value in the base unit, without the noise of floating-point numbers. */
export function baseValue({ factor }: MetricDefinition, value: number): number {
  return factor === 1 ? value : Number((value * factor).toPrecision(DIGITS));
}

function headOf({ name, labels }: MetricDefinition, device: MetricDevice, values: readonly string[]): string {
  const own = [device.vendor, device.id, device.name];
  const pairs = [...DEVICE_LABELS, ...labels].map(
    (label, i) => `${label}=${quoted([...own, ...values][i] ?? '')}`,
  );
  return `${name}{${pairs.join(',')}} `;
}

function heading({ name, type, help }: MetricDefinition): [string, string] {
  const text = help.replace(/[\\\n]/g, (sign) => (sign === '\n' ? '\\n' : '\\\\'));
  return [`# HELP ${name} ${text}\n`, `# TYPE ${name} ${type}\n`];
}
