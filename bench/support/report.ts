import type { Versions } from './cell';
import { type Figure, type RowResult, spread, type Verdict, verdictOf, withUnit } from './row';
import { summarise } from './stats';

export interface RowReport extends RowResult {
  name: string;
  title: string;
  baseline: string;
  /** ISO 8601, when it was measured */
  time: string;
  /** of the machine when it began: how many wanted a processor */
  load: number;
}

/** What was measured on one Node.js and Node-RED. */
export interface Report {
  versions: Versions;
  rows: RowReport[];
}

const VERDICTS = { aim: 'reached', must: 'kept, short of the aim', missed: 'missed', told: '–' } as const;
const WORST: readonly Verdict[] = ['missed', 'must', 'aim', 'told'];

/** For people: `Node 24.1.0, Node-RED 5.0.0`. */
export function titleOf({ node, nodeRed }: Versions): string {
  return `Node ${node}, Node-RED ${nodeRed}`;
}

/** What most people run first. */
export function inOrder(reports: readonly Report[]): Report[] {
  const age = ({ versions }: Report): number => Number.parseInt(versions.node);
  return [...reports].sort((a, b) => age(b) - age(a));
}

export function consoleText({ title, series, figures, load, notes = [] }: RowReport): string {
  return [
    `${title} (load ${load.toFixed(1)})`,
    ...series.map(({ name, unit, values }) => `  ${name}: ${spread(summarise(values), unit)}`),
    ...figures.map((figure) => {
      const { name, unit, values, must } = figure;
      const target =
        must === undefined ? '' : `; must ≤ ${withUnit(must, unit)}: ${VERDICTS[verdictOf(figure)]}`;
      return `  → ${name}: ${spread(summarise(values), unit)}${target}`;
    }),
    ...notes.map((note) => `  (${note})`),
  ].join('\n');
}

const BY_HAND = '<!-- by hand -->';
const END = '<!-- end of what is written by hand -->';

/** What stands between the two marks of an earlier page. */
function writtenByHand(before: string): string {
  const [, rest = ''] = before.split(BY_HAND);
  const [text = ''] = rest.split(END);
  return `${BY_HAND}${text.trim() === '' ? '\n\n' : text}${END}`;
}

/**
 * docs/performance.md
 *
 * @param reports of one Node.js and Node-RED each; the first leads
 * @param before the page as it is, for what people have written into it
 */
export function page(reports: readonly Report[], before = ''): string {
  const titles = reports.map(({ versions }) => titleOf(versions));
  const days = reports.flatMap(({ rows }) => rows.map(({ time }) => time.slice(0, 10))).sort();
  const [first = '', last = ''] = [days.at(0), days.at(-1)];
  const loads = reports.flatMap(({ rows }) => rows.map(({ load }) => load));
  return `# What it costs

Measured by \`npm run bench\`, on ${first === last ? first : `${first} to ${last}`}, on ${titles.join('; ')}, with what npm chooses
there (\`--cell\`). Each row is one run: each way to do a piece of work takes its turn in every round, in processes of its own, and the
servers are processes of their own. The figures are medians; in brackets the smallest and the largest. Absolute figures depend
on the machine and on who else uses it (its load was ${Math.min(...loads).toFixed(1)} to ${Math.max(...loads).toFixed(1)} on two cores, with the bench itself); the ratios are what counts.

![Our cost in relation to the comparison, with the limits](images/performance.svg)

## Targets

| work | figure | ${titles.join(' | ')} | must | aim | | before the package |
|---|---|${titles.map(() => '---|').join('')}---|---|---|---|
${targets(reports).join('\n')}

${writtenByHand(before)}

## All figures
${(reports[0]?.rows ?? []).map((row) => details(row, reports)).join('\n')}`;
}

const rowOf = ({ rows }: Report, name: string): RowReport | undefined =>
  rows.find((row) => row.name === name);

function valueOf(list: readonly { name: string; unit: string; values: number[] }[] = [], name: string) {
  const found = list.find((one) => one.name === name);
  return found ? spread(summarise(found.values), found.unit) : '–';
}

const limitOf = (limit: number | undefined, unit: string): string =>
  limit === undefined ? '–' : `≤ ${withUnit(limit, unit)}`;

function targets(reports: readonly Report[]): string[] {
  return (reports[0]?.rows ?? []).flatMap(({ name: row, title, baseline, figures }) =>
    figures.map(({ name, unit, must, aim }, index) => {
      const all = reports
        .map((report) => rowOf(report, row)?.figures.find((figure) => figure.name === name))
        .filter((figure): figure is Figure => figure !== undefined);
      const verdict = WORST.find((one) => all.some((figure) => verdictOf(figure) === one)) ?? 'missed';
      return `| ${[
        index === 0 ? title : '',
        name,
        ...reports.map((report) => valueOf(rowOf(report, row)?.figures, name)),
        limitOf(must, unit),
        limitOf(aim, unit),
        VERDICTS[verdict],
        index === 0 ? baseline : '',
      ].join(' | ')} |`;
    }),
  );
}

function details({ name, title, series, notes = [] }: RowReport, reports: readonly Report[]): string {
  const heads = reports.map(({ versions }) => `Node ${Number.parseInt(versions.node)}`);
  const lines = series.map(
    ({ name: what }) =>
      `| ${[what, ...reports.map((report) => valueOf(rowOf(report, name)?.series, what))].join(' | ')} |`,
  );
  return `
### ${title}

\`npm run bench -- ${name}\`

| what | ${heads.join(' | ')} |
|---|${heads.map(() => '---|').join('')}
${lines.join('\n')}

${notes.join('\n')}
`;
}
