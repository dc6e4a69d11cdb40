import assert from 'node:assert/strict';

import { DeviceError } from '../../../lib/core/errors';
import { deviceFor, plainCopy } from '../../../nodes/shared/messages';

describe('a copy of plain data', () => {
  it('is equal, and shares nothing that could be changed', () => {
    const data = { a: [1, { b: null }], c: { d: 'x' }, e: undefined, f: true };
    const copy = plainCopy(data);
    assert.deepEqual(copy, data);
    (copy.a[1] as { b: unknown }).b = 2;
    copy.c.d = 'y';
    copy.a.push(3);
    assert.deepEqual(data, { a: [1, { b: null }], c: { d: 'x' }, e: undefined, f: true });
  });

  it('inherits nothing from a device that sends a key called __proto__', () => {
    const copy = plainCopy(JSON.parse('{"x":1,"__proto__":{"polluted":true}}') as Record<string, unknown>);
    assert.equal(copy.polluted, undefined);
    assert.equal(Object.getPrototypeOf(copy), Object.prototype);
    assert.deepEqual(Object.keys(copy), ['x', '__proto__']);
  });
});

describe('the device that a message is for', () => {
  const of = (configured: string, msg: Record<string, unknown>): unknown =>
    deviceFor(configured, { _msgid: '1', ...msg });
  const refused = (configured: string, msg: Record<string, unknown>): void =>
    assert.throws(
      () => of(configured, msg),
      (error) =>
        error instanceof DeviceError &&
        error.code === 'INVALID_INPUT' &&
        error.reason === 'deviceContradiction',
    );

  it('is the node’s own, else that of the message, else that of the payload', () => {
    assert.equal(of('a', {}), 'a');
    assert.equal(of('', { deviceId: 'b', payload: { deviceId: 'c' } }), 'b');
    for (const deviceId of ['', null, undefined]) {
      assert.equal(of('', { deviceId, payload: { deviceId: 'c' } }), 'c');
      assert.equal(of('a', { deviceId, payload: { deviceId } }), 'a');
    }
    assert.equal(of('', { payload: 'on' }), undefined);
  });

  it('may be named twice, and is refused where the names differ', () => {
    assert.equal(of('a', { deviceId: ' a ', payload: { deviceId: 'a' } }), 'a');
    refused('a', { deviceId: 'b' });
    refused('a', { payload: { command: 'on', deviceId: 'b' } });
    refused('a', { deviceId: 'a', payload: { deviceId: 'b' } });
    refused('a', { deviceId: 7 });
  });

  it('is not the one that a power controller’s answer is about', () => {
    const response = { deviceId: 'b', responseCodes: null };
    assert.equal(of('a', { payload: response, device: { id: 'b' } }), 'a');
    assert.equal(of('', { payload: response }), 'b');
    refused('a', { deviceId: 'b', payload: response });
  });
});
