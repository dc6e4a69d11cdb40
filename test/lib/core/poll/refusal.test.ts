import assert from 'node:assert/strict';

import { DeviceError } from '../../../../lib/core/errors';
import { loginError, saysWrongCredentials } from '../../../../lib/core/poll/refusal';

const WRONG = [
  'Bad username or password',
  'Invalid email or password',
  'invalid credentials',
  'Incorrect password.',
  'User not found',
  'No such user',
  'The password does not match',
  'Unknown e-mail',
  'Your account is disabled',
];
const UNCLEAR = [
  '',
  'Unauthorized',
  'Forbidden',
  'Bad Request',
  'Request blocked',
  'Invalid token',
  'Signature verification failed',
  'Too many wrong passwords, try again later',
  'The account is temporarily locked: invalid logins',
  'The token of this user is not valid yet (nbf)',
  'Password service down for maintenance, login not found',
];

describe('a refused login', () => {
  for (const words of WRONG) it(`is definite: ${words}`, () => assert.ok(saysWrongCredentials(words)));
  for (const words of UNCLEAR) it(`may pass: ${words}`, () => assert.ok(!saysWrongCredentials(words)));

  const definite = (words: string): DeviceError | undefined =>
    saysWrongCredentials(words) ? new DeviceError('AUTH_FAILED', words, { definite: true }) : undefined;
  const responded = (status: number, message: string): DeviceError =>
    new DeviceError('REJECTED', message, { status, params: { message }, retryAfter: 7 });

  for (const status of [400, 401, 403, 422]) {
    it(`with ${status} stops for the vendor's words, and waits for anything else`, () => {
      assert.equal(loginError(responded(status, 'Bad username or password'), definite).definite, true);
      for (const words of UNCLEAR) {
        const { code, reason, definite: stops, retryAfter } = loginError(responded(status, words), definite);
        const words400 = status === 400 && words !== '';
        const expected = words400 ? ['REJECTED', 'REJECTED'] : ['AUTH_FAILED', 'loginUnclear'];
        assert.deepEqual([code, reason, stops, retryAfter], [...expected, false, 7]);
      }
    });
  }

  for (const status of [404, 408, 429, 500, 503]) {
    it(`with ${status} is no refusal`, () => {
      const error = responded(status, 'Bad username or password');
      assert.equal(loginError(error, definite), error);
    });
  }
});
