import assert from 'node:assert/strict';

import { onPort, readExamples } from '../support/examples';
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

  async function deploy(name: string): Promise<number> {
    const example = readExamples().find((one) => one.name === `powercontroller-${name}.json`);
    assert.ok(example);
    const from = runtime.debug.length;
    await runtime.deploy(onPort(example, runtime.port));
    return from;
  }
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

  it('cheap-hours switches and has it confirmed', async () => {
    const from = await deploy('cheap-hours');
    const switched = await says('verified', from);
    assert.match(JSON.stringify(switched), /verified\\?":true/);
    assert.deepEqual(errorsSince(from), []);
  });

  it('limit-energy limits, and shows the relay', async () => {
    const from = await deploy('limit-energy');
    await says('limit_power', from);
    await says('timestamp', from);
    assert.deepEqual(errorsSince(from), []);
  });

  it('ffr-log turns FFR on and writes what happened', async () => {
    const from = await deploy('ffr-log');
    await says('configure', from);
    await says('the load went', from);
    assert.deepEqual(errorsSince(from), []);
  });
});
