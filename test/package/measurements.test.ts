import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { MEASUREMENTS } from '../../lib/measurements';
import { MEASUREMENTS_FILE, measurementsDocument } from '../../scripts/measurements';
import { projectRoot, readManifest } from '../../scripts/support/project-root';

describe('measurements', () => {
  it('are documented as the code has them: otherwise run npm run docs', () => {
    const written = readFileSync(join(projectRoot(), MEASUREMENTS_FILE), 'utf8');
    assert.equal(written, measurementsDocument(MEASUREMENTS));
  });

  it('name nodes that there are, and each property once', () => {
    const types = Object.keys(readManifest(projectRoot())['node-red'].nodes);
    const names = MEASUREMENTS.flatMap(({ source, path, fields }) => {
      assert.ok(types.includes(source), source);
      return Object.keys(fields).map((name) => `${source} ${path}.${name}`);
    });
    assert.equal(new Set(names).size, names.length);
  });
});
