import assert from 'node:assert/strict';
import type { NodeAPI } from 'node-red';

import { tlsOptions } from '../../../nodes/shared/tls';

describe('tlsOptions', () => {
  const nodes = new Map<string, unknown>([
    ['t', { type: 'tls-config', addTLSOptions: (options: object) => Object.assign(options, { ca: 'CA' }) }],
    ['other', { type: 'mqtt-broker' }],
  ]);
  const RED = { nodes: { getNode: (id: string) => nodes.get(id) ?? null } } as unknown as NodeAPI;

  it('takes what the chosen node gives', () => assert.deepEqual(tlsOptions(RED, 't'), { ca: 'CA' }));

  it('needs none', () => {
    for (const id of ['', undefined, '_ADD_']) assert.equal(tlsOptions(RED, id), undefined);
  });

  it('refuses to go on without the settings that were chosen', () => {
    for (const id of ['gone', 'other']) {
      assert.throws(() => tlsOptions(RED, id), { code: 'INVALID_INPUT', reason: 'tlsMissing' });
    }
  });
});
