import assert from 'node:assert/strict';
import { hostname } from 'node:os';

import { clusterSettings } from '../../../lib/cluster/settings';
import { isGiven } from '../../../lib/core/given';
import { failsWith } from '../../support/expect-error';

const URL = 'redis://redis.example:6379';

describe('the settings of a cluster', () => {
  it('are none where nothing is set', () => {
    for (const given of [undefined, null, false, '', ' ', {}]) {
      assert.equal(isGiven(given), false);
      assert.equal(clusterSettings(given, {}), undefined);
      assert.equal(clusterSettings(given, { ENERGY_DEVICES_CLUSTER: URL })?.url, URL);
    }
    for (const blank of ['', ' ', '\u200b'])
      assert.equal(clusterSettings(undefined, { ENERGY_DEVICES_CLUSTER: blank }), undefined);
    assert.equal(clusterSettings(undefined, { ENERGY_DEVICES_CLUSTER_NAME: 'x' }), undefined);
  });

  it('have defaults', () => {
    const found = clusterSettings({ url: URL }, {});
    assert.ok(found);
    const { password, ...rest } = found;
    assert.equal(typeof password, 'function');
    assert.deepEqual(rest, {
      ...{ url: URL, username: undefined, name: 'node-red', lease: 10_000 },
      ...{ spread: 'none', whenLost: 'stop', instance: hostname().slice(0, 60) },
    });
  });

  it('come from the environment in front of the settings', async () => {
    const found = clusterSettings(
      { url: 'redis://other', name: 'other', takeover: 30, spread: 'none', whenLost: 'read', instance: 'x' },
      {
        ENERGY_DEVICES_CLUSTER: 'rediss://user:from%2Furl@host:6380/2',
        ENERGY_DEVICES_CLUSTER_NAME: 'site-a',
        ENERGY_DEVICES_CLUSTER_TAKEOVER: '4',
        ENERGY_DEVICES_CLUSTER_SPREAD: 'flow',
        ENERGY_DEVICES_CLUSTER_LOST: 'alone',
        ENERGY_DEVICES_CLUSTER_INSTANCE: 'pi-2',
        ENERGY_DEVICES_CLUSTER_PASSWORD: 'from the environment',
      },
    );
    assert.ok(found);
    const { password, ...rest } = found;
    assert.deepEqual(rest, {
      ...{ url: 'rediss://host:6380/2', username: 'user', name: 'site-a', lease: 4000 },
      ...{ spread: 'flow', whenLost: 'alone', instance: 'pi-2' },
    });
    assert.equal(await password(), 'from the environment');
  });

  it('take the password out of the address', async () => {
    const found = clusterSettings({ url: 'redis://:p%40ss@host' }, {});
    assert.ok(found);
    assert.equal(found.url, 'redis://host');
    assert.equal(await found.password(), 'p@ss');
  });

  it('may be an address alone', () => {
    assert.equal(clusterSettings(URL, {})?.url, URL);
  });

  const wrong: [setting: string, given: unknown][] = [
    ['url', 0],
    ['url', 1],
    ['url', true],
    ['url', []],
    ['url', [URL]],
    ['url', 'redis.example:6379'],
    ['url', 'on'],
    ['url', { url: '' }],
    ['url', { url: undefined }],
    ['url', { name: 'x' }],
    ['url', { url: 'http://host' }],
    ['url', { url: 'redis://' }],
    ['url', { url: 'redis://a:%zz@host' }],
    ['name', { url: URL, name: 'a}b' }],
    ['takeover', { url: URL, takeover: 3.9 }],
    ['takeover', { url: URL, takeover: 'soon' }],
    ['takeover', { url: URL, takeover: 601 }],
    ['spread', { url: URL, spread: 'device' }],
    ['whenLost', { url: URL, whenLost: 'go on' }],
  ];
  for (const [setting, given] of wrong) {
    it(`refuse ${JSON.stringify(given)}, and run as none is`, () => {
      assert.equal(isGiven(given), true, 'or nothing would be said');
      assert.throws(() => clusterSettings(given, {}), {
        code: 'INVALID_INPUT',
        reason: 'clusterSettings',
        params: { setting },
      });
    });
  }

  it('say that a file with a password cannot be read, without its name', async () => {
    const found = clusterSettings({ url: URL, passwordFile: '/nowhere/secret-name' }, {});
    assert.ok(found);
    const error = await failsWith(found.password(), 'INVALID_INPUT');
    assert.doesNotMatch(error.message, /secret-name/);
  });
});
