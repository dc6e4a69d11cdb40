import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';

import { toDeviceError } from '../../../lib/core/errors';
import { readPorts, readSteps } from '../../../lib/outage/settings';
import { projectRoot } from '../../../scripts/support/project-root';

type Problem = (rows: unknown) => { key: string; params: object } | undefined;

/** The browser's check, from the script that the dialog loads. */
function browserCheck(): Problem {
  const context: Record<string, unknown> = {};
  context.window = context;
  const file = 'energy-devices-steps.js';
  runInNewContext(readFileSync(join(projectRoot(), 'resources', file), 'utf8'), context, { filename: file });
  return (context.EnergyDevices as { stepProblem: Problem }).stepProblem;
}

const off = (more: object = {}): object => ({ action: 'off', port: 3, after: 10, wait: 'none', ...more });
const message = (more: object = {}): object => ({ action: 'message', text: 'down', after: 10, ...more });
const hosts = { wait: 'hosts', seconds: 60, hosts: 'nas' };
const long = (characters: number): string => 'x'.repeat(characters);

const GOOD: [name: string, rows: object[]][] = [
  ['a port after some seconds', [off()]],
  ['numbers as texts', [off({ port: '3', after: ' 10 ', below: '47.5' })]],
  ['a voltage alone', [off({ after: '', below: 47 })]],
  ['a low battery alone', [off({ after: null, low: true })]],
  ['at once', [off({ after: 0 })]],
  ['a wait of hosts', [off(hosts)]],
  ['hosts that a message before waits for', [message({ ...hosts, port: 3 }), off()]],
  ['a message for nobody', [message()]],
  ['the same message twice', [message(), message()]],
  ['a wait that is missing', [off({ wait: undefined })]],
  ['50 steps', Array.from({ length: 50 }, () => message())],
];

const BAD: [reason: string, rows: unknown][] = [
  ['NoSteps', []],
  ['NoSteps', undefined],
  ['NoSteps', { 0: off() }],
  ['TooManySteps', Array.from({ length: 51 }, () => message())],
  ['Row', [null]],
  ['Row', ['off']],
  ['Row', [[]]],
  ['Row', [off({ low: 'true' })]],
  ['After', [off({ after: 'soon' })]],
  ['After', [off({ after: -1 })]],
  ['After', [off({ after: 86_401 })]],
  ['After', [off({ after: true })]],
  ['After', [off({ after: {} })]],
  ['Below', [off({ below: 0 })]],
  ['Below', [off({ below: '47 V or so' })]],
  ['Below', [off({ below: '47,5' })]],
  ['Below', [off({ below: Infinity })]],
  ['NoTrigger', [off({ after: '' })]],
  ['NoTrigger', [off({ after: undefined, low: false })]],
  ['Action', [off({ action: 'on' })]],
  ['Action', [off({ action: undefined })]],
  ['Port', [off({ port: '' })]],
  ['Port', [off({ port: 12 })]],
  ['Port', [off({ port: 1.5 })]],
  ['Port', [off({ port: -1 })]],
  ['Port', [off({ port: 'NAS' })]],
  ['Port', [message({ port: 'NAS' })]],
  ['PortTwice', [off(), off()]],
  ['PortTwice', [off(), message(), off({ port: '3' })]],
  ['Text', [message({ text: ' ' })]],
  ['Text', [message({ text: long(501) })]],
  ['Text', [message({ text: 5 })]],
  ['Wait', [off({ wait: 'forever' })]],
  ['Wait', [off({ wait: 'toString' })]],
  ['Seconds', [off({ wait: 'time' })]],
  ['Seconds', [off({ wait: 'time', seconds: 0 })]],
  ['Seconds', [off({ wait: 'reply', seconds: 'long' })]],
  ['Hosts', [off({ ...hosts, hosts: long(101) })]],
  ['Hosts', [off({ ...hosts, hosts: Array.from({ length: 21 }, (_, n) => `h${n}`).join(' ') })]],
  ['Hosts', [off({ ...hosts, hosts: ['nas'] })]],
  ['HostsPort', [message({ hosts: 'nas' })]],
  ['NoHosts', [off({ wait: 'hosts', seconds: 60 })]],
  ['NoHosts', [message({ wait: 'hosts', seconds: 60 })]],
  ['HostsIgnored', [off({ hosts: 'nas' })]],
  ['HostsIgnored', [off({ hosts: 'nas' }), message({ ...hosts, port: 3 })]],
];

describe('the table of a plan for outages', () => {
  const inBrowser = browserCheck();
  const inRuntime = (rows: unknown): string | undefined => {
    try {
      readSteps(rows, new Set());
      return undefined;
    } catch (thrown) {
      return toDeviceError(thrown).reason;
    }
  };

  for (const [name, rows] of GOOD) {
    it(`may have ${name}`, () => {
      assert.equal(inRuntime(rows), undefined);
      assert.equal(inBrowser(rows), undefined);
    });
  }

  for (const [reason, rows] of BAD) {
    it(`is refused: ${reason} of ${JSON.stringify([rows]).slice(0, 60)}`, () => {
      assert.equal(inRuntime(rows), `powersentrixOutage${reason}`);
      assert.equal(inBrowser(rows)?.key, `errors.powersentrixOutage${reason}`);
    });
  }

  it('puts the ports that the plan needs last, whatever the order', () => {
    const { steps } = readSteps([off({ port: 0 }), off({ port: 3 }), off({ port: 1 })], readPorts('0, 1'));
    assert.deepEqual(
      steps.map(({ number, port }) => [number, port]),
      [
        [2, 3],
        [1, 0],
        [3, 1],
      ],
    );
  });

  it('refuses needed ports that are none', () => {
    for (const text of ['12', 'x', '1.5', '-1'])
      assert.throws(() => readPorts(text), { reason: 'powersentrixOutageNeeded' });
    assert.deepEqual([...readPorts(' 0;11, 3 ')], [0, 11, 3]);
  });
});
