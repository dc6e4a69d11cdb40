import { round } from '../core/values';
import type { LocalTime } from '../core/zone';
import { type Cell, csvText, type CsvOptions } from './csv';
import type { GridEvent } from './grid-event';
import type { GridMonth } from './grid-log';

/** Events of the grid as they go out. */

const iso = (ms: number): string => new Date(ms).toISOString();
const seconds = (ms: number | null): number | null => (ms === null ? null : round(ms / 1000, 3));
const figure = (value: number | null): number | null => (value === null ? null : round(value, 3));

export function eventRow(event: GridEvent): Record<string, unknown> {
  return {
    event: event.kind,
    deviceId: event.device,
    source: event.deviceName,
    signal: event.name === '' ? null : event.name,
    start: iso(event.start),
    startSeen: event.startSeen,
    end: iso(event.end),
    endSeen: event.endSeen,
    duration: seconds(event.end - event.start),
    direction: event.direction,
    limit: event.limit,
    limitUnit: event.unit,
    baseline: figure(event.baseline),
    delivered: figure(event.delivered),
    responseTime: seconds(event.response),
    compliant: event.compliant,
    frequency: event.frequency,
    clockDifference: seconds(event.clock),
  };
}

export function monthRow({ start, end, events, more, sources }: GridMonth): Record<string, unknown> {
  const of = (compliant: GridEvent['compliant']): number =>
    events.filter((event) => event.compliant === compliant).length;
  return {
    start: iso(start),
    end: iso(end),
    events: events.length + more,
    leftOut: more,
    duration: seconds(events.reduce((sum, event) => sum + event.end - event.start, 0)),
    compliant: { yes: of('yes'), no: of('no'), unknown: of('unknown') },
    sources: sources.map(({ availability, ...rest }) => ({
      ...rest,
      availability: availability === null ? null : round(availability, 4),
    })),
  };
}

const HEADING = [
  ...['event', 'source', 'signal', 'start', 'startSeen', 'end', 'endSeen', 'duration', 'direction', 'limit'],
  ...['limitUnit', 'baseline', 'delivered', 'responseTime', 'compliant', 'frequency', 'clockDifference'],
];

/** Events as a table: local times, s, W. @param withHeading `false`: lines to be added to a table that is there */
export function gridCsv(
  events: readonly GridEvent[],
  zone: LocalTime,
  options: CsvOptions,
  withHeading = true,
): string {
  const rows = events.map((event): Cell[] => {
    const row = { ...eventRow(event), start: zone.label(event.start), end: zone.label(event.end) };
    return HEADING.map((name) => Reflect.get(row, name) as Cell);
  });
  return csvText(withHeading ? HEADING : null, rows, options);
}
