import assert from 'node:assert/strict';

import { DeviceError } from '../../../lib/core/errors';
import { BearerSession, type Login, secondsLeftOfJwt } from '../../../lib/core/session';
import { failsWith } from '../../support/expect-error';
import { FakeClock, settle } from '../../support/fake-clock';

const MINUTE = 60_000;
const refused = (): DeviceError => new DeviceError('AUTH_FAILED', 'refused', { status: 401 });
const wrong = (): DeviceError => new DeviceError('AUTH_FAILED', 'wrong', { definite: true });

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
    const responses = await Promise.all(Array.from({ length: 50 }, () => session.run(server.call)));
    assert.equal(server.logins, 1);
    assert.equal(new Set(responses).size, 1);
  });

  it('logs in once more when fifty callers meet an expired token', async () => {
    const server = new Server();
    const session = new BearerSession({ login: server.login });
    await session.run(server.call);
    server.valid = 'revoked';
    const responses = await Promise.all(Array.from({ length: 50 }, () => session.run(server.call)));
    assert.equal(server.logins, 2);
    assert.deepEqual([...new Set(responses)], ['ok token-2']);
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

  it('renews a token that ended while the host slept', async () => {
    const clock = new FakeClock();
    const server = new Server();
    server.expiresIn = 3600;
    const session = new BearerSession({ login: server.login, clock });
    await session.run(server.call);
    clock.moveWall(2 * 3_600_000);
    await session.run(server.call);
    assert.equal(server.logins, 2);
  });

  it('goes on with a token that still counts when its renewal fails', async () => {
    for (const failure of [refused(), new DeviceError('UNREACHABLE', 'down')]) {
      const clock = new FakeClock();
      const server = new Server();
      server.expiresIn = 3600;
      const session = new BearerSession({ login: server.login, clock });
      await session.run(server.call);
      await clock.advance(0.95 * 3_600_000);
      server.failLogin = failure;
      assert.equal(await session.run(server.call), 'ok token-1');
      assert.equal(await session.run(server.call), 'ok token-1');
      assert.equal(server.logins, 2);
      await clock.advance(0.05 * 3_600_000);
      await failsWith(session.run(server.call), failure.code);
    }
  });

  it('tries wrong credentials once, and again only after a reset', async () => {
    const clock = new FakeClock();
    const server = new Server();
    server.failLogin = wrong();
    const session = new BearerSession({ login: server.login, clock });
    await Promise.all(Array.from({ length: 10 }, () => failsWith(session.run(server.call), 'AUTH_FAILED')));
    await failsWith(session.run(server.call), 'AUTH_FAILED');
    await clock.advance(7 * 86_400_000);
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

  it('shares a refusal that may pass, and tries again after growing pauses', async () => {
    const clock = new FakeClock();
    clock.randoms = [0];
    const server = new Server();
    server.failLogin = refused();
    const session = new BearerSession({ login: server.login, clock });
    for (const minutes of [1, 2, 4, 7.5, 7.5]) {
      const before = server.logins;
      await Promise.all(Array.from({ length: 20 }, () => failsWith(session.run(server.call), 'AUTH_FAILED')));
      assert.equal(server.logins, before + 1);
      await clock.advance(minutes * MINUTE - 1);
      const held = await session.run(server.call).catch((error: unknown) => error);
      assert.ok(held instanceof DeviceError);
      assert.equal(held.sent, false);
      assert.equal(held.retryAfter, 1);
      assert.equal(server.logins, before + 1);
      await clock.advance(1);
    }
    server.failLogin = undefined;
    await session.run(server.call);
    assert.equal(session.refused, undefined);
  });

  it('lets a refusal pass that a reason with a pause of its own gave', async () => {
    const clock = new FakeClock();
    const server = new Server();
    server.failLogin = new DeviceError('AUTH_FAILED', 'busy', { retryAfter: 3600 });
    const session = new BearerSession({ login: server.login, clock });
    await failsWith(session.run(server.call), 'AUTH_FAILED');
    await clock.advance(59 * MINUTE);
    await failsWith(session.run(server.call), 'AUTH_FAILED');
    assert.equal(server.logins, 1);
    server.failLogin = undefined;
    await clock.advance(MINUTE);
    await session.run(server.call);
  });

  it('tries a token again later that counted too late, and makes no other one', async () => {
    const clock = new FakeClock();
    const server = new Server();
    const session = new BearerSession({ login: server.login, clock });
    const born = new Map<string, number>();
    const late = async (token: string): Promise<string> => {
      born.set(token, born.get(token) ?? clock.monotonic());
      if (clock.monotonic() - (born.get(token) ?? 0) < 2000) throw refused();
      return server.call(token);
    };
    await failsWith(session.run(late), 'AUTH_FAILED');
    assert.equal(server.logins, 2);
    await clock.advance(2 * MINUTE);
    assert.equal(await session.run(late), 'ok token-2');
    assert.equal(server.logins, 2);
  });

  it('makes at most one login a minute for a call that is refused while the others work', async () => {
    const clock = new FakeClock();
    const server = new Server();
    const session = new BearerSession({ login: server.login, clock });
    const never = (): Promise<string> => Promise.reject(refused());
    await session.run(server.call);
    for (let second = 0; second < 120; second++) {
      await failsWith(session.run(never), 'AUTH_FAILED');
      assert.match(await session.run(server.call), /^ok/);
      await clock.advance(1000);
    }
    assert.equal(server.logins, 3);
  });

  it('takes a fixed token for refused only after a second look, minutes later', async () => {
    const clock = new FakeClock();
    let calls = 0;
    let works = false;
    const session = new BearerSession({
      login: () => Promise.resolve({ token: 'fixed' }),
      refusedToken: () => new DeviceError('AUTH_FAILED', 'the token', { reason: 'tokenRefused' }),
      clock,
    });
    const call = (): Promise<string> => {
      calls++;
      return works ? Promise.resolve('ok') : Promise.reject(refused());
    };
    for (let i = 0; i < 2; i++) {
      assert.equal((await failsWith(session.run(call), 'AUTH_FAILED')).reason, 'tokenRefused');
    }
    assert.equal(calls, 1);
    works = true;
    await clock.advance(2 * MINUTE);
    assert.equal(await session.run(call), 'ok');
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

  it('lets a caller leave who waits for a login, which goes on for the others', async () => {
    let finish: (login: Login) => void = () => undefined;
    const session = new BearerSession({ login: () => new Promise((resolve) => (finish = resolve)) });
    const gone = new AbortController();
    const left = failsWith(
      session.run(() => Promise.resolve('never'), gone.signal),
      'CANCELLED',
    );
    const stays = session.run((token) => Promise.resolve(token));
    await settle();
    gone.abort();
    await left;
    finish({ token: 'fresh' });
    assert.equal(await stays, 'fresh');
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
