import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { DEVICE_LABELS, fieldOf, METRICS } from '../../../lib/metrics/definitions';
import { MEASUREMENTS } from '../../../lib/measurements';
import { projectRoot } from '../../../scripts/support/project-root';

const FROZEN = join(projectRoot(), 'test/fixtures/metric-names.txt');

describe('names of metrics', () => {
  const present = METRICS.map(({ name, type, labels }) => [name, type, ...labels].join(' ')).sort();

  it('are those that were published: whoever changes one breaks dashboards and alarms', () => {
    const frozen = readFileSync(FROZEN, 'utf8').trim().split('\n');
    const gone = frozen.filter((line) => !present.includes(line));
    assert.deepEqual(gone, [], 'a breaking change: it needs a major version and a line in the changelog');
    const fresh = present.filter((line) => !frozen.includes(line));
    assert.deepEqual(fresh, [], 'new names: add these lines to test/fixtures/metric-names.txt, in order');
  });

  it('are of the conventions: words of small letters, and total for counters alone', () => {
    for (const { name, type, labels, help } of METRICS) {
      assert.match(name, /^energy_device(?:_[a-z0-9]+)+$/);
      assert.equal(name.endsWith('_total'), type === 'counter', name);
      assert.ok(help !== '');
      for (const label of labels) assert.ok(!(DEVICE_LABELS as readonly string[]).includes(label), name);
    }
  });

  it('have one unit, one factor and the same labels wherever a name comes from', () => {
    const fields = METRICS.map(fieldOf);
    assert.equal(new Set(fields).size, METRICS.length, 'a field of InfluxDB has two meanings');
  });

  it('are there for every quantity of the table', () => {
    const count = MEASUREMENTS.reduce((sum, { fields }) => sum + Object.keys(fields).length, 0);
    assert.ok(METRICS.length > 100 && METRICS.length <= count + 10, String(METRICS.length));
  });
});
