import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { LANGUAGES } from '../../scripts/assets/sources';
import { MEASUREMENTS } from '../../lib/measurements';
import { projectRoot } from '../../scripts/support/project-root';

/** Units that a help may name; other words in brackets are kinds of values, or remarks. */
const UNITS = new Set<string>(
  MEASUREMENTS.flatMap(({ fields }) => Object.values(fields).flatMap(({ unit }) => unit ?? [])),
);

/** A property of a message with its type, such as `payload.current, payload.voltage (A, V) : …`. */
const PROPERTY = /^ *: ([^():]+) \(([^()]*)\) :/gm;
/** Names in a text with their unit, such as "`mainVoltage` and `loadVoltage` (V)" or "(`temperature`, °C)". */
const NAMED = /(`[\w.]+`(?:(?:, | and | und | a )`[\w.]+`)*)(?: \(|, )([^\s(),;`]+)/g;

/** The units that a help gives to each name. */
function unitsIn(help: string): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  const note = (names: readonly string[], units: readonly string[]): void =>
    names.forEach((name, i) => {
      const unit = units[units.length === 1 ? 0 : i]?.trim() ?? '';
      const key = name.replace(/[`*\s]/g, '').replace(/^.*\./, '');
      if (UNITS.has(unit)) found.set(key, (found.get(key) ?? new Set()).add(unit));
    });
  for (const [, names = '', units = ''] of help.matchAll(PROPERTY)) note(names.split(','), units.split(','));
  for (const [, names = '', unit = ''] of help.matchAll(NAMED))
    note(names.match(/[\w.]+(?=`)/g) ?? [], [unit]);
  return found;
}

const helpOf = (type: string, language: string): string =>
  readFileSync(join(projectRoot(), `locales/${language}/help/${type}.md`), 'utf8');

/** What a type measures, by its name: the same name may stand in several places. */
function measured(type: string): Map<string, Set<string>> {
  const units = new Map<string, Set<string>>();
  for (const { path, fields } of MEASUREMENTS.filter(({ source }) => source === type)) {
    for (const [field, { unit }] of Object.entries(fields)) {
      // Months and the like stand for many properties of the object that the path ends with.
      const name = /^\w+$/.test(field) ? field : path.replace(/^.*\./, '');
      units.set(name, (units.get(name) ?? new Set()).add(unit ?? ''));
    }
  }
  return units;
}

describe('the units in the help', () => {
  for (const type of new Set(MEASUREMENTS.map(({ source }) => source))) {
    for (const language of LANGUAGES) {
      it(`of ${type} are those of the table of measurements (${language})`, () => {
        const told = unitsIn(helpOf(type, language));
        const list = (units: Set<string> = new Set()): string =>
          [...units].filter(Boolean).sort().join() || 'none';
        const wrong = [...measured(type)]
          .map(([name, units]) => [name, list(told.get(name)), list(units)])
          .filter(([, found, wanted]) => found !== wanted)
          .map(([name, found, wanted]) => `${name}: ${found}, not ${wanted}`);
        assert.deepEqual(wrong, []);
      });
    }
  }
});
