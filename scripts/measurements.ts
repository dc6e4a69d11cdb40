/** Writes docs/measurements.md from the tables of the vendors: `npm run docs`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MeasurementGroup } from '../lib/core/measurement';
import { DEVICE_LABELS, fieldOf, type MetricDefinition, METRICS } from '../lib/metrics/definitions';
import { MEASUREMENTS } from '../lib/measurements';
import { projectRoot } from './support/project-root';

/** Where the document lies, relative to the root. */
export const MEASUREMENTS_FILE = 'docs/measurements.md';

const HEAD = `# Measurements

Every quantity that the nodes send, with its unit. A value that did not arrive is \`null\`. Counts, ids and port numbers
(ports count from 0) are not listed, nor are the Enapter nodes: they carry what you or the platform put into them.

*Kind* is the device class that Home Assistant gives to such a value (for bridges to it); *diagnostic* values tell of the
device itself. What each is called in Prometheus and InfluxDB stands [below](#in-prometheus-and-influxdb). This page is
generated from the code.
`;

const METRICS_HEAD = `## In Prometheus and InfluxDB

What \`energy-metrics\` tells, in base units. Every value has the labels ${DEVICE_LABELS.map((label) => `\`${label}\``).join(', ')}, and
those of the table. The field is that of the measurement \`energy_device\` in InfluxDB, whose tags are the labels. *Scraped*:
no, where a value tells of what is over, which goes to databases alone. A name is not changed without a major version.
`;

/** The document's text. */
export function measurementsDocument(groups: readonly MeasurementGroup[]): string {
  const sources = [...new Set(groups.map(({ source }) => source))];
  const sections = sources.map((source) => section(source, groups));
  return [HEAD, ...sections, metricsSection(METRICS)].join('\n');
}

function metricsSection(metrics: readonly MetricDefinition[]): string {
  const rows = metrics.map((metric) => {
    const { name, type, labels, help, state } = metric;
    const own = labels.map((label) => `\`${label}\``).join(', ');
    return `| \`${name}\` | \`${fieldOf(metric)}\` | ${type} | ${own || '–'} | ${state ? 'yes' : 'no'} | ${help} |`;
  });
  const head = ['| name | field | type | labels | scraped | meaning |', '|---|---|---|---|---|---|'];
  return [METRICS_HEAD, ...head, ...rows, ''].join('\n');
}

function section(source: string, groups: readonly MeasurementGroup[]): string {
  const rows = groups
    .filter((group) => group.source === source)
    .flatMap(({ path, fields }) =>
      Object.entries(fields).map(([name, { deviceClass, unit, category, about }]) => {
        const kind = deviceClass === 'number' ? '–' : deviceClass;
        return `| \`${path}.${name}\` | ${unit ?? '–'} | ${kind} | ${category} | ${about} |`;
      }),
    );
  const head = ['| property | unit | kind | category | meaning |', '|---|---|---|---|---|'];
  return [`## ${source}`, '', ...head, ...rows, ''].join('\n');
}

if (require.main === module) {
  writeFileSync(join(projectRoot(), MEASUREMENTS_FILE), measurementsDocument(MEASUREMENTS));
}
