import assert from 'node:assert/strict';

import { type NutHappening, type NutLogin, NutLogins } from '../../../lib/nut/logins';

const LOGIN: NutLogin = {
  user: 'nas',
  role: 'secondary',
  address: '192.168.1.20',
  ups: 'ups',
  device: 'device-1',
  since: '2026-11-29T12:00:00.000Z',
};

describe('NutLogins', () => {
  it('tells what happens, and who is there', () => {
    const logins = new NutLogins();
    const heard: NutHappening[] = [];
    const stop = logins.listen((what) => heard.push(what));
    assert.equal(logins.isServed, false);
    logins.begin();
    const logout = logins.add(LOGIN);
    assert.deepEqual(logins.list('device-1'), [LOGIN]);
    assert.deepEqual(logins.list('device-2'), []);
    logins.setFsd('device-1', true);
    logins.setFsd('device-1', true);
    assert.equal(logins.isFsd('device-1'), true);
    logins.setFsd('device-1', false);
    logout();
    logout();
    assert.deepEqual(logins.list(), []);
    logins.end();
    assert.equal(logins.isIdle, false);
    stop();
    assert.equal(logins.isIdle, true);
    logins.begin();
    assert.deepEqual(
      heard.map(({ event }) => event),
      ['begin', 'login', 'fsd', 'fsdEnd', 'logout', 'end'],
    );
  });

  it('tells everybody, whatever one of them throws', () => {
    const logins = new NutLogins();
    let heard = 0;
    logins.listen(() => {
      throw new Error('a fault');
    });
    logins.listen(() => heard++);
    logins.begin();
    logins.add(LOGIN);
    assert.equal(heard, 2);
  });

  it('forgets its logins with the server', () => {
    const logins = new NutLogins();
    logins.begin();
    const logout = logins.add(LOGIN);
    logins.setFsd('device-1', true);
    logins.end();
    assert.deepEqual(logins.list(), []);
    assert.equal(logins.isFsd('device-1'), false);
    const heard: string[] = [];
    logins.listen(({ event }) => heard.push(event));
    logout();
    assert.deepEqual(heard, []);
  });
});
