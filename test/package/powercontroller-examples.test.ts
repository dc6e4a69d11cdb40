import assert from 'node:assert/strict';

import { onPort, readExamples, standInsListen } from '../support/examples';
import { type DebugMessage, type Runtime, startRuntime } from '../support/runtime';

/** That the examples do what they promise, each in a real Node-RED, with its own stand-in. */
describe('powercontroller examples', () => {
  let runtime: Runtime;
  before(async () => {
    runtime = await startRuntime();
  });
  after(async () => {
    await runtime.stop();
  });

  /** @param standIn code that runs before that of the function node with this id */
  async function deploy(
    name: string,
    standIn?: { id: string; code: string },
    folder = 'powercontroller',
  ): Promise<number> {
    const example = readExamples().find((one) => one.name === `${folder}/${name}.json`);
    assert.ok(example);
    const nodes = onPort(example, runtime.port).map((node) =>
      node.id === standIn?.id ? { ...node, func: `${standIn.code}\n${String(node.func)}` } : node,
    );
    // The first time Node-RED loads what the stand-in needs, which may take longer than the flow waits for it.
    await runtime.deploy(nodes);
    await standInsListen(nodes);
    const from = runtime.debug.length;
    await runtime.deploy(nodes);
    await standInsListen(nodes);
    return from;
  }
  const REFUSE = 'msg.statusCode = 400; msg.payload = {}; return msg;';
  const says = (text: string, from: number): Promise<DebugMessage> =>
    runtime.waitForDebug((message) => JSON.stringify(message).includes(text), { from, timeout: 15_000 });
  const errorsSince = (from: number): DebugMessage[] =>
    runtime.debug.slice(from).filter(({ name }) => name === 'errors');

  it('history-csv serves a month as a file', async () => {
    const from = await deploy('history-csv');
    const reply = await runtime.get('powercontroller-history.csv');
    assert.equal(reply.status, 200);
    assert.match(String(reply.headers.get('content-type')), /^text\/csv/);
    const [head, first, ...rest] = reply.text.trim().split(/\r\n/);
    assert.equal(head, 'timestamp,on,energy,averagePower,voltage,current,temperature');
    assert.match(String(first), /^\d{4}-\d\d-\d\dT[\d:.]+Z,(true|false),[\d.]+,[\d.]+,243\.6,[\d.]+,24$/);
    assert.equal(rest.length + 1, 30 * 96);
    assert.deepEqual(errorsSince(from), []);
  });

  it('boiler-cheapest-hours writes the plan once, and reads it back', async () => {
    const from = await deploy('boiler-cheapest-hours', undefined, 'energy');
    const held = await says('"when', from);
    assert.match(JSON.stringify(held), /off/);
    await runtime.waitForStatus('enrg8p1', ({ fill }) => fill === 'green' || fill === 'grey');
    assert.deepEqual(errorsSince(from), []);
  });

  it('history-csv tells a browser what went wrong', async () => {
    await deploy('history-csv', { id: 'pcx4fn0', code: REFUSE });
    const reply = await runtime.get('powercontroller-history.csv');
    assert.equal(reply.status, 502);
    assert.match(String(reply.headers.get('content-type')), /^text\/plain/);
    assert.match(reply.text, /HTTP 400/);
  });

  it('limit-energy limits when it is told to, not on deploy, and shows the relay', async () => {
    const inject = readExamples()
      .flatMap(({ nodes }) => nodes)
      .find(({ id }) => id === 'pcx1in');
    assert.equal(inject?.once, false);
    const from = await deploy('limit-energy');
    await says('timestamp', from);
    assert.doesNotMatch(JSON.stringify(runtime.debug.slice(from)), /limit_power/);
    await runtime.post('inject/pcx1in', {});
    await says('limit_power', from);
    assert.deepEqual(errorsSince(from), []);
  });

  it('ffr-log turns FFR on and writes what happened', async () => {
    const from = await deploy('ffr-log');
    await says('configure', from);
    await says('the load went', from);
    assert.deepEqual(errorsSince(from), []);
  });
});
