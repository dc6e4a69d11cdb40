import assert from 'node:assert/strict';

import type { NodeAPI } from 'node-red';

import { proxyChoice } from '../../../nodes/shared/proxy';

describe('proxyChoice', () => {
  const node = {
    type: 'http proxy',
    url: 'http://p:3128',
    noproxy: ['spared.org', '10.0.0.1'],
    credentials: { username: 'me', password: 'pw' },
  };
  const RED = (settings = {}): NodeAPI =>
    ({
      settings,
      nodes: { getNode: (id: string) => ({ p1: node, other: { type: 'tls-config' } })[id] },
    }) as unknown as NodeAPI;

  it('uses the node with its exceptions and its login, whatever the environment says', () => {
    const choose = proxyChoice(RED(), 'p1');
    assert.equal(choose('https://cloud.org')?.url.href, 'http://me:pw@p:3128/');
    assert.equal(choose('http://cloud.org')?.url.href, 'http://me:pw@p:3128/');
    assert.equal(choose('https://spared.org'), undefined);
    assert.equal(choose('http://10.0.0.1:8080'), undefined);
  });

  for (const id of ['gone', 'other']) {
    it(`refuses ${id}, which is no proxy`, () =>
      assert.throws(() => proxyChoice(RED(), id), { code: 'INVALID_INPUT', reason: 'proxyMissing' }));
  }

  for (const id of [undefined, '', '_ADD_']) {
    it(`asks the environment where none is chosen (${id})`, () => {
      const before = process.env.HTTPS_PROXY;
      process.env.HTTPS_PROXY = 'http://env:1';
      try {
        assert.equal(proxyChoice(RED(), id)('https://cloud.org')?.url.href, 'http://env:1/');
        assert.equal(
          proxyChoice(RED({ proxyOptions: { lowerCaseOnly: true } }), id)('https://cloud.org'),
          undefined,
        );
      } finally {
        if (before === undefined) delete process.env.HTTPS_PROXY;
        else process.env.HTTPS_PROXY = before;
      }
    });
  }
});
