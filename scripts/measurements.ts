/** Writes docs/measurements.md from the tables of the vendors: `npm run docs`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MeasurementGroup } from '../lib/core/measurement';
import { POWERCONTROLLER_MEASUREMENTS } from '../lib/powercontroller/measurements';
import { POWERFLEX_MEASUREMENTS } from '../lib/powerflex/measurements';
import { POWEROPTI_MEASUREMENTS } from '../lib/poweropti/measurements';
import { POWERSENTRIX_MEASUREMENTS } from '../lib/powersentrix/measurements';
import { projectRoot } from './support/project-root';

/** Where the document lies, relative to the root. */
export const MEASUREMENTS_FILE = 'docs/measurements.md';

/** All vendors' tables. */
export const MEASUREMENTS: readonly MeasurementGroup[] = [
  ...POWEROPTI_MEASUREMENTS,
  ...POWERSENTRIX_MEASUREMENTS,
  ...POWERCONTROLLER_MEASUREMENTS,
  ...POWERFLEX_MEASUREMENTS,
];

const HEAD = `# Measurements

Every quantity that the nodes send, with its unit. A value that did not arrive is \`null\`. Counts, ids and port numbers
(ports count from 0) are not listed, nor are the Enapter nodes: they carry what you or the platform put into them.

*Kind* is the device class that Home Assistant gives to such a value (for bridges to it); *diagnostic* values tell of the
device itself. This page is generated from the code.
`;

/** The document's text. */
export function measurementsDocument(groups: readonly MeasurementGroup[]): string {
  const sources = [...new Set(groups.map(({ source }) => source))];
  return [HEAD, ...sources.map((source) => section(source, groups))].join('\n');
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
