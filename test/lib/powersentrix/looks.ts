import { ChangeWatch, type StatusChange } from '../../../lib/powersentrix/changes';
import { StatusReader, type StatusOptions, type UpsStatus } from '../../../lib/powersentrix/status';

export type Numbers = Record<string, unknown>;

export const LIVE = { main: 5410, load: 4810, batt: 5220, buv: 4800, cell: [1305, 1305, 1305, 1305] };
export const ZEROS = { main: 0, load: 0, batt: 0, buv: 0, cell: [0, 0, 0, 0] };
export const ONES = { main: 65_535, load: 65_535, batt: 65_535, buv: 65_535, cell: [65_535, 65_535] };
export const DEAD = { main: 0, load: 0, batt: 0, buv: 4800, cell: [0, 0, 0, 0] };
export const ON_BATTERY = { ...LIVE, main: 0 };

/** Reads one status after the other as a node does. */
export function seen(
  looks: { ps?: unknown[] | null; temps?: unknown; uptime?: unknown }[],
  options: StatusOptions = {},
): { statuses: UpsStatus[]; changes: StatusChange[][] } {
  const reader = new StatusReader(options);
  const watch = new ChangeWatch({ temperature: 60, imbalance: 0.5 });
  const statuses = looks.map(({ ps = [LIVE], ...more }) =>
    reader.read({ config: {}, upsData: { ps, ...more } }),
  );
  return { statuses, changes: statuses.map((status) => watch.update(status)) };
}

export const names = (changes: StatusChange[][]): string[] =>
  changes.map((list) => list.map(({ change }) => change).join());
