import { type RowResult, spread, verdictOf, withUnit } from './row';
import { summarise } from './stats';

export interface RowReport extends RowResult {
  name: string;
  title: string;
  baseline: string;
}

/** Everything of one run. */
export interface Report {
  quick: boolean;
  /** version of Node */
  node: string;
  /** ISO 8601 */
  time: string;
  rows: RowReport[];
}

const VERDICTS = { aim: 'reached', must: 'kept, short of the aim', missed: 'missed' } as const;

export function consoleText({ title, series, figures, notes = [] }: RowReport): string {
  return [
    title,
    ...series.map(({ name, unit, values }) => `  ${name}: ${spread(summarise(values), unit)}`),
    ...figures.map((figure) => {
      const { name, unit, values, must } = figure;
      return `  → ${name}: ${spread(summarise(values), unit)}; must ≤ ${withUnit(must, unit)}: ${VERDICTS[verdictOf(figure)]}`;
    }),
    ...notes.map((note) => `  (${note})`),
  ].join('\n');
}

/** docs/performance.md */
export function page(report: Report): string {
  const targets = report.rows.flatMap(({ title, baseline, figures }) =>
    figures.map((figure, index) => {
      const { name, unit, values, must, aim } = figure;
      const targetText = `≤ ${withUnit(must, unit)} | ${aim === undefined ? '–' : `≤ ${withUnit(aim, unit)}`}`;
      return `| ${index === 0 ? title : ''} | ${name} | ${spread(summarise(values), unit)} | ${targetText} | ${VERDICTS[verdictOf(figure)]} | ${index === 0 ? baseline : ''} |`;
    }),
  );
  return `# What it costs

Measured by \`npm run bench -- --write\` on ${report.time.slice(0, 10)} with Node ${report.node.slice(1)}, in one run${report.quick ? ' (quick: the figures mean nothing)' : ''}. Each way to do a
piece of work takes its turn in every round, in processes of its own, and the servers are processes of their own. The
figures are medians; in brackets the smallest and the largest. Absolute figures depend on the machine; the ratios are
what counts.

![Our cost in relation to the comparison, with the limits](images/performance.svg)

## Targets

| work | figure | measured | must | aim | | before the package |
|---|---|---|---|---|---|---|
${targets.join('\n')}

## All figures
${report.rows.map(details).join('\n')}`;
}

function details({ name, title, series, notes = [] }: RowReport): string {
  return `
### ${title}

\`npm run bench -- ${name}\`

| what | measured |
|---|---|
${series.map(({ name: what, unit, values }) => `| ${what} | ${spread(summarise(values), unit)} |`).join('\n')}

${notes.join('\n')}
`;
}
