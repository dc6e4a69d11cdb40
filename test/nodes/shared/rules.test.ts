import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';

import { type Rule, ruleOf } from '../../../nodes/shared/form';
import { faultOf } from '../../../nodes/shared/rules';
import { projectRoot } from '../../../scripts/support/project-root';

type Check = (node: object, type: string, rule: Rule, value: unknown) => unknown;

/** The browser's check, from the scripts that the dialogs load. `true`, or the key of what is wrong. */
function browserCheck(): Check {
  const $ = (): object => ({ length: 0, appendTo: () => undefined });
  const context: Record<string, unknown> = {
    RED: { _: (key: string) => key.replace(/^[^:]*:/, ''), settings: {} },
    $,
    URL,
    document: { getElementById: () => ({}) },
  };
  context.window = context;
  for (const file of ['energy-devices.js', 'energy-devices-dialog.js', 'energy-devices-form.js']) {
    runInNewContext(readFileSync(join(projectRoot(), 'resources', file), 'utf8'), context, {
      filename: file,
    });
  }
  return (context.EnergyDevices as { check: Check }).check;
}

const number: Rule = { kind: 'number', min: 1, max: 3600, blank: false };
const optional: Rule = { kind: 'number', above: 0, blank: true };
const byMode: Rule = {
  kind: 'number',
  min: 5,
  blank: false,
  variants: [{ when: { mode: ['push'] }, min: 1 }],
  when: { mode: ['poll', 'push'] },
};
const address: Rule = { kind: 'address' };
const whole: Rule = { kind: 'number', min: 0, max: 11, whole: true, blank: false };
const filled: Rule = { kind: 'text', required: 'errors.apiKeyEmpty' };
const inOneMode: Rule = { kind: 'text', required: 'errors.deviceIdEmpty', requiredWhen: { mode: ['watch'] } };
const json: Rule = { kind: 'text', json: 'errors.enapterArguments' };
const object: Rule = { kind: 'text', object: 'errors.enapterArguments' };
const path: Rule = { kind: 'text', pattern: ['path', 'errors.receiverPath'] };
const accId: Rule = { kind: 'text', pattern: ['accId', 'errors.accId'] };
const country: Rule = { kind: 'text', pattern: ['country', 'invalid.country'] };
const ordered: Rule = { kind: 'number', min: 0, blank: false, over: ['low', 'errors.ffrThresholds'] };
const port = ruleOf({
  kind: 'choice',
  name: 'port',
  icon: 'plug',
  default: '',
  options: ['', '0', '11'],
  wrong: 'errors.portInvalid',
});
assert.ok(port);
const needed: Rule = { kind: 'address', optional: { mode: ['push'] } };

/** rule, value, the other settings, what is wrong */
const CASES: [Rule, unknown, Record<string, unknown>, string | undefined][] = [
  [number, 5, {}, undefined],
  [number, '5', {}, undefined],
  [number, ' 5.5 ', {}, undefined],
  [number, '5e2', {}, undefined],
  [number, 0.99, {}, 'invalid.number'],
  [number, 3601, {}, 'invalid.number'],
  [number, '', {}, 'invalid.number'],
  [number, undefined, {}, 'invalid.number'],
  [number, '0x10', {}, 'invalid.number'],
  [number, 'Infinity', {}, 'invalid.number'],
  [number, 'nan', {}, 'invalid.number'],
  [number, '5 s', {}, 'invalid.number'],
  [optional, '', {}, undefined],
  [optional, 0, {}, 'invalid.number'],
  [optional, 0.001, {}, undefined],
  [whole, 11, {}, undefined],
  [whole, 1.5, {}, 'invalid.number'],
  [whole, 12, {}, 'invalid.number'],
  [byMode, 5, { mode: 'poll' }, undefined],
  [byMode, 1, { mode: 'poll' }, 'invalid.atLeast'],
  [byMode, 1, { mode: 'push' }, undefined],
  [byMode, 'x', { mode: 'other' }, undefined],
  [address, 'poweropti', {}, undefined],
  [address, '192.168.1.5:8080', {}, undefined],
  [address, 'https://x.example/a', {}, undefined],
  [address, '', {}, 'errors.addressEmpty'],
  [address, 'ftp://x', {}, 'errors.addressInvalid'],
  [address, 'http://u:p@x', {}, 'errors.addressInvalid'],
  [needed, '', { mode: 'push' }, undefined],
  [needed, '', { mode: 'poll' }, 'errors.addressEmpty'],
  [filled, '', {}, 'errors.apiKeyEmpty'],
  [filled, ' ', {}, 'errors.apiKeyEmpty'],
  [filled, 'k', {}, undefined],
  [inOneMode, '', { mode: 'watch' }, 'errors.deviceIdEmpty'],
  [inOneMode, '', { mode: 'get' }, undefined],
  [inOneMode, 'a', { mode: 'watch' }, undefined],
  [json, '{"a":1}', {}, undefined],
  [json, '[1]', {}, undefined],
  [json, '1', {}, 'errors.enapterArguments'],
  [json, '{', {}, 'errors.enapterArguments'],
  [ordered, 59.8, { low: '59.7' }, undefined],
  [ordered, ' 59.8 ', { low: 59.7 }, undefined],
  [ordered, 59.7, { low: 59.7 }, 'errors.ffrThresholds'],
  [ordered, 59.8, { low: '' }, 'errors.ffrThresholds'],
  [ordered, 59.8, { low: 'x' }, 'errors.ffrThresholds'],
  [ordered, 59.8, {}, 'errors.ffrThresholds'],
  [ordered, -1, { low: -2 }, 'invalid.atLeast'],
  [object, '{"a":1}', {}, undefined],
  [object, '', {}, undefined],
  [object, '[1]', {}, 'errors.enapterArguments'],
  [object, 'null', {}, 'errors.enapterArguments'],
  [object, '{', {}, 'errors.enapterArguments'],
  [path, '/a/b', {}, undefined],
  [port, '', {}, undefined],
  [port, '0', {}, undefined],
  [port, 11, {}, undefined],
  [port, '1', {}, 'errors.portInvalid'],
  [port, '0|11', {}, 'errors.portInvalid'],
  [path, 'a.b~c/D-9_/', {}, undefined],
  [path, '/a//b', {}, 'errors.receiverPath'],
  [path, '/ä', {}, 'errors.receiverPath'],
  [accId, '123456789', {}, undefined],
  [accId, '-1', {}, 'errors.accId'],
  [country, 'US', {}, undefined],
  [country, 'USA', {}, 'invalid.country'],
];

describe('rules of a form', () => {
  const check = browserCheck();

  for (const [rule, value, others, wrong] of CASES) {
    const name = `${JSON.stringify(rule)} ${JSON.stringify(value)} ${JSON.stringify(others)}`;
    it(`are the same in the dialog and in the runtime: ${name}`, () => {
      assert.equal(faultOf(rule, value, others)?.key, wrong, 'runtime');
      const node = { id: 'n', _def: { category: 'config' }, ...others };
      assert.equal(check(node, 't', rule, value), wrong ?? true, 'dialog');
    });
  }

  it('take a variable in a dialog, whose value the runtime knows', () => {
    for (const rule of [number, address, filled, json, path]) {
      assert.equal(check({ id: 'n', _def: { category: 'config' } }, 't', rule, '${NAME}'), true);
    }
    const node = { id: 'n', _def: { category: 'config' }, low: '${NAME}' };
    assert.equal(check(node, 't', ordered, 59.8), true);
  });
});
