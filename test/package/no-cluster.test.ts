import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startRuntime } from '../support/runtime';

/** Writes which files the process has loaded, when it ends. */
const TELL = `
const { writeFileSync } = require('node:fs');
process.on('exit', () => writeFileSync(process.env.LOADED_FILES, JSON.stringify(Object.keys(require.cache))));
`;

describe('a Node-RED without a cluster', () => {
  it('loads nothing of it, and answers as before on its route', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'energy-loaded-'));
    const [script, list] = [join(folder, 'tell.js'), join(folder, 'loaded.json')];
    writeFileSync(script, TELL);
    try {
      const placed = { z: 'tab', x: 100, y: 100 };
      const runtime = await startRuntime({
        flows: [
          { id: 'tab', type: 'tab', label: 'test' },
          { id: 'dev', type: 'ups-device', name: '', source: 'lan', url: 'http://127.0.0.1:9', interval: 5 },
          { ...placed, id: 'st', type: 'ups-status', device: 'dev', wires: [[], []] },
          { ...placed, id: 'po', type: 'ups-port', device: 'dev', port: '1', action: 'on', wires: [[]] },
          { ...placed, id: 'ec', type: 'energy-counter', wires: [[], []] },
          { ...placed, id: 'gate', type: 'cluster-gate', wires: [[], []] },
        ],
        credentials: { dev: { apiKey: 'key' } },
        // As one that is left empty.
        settings: { energyDevices: { cluster: {} } },
        env: { NODE_OPTIONS: `--require ${script}`, LOADED_FILES: list },
      });
      await runtime.waitForStatus('gate', ({ fill }) => fill === 'green');
      const reply = await runtime.request('energy-devices/cluster');
      assert.equal(reply.status, 404);
      await runtime.stop();
      const loaded = JSON.parse(readFileSync(list, 'utf8')) as string[];
      assert.ok(loaded.some((file) => file.includes('ups-port.runtime')));
      const more = loaded.filter((file) =>
        /@redis.*[.]js$|dist.lib.cluster.|cluster-(?:runtime|input|duty)|owner-only/.test(file),
      );
      assert.deepEqual(more, []);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
