import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { projectRoot, readManifest } from '../../scripts/support/project-root';

/** Loads every node file as Node-RED does at its start, and prints the files that came with them. */
const LOAD_ALL = `
const RED = {
  nodes: { registerType: () => undefined },
  httpAdmin: { get: () => undefined, post: () => undefined },
  auth: { needsPermission: () => undefined },
};
for (const file of process.argv.slice(1)) require(file)(RED);
console.log(JSON.stringify(Object.keys(require.cache)));
`;

describe('the start of Node-RED', () => {
  it('loads the registrations of the node types and nothing of what they do', async () => {
    const nodes = Object.values(readManifest(projectRoot())['node-red'].nodes);
    const files = nodes.map((file) => join(projectRoot(), file));
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', LOAD_ALL, ...files]);
    const loaded = JSON.parse(stdout) as string[];
    const shared = ['node-type', 'version'].map((name) =>
      join(projectRoot(), `dist/nodes/shared/${name}.js`),
    );
    assert.deepEqual(loaded.sort(), [...files, ...shared].sort());
  });
});
