import { strict as assert } from 'node:assert';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRuntime, type FlowNode, type Runtime } from '../support/runtime';

/** `http in` at /probe → a function with this code → debug and response. */
function probeFlow(code: string, properties: Partial<FlowNode> = {}): FlowNode[] {
  const node = (id: string, type: string, wires: string[], own: object): FlowNode => ({
    id,
    type,
    z: 'tab',
    x: 100,
    y: 100,
    wires: [wires],
    ...own,
  });
  return [
    { id: 'tab', type: 'tab', label: 'probe' },
    node('in', 'http in', ['function'], { url: '/probe', method: 'get' }),
    node('function', 'function', ['debug', 'response'], { func: code, outputs: 1, libs: [], ...properties }),
    node('debug', 'debug', [], { active: true, tosidebar: true, complete: 'payload' }),
    node('response', 'http response', [], {}),
  ];
}

describe('the harness around a real Node-RED', () => {
  let runtime: Runtime | undefined;
  afterEach(async () => {
    await runtime?.stop();
    runtime = undefined;
  });

  it('deploys, and shows status, debug, log and environment', async () => {
    runtime = await startRuntime({ packageFrom: 'none', env: { PROBE: 'of the test' } });
    const code =
      'node.status({ fill: "green", text: "seen" }); node.warn("warned"); msg.payload = env.get("PROBE"); return msg;';
    await runtime.deploy(probeFlow(code));
    assert.equal((await runtime.flows()).length, 5);
    assert.equal((await runtime.get('probe')).text, 'of the test');
    assert.equal((await runtime.waitForDebug(({ id }) => id === 'debug')).msg, 'of the test');
    assert.equal((await runtime.waitForStatus('function', ({ fill }) => fill === 'green')).text, 'seen');
    assert.match(await runtime.waitForLog('warned'), /\[warn\]/);
    const { userDir } = runtime;
    assert.equal((await runtime.stop()).code, 0);
    assert.ok(!existsSync(userDir), 'the user folder stays');
  });

  it('makes a crash fail whoever waits, and the stop', async () => {
    runtime = await startRuntime({
      packageFrom: 'none',
      flows: probeFlow('Promise.reject(new Error("boom")); return null;'),
    });
    const crashed = runtime;
    runtime = undefined;
    const waiting = assert.rejects(
      crashed.waitForStatus('function', () => true),
      /Node-RED ended \(code 1/,
    );
    void crashed.get('probe').catch(() => undefined);
    await waiting;
    assert.equal((await crashed.exited).code, 1);
    assert.ok(crashed.log.some((line) => line.includes('boom')));
    await assert.rejects(crashed.stop(), /Node-RED ended/);
  });

  it('says why Node-RED did not start', async () => {
    runtime = await startRuntime({ packageFrom: 'none' });
    const second = startRuntime({ packageFrom: 'none', settings: { uiPort: runtime.port } });
    await assert.rejects(second, /did not start: Node-RED ended \(code 1[^]*port in use/);
  });

  it('guards the admin API and lets its users in', async () => {
    runtime = await startRuntime({ packageFrom: 'none', adminAuth: true, flows: probeFlow('return msg;') });
    assert.equal((await runtime.get('flows', { token: null })).status, 401);
    const token = await runtime.login('reader');
    assert.equal((await runtime.get('flows', { token })).status, 200);
    assert.equal((await runtime.post('flows', [], { token })).status, 401);
    await runtime.deploy(probeFlow('node.status({ text: "again" }); return msg;'));
    assert.equal((await runtime.get('probe', { token: null })).status, 200);
  }).timeout(30_000);

  it('keeps a given user folder, and with it the credentials, over a restart', async () => {
    const userDir = mkdtempSync(join(tmpdir(), 'runtime-harness-'));
    try {
      const flows = probeFlow('msg.payload = env.get("SECRET"); return msg;', {
        env: [{ name: 'SECRET', type: 'cred', value: '' }],
      });
      const credentials = { function: { SECRET: 'from the file' } };
      runtime = await startRuntime({ packageFrom: 'none', userDir, flows, credentials });
      await runtime.stop();
      runtime = await startRuntime({ packageFrom: 'none', userDir, logLevel: 'trace' });
      assert.equal((await runtime.flows()).length, 5);
      assert.ok(runtime.log.some((line) => line.includes('[trace]')));
    } finally {
      await runtime?.stop();
      rmSync(userDir, { recursive: true, force: true });
    }
  });
});
