import assert from 'node:assert/strict';

import { DeviceError } from '../../../lib/core/errors';
import { BearerSession, type Login, secondsLeftOfJwt } from '../../../lib/core/session';
import { failsWith } from '../../support/expect-error';
import { FakeClock, settle } from '../../support/fake-clock';

const refused = (): DeviceError => new DeviceError('AUTH_FAILED', 'refused');

/** A server that knows one valid token at a time. */
class Server {
  logins = 0;
  valid = '';
  failLogin: Error | undefined;
  expiresIn: number | undefined;

  readonly login = async (): Promise<Login> => {
    this.logins++;
    await settle();
    if (this.failLogin) throw this.failLogin;
    this.valid = `token-${this.logins}`;
    return { token: this.valid, expiresIn: this.expiresIn };
  };

  readonly call = async (token: string): Promise<string> => {
    await settle();
    if (token !== this.valid) throw refused();
    return `ok ${token}`;
  };
}

describe('BearerSession', () => {
  it('logs in once for any number of callers', async () => {
    const server = new Server();
    const session = new BearerSession({ login: server.login });
    const answers = await Promise.all(Array.from({ length: 50 }, () => session.run(server.call)));
    assert.equal(server.logins, 1);
    assert.equal(new Set(answers).size, 1);
  });

  it('logs in once more when fifty callers meet an expired token', async () => {
    const server = new Server();
    const session = new BearerSession({ login: server.login });
    await session.run(server.call);
    server.valid = 'revoked';
    const answers = await Promise.all(Array.from({ length: 50 }, () => session.run(server.call)));
    assert.equal(server.logins, 2);
    assert.deepEqual([...new Set(answers)], ['ok token-2']);
  });

  it('does not throw away a newer token when an old call fails late', async () => {
    const server = new Server();
    const session = new BearerSession({ login: server.login });
    let failLate = (): void => undefined;
    const late = session.run((token) =>
      token === 'token-1'
        ? new Promise<string>((_, reject) => (failLate = () => reject(refused())))
        : server.call(token),
    );
    await settle();
    await settle();
    server.valid = 'revoked';
    await session.run(server.call);
    failLate();
    assert.equal(await late, 'ok token-2');
    assert.equal(server.logins, 2);
  });

  it('renews before the token ends, by a clock that does not jump', async () => {
    const clock = new FakeClock();
    const server = new Server();
    server.expiresIn = 1000;
    const session = new BearerSession({ login: server.login, clock });
    await session.run(server.call);
    await clock.advance(899_000);
    await session.run(server.call);
    assert.equal(server.logins, 1);
    await clock.advance(1000);
    await session.run(server.call);
    assert.equal(server.logins, 2);
  });

  it('tries wrong credentials once, and again only after a reset', async () => {
    const server = new Server();
    server.failLogin = refused();
    const session = new BearerSession({ login: server.login });
    await Promise.all(Array.from({ length: 10 }, () => failsWith(session.run(server.call), 'AUTH_FAILED')));
    await failsWith(session.run(server.call), 'AUTH_FAILED');
    assert.equal(server.logins, 1);
    assert.equal(session.refused?.code, 'AUTH_FAILED');
    server.failLogin = undefined;
    session.reset();
    assert.equal(await session.run(server.call), 'ok token-2');
  });

  it('tries again after a login that failed for another reason', async () => {
    const server = new Server();
    server.failLogin = new DeviceError('UNREACHABLE', 'down');
    const session = new BearerSession({ login: server.login });
    await failsWith(session.run(server.call), 'UNREACHABLE');
    server.failLogin = undefined;
    assert.equal(await session.run(server.call), 'ok token-2');
  });

  it('gives up when a token fresh from a login is refused', async () => {
    const server = new Server();
    const session = new BearerSession({ login: server.login });
    const never = (): Promise<string> => Promise.reject(refused());
    await failsWith(session.run(never), 'AUTH_FAILED');
    assert.equal(server.logins, 2);
    await failsWith(session.run(never), 'AUTH_FAILED');
    assert.equal(server.logins, 2);
  });

  it('passes other failures on without a login', async () => {
    const server = new Server();
    const session = new BearerSession({ login: server.login });
    await failsWith(
      session.run(() => Promise.reject(new DeviceError('REJECTED', 'no'))),
      'REJECTED',
    );
    assert.equal(server.logins, 1);
  });

  it('cancels a login in flight when it closes', async () => {
    const session = new BearerSession({
      login: (signal) =>
        new Promise((_, reject) =>
          signal.addEventListener('abort', () => reject(new DeviceError('CANCELLED', 'gone'))),
        ),
    });
    const outcome = failsWith(
      session.run(() => Promise.resolve(1)),
      'CANCELLED',
    );
    session.close();
    await outcome;
  });
});

describe('secondsLeftOfJwt', () => {
  const jwt = (claims: unknown): string => `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`;

  it('reads exp', () => assert.equal(secondsLeftOfJwt(jwt({ exp: 2000 }), 1_000_000), 1000));

  it('knows nothing of tokens without exp, that have ended, or are no JWT', () => {
    assert.equal(secondsLeftOfJwt(jwt({}), 0), undefined);
    assert.equal(secondsLeftOfJwt(jwt({ exp: 5 }), 1_000_000), undefined);
    assert.equal(secondsLeftOfJwt(jwt(7), 0), undefined);
    assert.equal(secondsLeftOfJwt('opaque', 0), undefined);
    assert.equal(secondsLeftOfJwt('', 0), undefined);
  });
});
