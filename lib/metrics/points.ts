import { DEVICE_LABELS, fieldOf, PREFIX } from './definitions';
import { baseValue } from './exposition';
import { lineWord, tagValue } from './labels';
import type { MetricReading, Sample } from './reading';

/** A reading as databases take it. */

/** As node-red-contrib-influxdb's batch node takes it, with times in ms. */
export interface Point {
  measurement: string;
  tags: Record<string, string>;
  fields: Record<string, number>;
  /** epoch ms */
  timestamp: number;
}

/** As any SQL node takes it. */
export interface Row {
  /** ISO 8601 UTC */
  time: string;
  vendor: string;
  device: string;
  /** the value's place in the payload: `outputs[3].power` */
  name: string;
  value: number;
  /** the package's own; `null`: it has none */
  unit: string | null;
}

/** One point for all values that have the same labels. What has no value is left out. */
export function pointsOf({ device, time, samples }: MetricReading, now: number): Point[] {
  const found = new Map<string, Point>();
  for (const { definition, labels, value } of samples) {
    if (value === null) continue;
    const names = definition.labels;
    const key = JSON.stringify(names.map((name, i) => [name, labels[i]]));
    let point = found.get(key);
    if (!point) {
      const own = [device.vendor, device.id, device.name];
      const pairs = [...DEVICE_LABELS, ...names].map((name, i) => [
        name,
        tagValue([...own, ...labels][i] ?? ''),
      ]);
      // An empty tag is none.
      const tags = Object.fromEntries(pairs.filter(([, text]) => text !== '')) as Record<string, string>;
      point = { measurement: PREFIX, tags, fields: {}, timestamp: time ?? now };
      found.set(key, point);
    }
    point.fields[fieldOf(definition)] = baseValue(definition, value);
  }
  return [...found.values()];
}

/** A point in InfluxDB's line protocol, its time in ms. */
export function lineOf({ measurement, tags, fields, timestamp }: Point): string {
  const head = [lineWord(measurement), ...pairs(tags, lineWord)].join(',');
  return `${head} ${pairs(fields, String).join(',')} ${timestamp}`;
}

function pairs<T>(values: Readonly<Record<string, T>>, write: (value: T) => string): string[] {
  return Object.entries(values).map(([name, value]) => `${lineWord(name)}=${write(value)}`);
}

export function rowsOf({ device, time, samples }: MetricReading, now: number): Row[] {
  const at = new Date(time ?? now).toISOString();
  const known = samples.filter((one): one is Sample & { value: number } => one.value !== null);
  return known.map(({ definition: { unit }, place, value }) => ({
    ...{ time: at, vendor: device.vendor, device: device.id, name: place, value, unit },
  }));
}
