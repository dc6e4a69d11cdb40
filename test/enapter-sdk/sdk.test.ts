import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

import { projectRoot } from '../../scripts/support/project-root';
import { type EnapterSimulator, IDS, startEnapter } from '../../simulators/enapter';

const FOLDER = path.join(projectRoot(), 'test/enapter-sdk');

/** A call of the SDK, and what went wrong with it. */
interface Call {
  name: string;
  problem: string | null;
}

/** The names of the calls, in the order of the script; those of protocols are filled in. */
function namesInScript(): string[] {
  const text = readFileSync(path.join(FOLDER, 'calls.py'), 'utf8');
  const names = [...text.matchAll(/\bcall\(\s*f?"([^"]+)"/g)].map(([, name = '']) => name);
  return names.flatMap((name) => {
    if (name.includes('{protocol.value}')) {
      return ['MQTT', 'MQTTS'].map((protocol) => name.replace('{protocol.value}', protocol));
    }
    return name.includes('{of}') ? [name.replace('{of}', ''), name.replace('{of}', ' of a site')] : [name];
  });
}

/** The SDK in an environment of its own; needs Python 3.11 or later. */
function installSdk(folder: string): string {
  const python = path.join(folder, 'bin', 'python');
  execFileSync('python3', ['-m', 'venv', folder], { stdio: 'inherit' });
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
  execFileSync(python, [...install, '-r', path.join(FOLDER, 'requirements.txt')], {
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  return python;
}

describe("enapter: the vendor's SDK against the simulated EMS", () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'enapter-sdk-'));
  const calls: Call[] = [];
  let simulator: EnapterSimulator;

  before(async function () {
    this.timeout(300_000);
    const python = installSdk(folder);
    simulator = await startEnapter({ commandTimeout: 300 });
    const { http, token } = simulator;
    const args = [path.join(FOLDER, 'calls.py'), http.url, token, IDS.site, IDS.blueprint, IDS.gateway];
    const child = spawn(python, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    createInterface({ input: child.stdout }).on('line', (line) => calls.push(JSON.parse(line) as Call));
    await once(child, 'close');
  });
  after(async () => {
    await simulator.close();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const name of [...namesInScript(), 'end']) {
    it(name, () => {
      const call = calls.find((one) => one.name === name);
      assert.ok(call, 'it was not made');
      assert.equal(call.problem, null, call.problem ?? '');
    });
  }
});
