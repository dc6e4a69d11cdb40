import assert from 'node:assert/strict';

import { DeviceError, type ErrorCode } from '../../lib/core/errors';

/** Asserts that a promise fails with a `DeviceError` of this code, and returns the error. */
export async function failsWith(work: Promise<unknown>, code: ErrorCode): Promise<DeviceError> {
  const outcome = await work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if (!('error' in outcome))
    assert.fail(`expected ${code}, but it succeeded with ${JSON.stringify(outcome.value)}`);
  const { error } = outcome;
  assert.ok(error instanceof DeviceError, `expected a DeviceError, got ${String(error)}`);
  assert.equal(error.code, code, error.message);
  return error;
}
