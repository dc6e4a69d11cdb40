import assert from 'node:assert/strict';

import { type Rule, ruleOf, settingsOf } from '../../../nodes/shared/form';
import { form as upsDevice } from '../../../nodes/powersentrix/ups-device.form';
import { faultOf } from '../../../nodes/shared/rules';
import { browserCheck } from '../../support/browser-check';

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
const inOneMode: Rule = {
  kind: 'text',
  required: 'errors.powercontrollerDeviceIdEmpty',
  requiredWhen: { mode: ['watch'] },
};
const json: Rule = { kind: 'text', json: 'errors.enapterArguments' };
const object: Rule = { kind: 'text', object: 'errors.enapterArguments' };
const topic: Rule = { kind: 'text', pattern: ['topic', 'errors.homeAssistantTopic'] };
const path: Rule = { kind: 'text', pattern: ['path', 'errors.powersentrixReceiverPath'] };
const accId: Rule = { kind: 'text', pattern: ['accId', 'errors.powerflexAccId'] };
const clock: Rule = {
  kind: 'text',
  required: 'errors.energyClock',
  pattern: ['clock', 'errors.energyClock'],
};
const identity: Rule = { kind: 'text', pattern: ['identity', 'errors.deviceUidInvalid'] };
const hosts: Rule = { kind: 'text', pattern: ['hosts', 'errors.nutHosts'] };
const ipAddress: Rule = { kind: 'text', pattern: ['ipAddress', 'errors.nutBindAddress'] };
const upsNames: Rule = { kind: 'text', pattern: ['upsNames', 'errors.nutNames'] };
const country: Rule = { kind: 'text', pattern: ['country', 'invalid.country'] };
const ordered: Rule = {
  kind: 'number',
  min: 0,
  blank: false,
  over: ['low', 'errors.powercontrollerFfrThresholds'],
};
const port = ruleOf({
  kind: 'choice',
  name: 'port',
  icon: 'plug',
  default: '',
  options: ['', '0', '11'],
  wrong: 'errors.powersentrixPortInvalid',
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
  [inOneMode, '', { mode: 'watch' }, 'errors.powercontrollerDeviceIdEmpty'],
  [inOneMode, '', { mode: 'get' }, undefined],
  [inOneMode, 'a', { mode: 'watch' }, undefined],
  [json, '{"a":1}', {}, undefined],
  [json, '[1]', {}, undefined],
  [json, '1', {}, 'errors.enapterArguments'],
  [json, '{', {}, 'errors.enapterArguments'],
  [ordered, 59.8, { low: '59.7' }, undefined],
  [ordered, ' 59.8 ', { low: 59.7 }, undefined],
  [ordered, 59.7, { low: 59.7 }, 'errors.powercontrollerFfrThresholds'],
  [ordered, 59.8, { low: '' }, 'errors.powercontrollerFfrThresholds'],
  [ordered, 59.8, { low: 'x' }, 'errors.powercontrollerFfrThresholds'],
  [ordered, 59.8, {}, 'errors.powercontrollerFfrThresholds'],
  [ordered, -1, { low: -2 }, 'invalid.atLeast'],
  [object, '{"a":1}', {}, undefined],
  [object, '', {}, undefined],
  [object, '[1]', {}, 'errors.enapterArguments'],
  [object, 'null', {}, 'errors.enapterArguments'],
  [object, '{', {}, 'errors.enapterArguments'],
  [topic, 'site/a/energy-devices/', {}, undefined],
  [topic, 'ha', {}, undefined],
  [topic, 'a b', {}, 'errors.homeAssistantTopic'],
  [topic, 'a/#', {}, 'errors.homeAssistantTopic'],
  [topic, '+/a', {}, 'errors.homeAssistantTopic'],
  [topic, '$SYS/a', {}, 'errors.homeAssistantTopic'],
  [topic, 'a\u0007', {}, 'errors.homeAssistantTopic'],
  [path, '/a/b', {}, undefined],
  [port, '', {}, undefined],
  [port, '0', {}, undefined],
  [port, 11, {}, undefined],
  [port, '1', {}, 'errors.powersentrixPortInvalid'],
  [port, undefined, {}, undefined],
  [port, '0|11', {}, 'errors.powersentrixPortInvalid'],
  [path, 'a.b~c/D-9_/', {}, undefined],
  [path, '/a//b', {}, 'errors.powersentrixReceiverPath'],
  [path, '/ä', {}, 'errors.powersentrixReceiverPath'],
  [accId, '123456789', {}, undefined],
  [accId, '-1', {}, 'errors.powerflexAccId'],
  [identity, '', {}, undefined],
  [identity, 'house.meter-1_b', {}, undefined],
  [identity, 'a'.repeat(64), {}, undefined],
  [identity, 'a'.repeat(65), {}, 'errors.deviceUidInvalid'],
  [identity, '.a', {}, 'errors.deviceUidInvalid'],
  [identity, 'a/b', {}, 'errors.deviceUidInvalid'],
  [identity, '#', {}, 'errors.deviceUidInvalid'],
  [hosts, '', {}, undefined],
  [hosts, '192.168.1.20, 192.168.2.0/24;fd00::/8 ::1', {}, undefined],
  [hosts, 'nas', {}, 'errors.nutHosts'],
  [hosts, '10.0.0.1,nas', {}, 'errors.nutHosts'],
  [hosts, '10.0.0.1/x', {}, 'errors.nutHosts'],
  [ipAddress, '0.0.0.0', {}, undefined],
  [ipAddress, '::', {}, undefined],
  [ipAddress, '[fd00::1]', {}, undefined],
  [ipAddress, 'localhost', {}, 'errors.nutBindAddress'],
  [ipAddress, '127.0.0.1:3493', {}, 'errors.nutBindAddress'],
  [upsNames, 'ups, qnapups', {}, undefined],
  [upsNames, 'Kotolňa', {}, 'errors.nutNames'],
  [upsNames, 'a b c d e f g h i', {}, 'errors.nutNames'],
  [clock, '0:00', {}, undefined],
  [clock, '06:30', {}, undefined],
  [clock, '23:59', {}, undefined],
  [clock, '24:00', {}, undefined],
  [clock, '', {}, 'errors.energyClock'],
  [clock, '6', {}, 'errors.energyClock'],
  [clock, '24:01', {}, 'errors.energyClock'],
  [clock, '25:00', {}, 'errors.energyClock'],
  [clock, '12:60', {}, 'errors.energyClock'],
  [clock, '1200', {}, 'errors.energyClock'],
  [clock, '-1:00', {}, 'errors.energyClock'],
  [clock, '06:30:00', {}, 'errors.energyClock'],
  [clock, '6:5', {}, 'errors.energyClock'],
  [country, 'US', {}, undefined],
  [country, 'USA', {}, 'invalid.country'],
];

/** A setting of a UPS, its value, the other settings, what is wrong. */
const UPS_CASES: [string, unknown, Record<string, unknown>, string | undefined][] = [
  ['interval', 5, { source: 'cloud' }, undefined],
  ['interval', 4.9, { source: 'lan' }, 'invalid.atLeast'],
  ['interval', 1, { source: 'push' }, undefined],
  ['interval', 0.9, { source: 'push' }, 'invalid.atLeast'],
  ['interval', 300, { source: 'cloud' }, undefined],
  ['interval', 60, { source: 'push' }, undefined],
  ['interval', '', { source: 'push' }, 'invalid.atLeast'],
  ['source', 'lan', {}, undefined],
  ['source', 'usb', {}, 'errors.powersentrixSourceInvalid'],
  ['account', '', { source: 'cloud' }, 'errors.powersentrixNoAccount'],
  ['account', 'good', { source: 'cloud' }, undefined],
  ['account', '', { source: 'lan' }, undefined],
  ['receiver', '', { source: 'push' }, 'errors.powersentrixNoReceiver'],
  ['receiver', '', { source: 'cloud' }, undefined],
  ['upsId', '', { source: 'cloud' }, 'errors.powersentrixNoUpsId'],
  ['upsId', ' ', { source: 'cloud' }, 'errors.powersentrixNoUpsId'],
  ['upsId', '', { source: 'push' }, undefined],
  ['cmm', '', { source: 'push' }, 'errors.powersentrixNoCmm'],
  ['cmm', '', { source: 'lan' }, undefined],
  ['url', '', { source: 'lan' }, 'errors.addressEmpty'],
  ['url', '', { source: 'push' }, undefined],
  ['url', 'http://u:p@x', { source: 'push' }, 'errors.addressInvalid'],
  ['url', 'http://u:p@x', { source: 'cloud' }, undefined],
  ['apiKey', '', { source: 'lan', url: 'ups' }, 'errors.powersentrixKeyEmpty'],
  ['apiKey', '', { source: 'push', url: 'ups' }, 'errors.powersentrixKeyEmpty'],
  ['apiKey', '', { source: 'push', url: ' ' }, undefined],
  ['apiKey', '', { source: 'cloud', url: 'ups' }, undefined],
  ['apiKey', 'null', { source: 'lan', url: 'ups' }, undefined],
  ['mainsHysteresis', '', {}, undefined],
  ['mainsHysteresis', -0.1, {}, 'invalid.atLeast'],
  ['lowBattery', '', {}, undefined],
  ['lowBattery', 'x', {}, 'invalid.atLeast'],
];

const ruleOfUps = (name: string): Rule => {
  const setting = settingsOf(upsDevice).find((one) => one.name === name);
  const rule = setting && ruleOf(setting);
  assert.ok(rule, name);
  return rule;
};

const ALL_CASES = [
  ...CASES,
  ...UPS_CASES.map(([name, ...rest]): (typeof CASES)[number] => [ruleOfUps(name), ...rest]),
];

describe('rules of a form', () => {
  const check = browserCheck();

  it('mark a config node that is gone or is not whole itself', () => {
    const node = { id: 'n', _def: { category: 'config' }, source: 'cloud' };
    for (const value of ['gone', 'bad']) assert.equal(check(node, 't', ruleOfUps('account'), value), false);
    assert.equal(check(node, 't', ruleOfUps('account'), '_ADD_'), 'errors.powersentrixNoAccount');
  });

  for (const [rule, value, others, wrong] of ALL_CASES) {
    const name = `${JSON.stringify(rule)} ${JSON.stringify(value)} ${JSON.stringify(others)}`;
    it(`are the same in the dialog and in the runtime: ${name}`, () => {
      assert.equal(faultOf(rule, value, others)?.key, wrong, 'runtime');
      const node = { id: 'n', _def: { category: 'config' }, ...others };
      assert.equal(check(node, 't', rule, value), wrong ?? true, 'dialog');
    });
  }

  it('take a variable in a dialog, whose value the runtime knows', () => {
    for (const rule of [number, address, filled, json, path, topic]) {
      assert.equal(check({ id: 'n', _def: { category: 'config' } }, 't', rule, '${NAME}'), true);
    }
    const node = { id: 'n', _def: { category: 'config' }, low: '${NAME}' };
    assert.equal(check(node, 't', ordered, 59.8), true);
  });
});
