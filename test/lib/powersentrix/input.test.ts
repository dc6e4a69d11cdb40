import assert from 'node:assert/strict';
import { inspect } from 'node:util';

import { portCommand } from '../../../lib/powersentrix/input';

describe('portCommand', () => {
  const good: [payload: unknown, fixed: object, expected: object][] = [
    [true, { port: 3 }, { port: 3, action: 'on' }],
    [false, { port: '3' }, { port: 3, action: 'off' }],
    ['Toggle ', { port: 11 }, { port: 11, action: 'toggle' }],
    ['restart', { port: 0 }, { port: 0, action: 'restart' }],
    [{ port: 5, action: 'off' }, {}, { port: 5, action: 'off' }],
    [{ port: '7', action: true }, {}, { port: 7, action: 'on' }],
    [{ port: 5 }, { action: 'restart' }, { port: 5, action: 'restart' }],
    [12345, { port: 2, action: 'on' }, { port: 2, action: 'on' }],
    [
      { port: 2, action: 'off' },
      { port: 2, action: 'on' },
      { port: 2, action: 'on' },
    ],
    [
      { port: 2, action: 'describe', description: 'NAS' },
      {},
      { port: 2, action: 'describe', description: 'NAS' },
    ],
    ['NAS', { port: 2, action: 'describe' }, { port: 2, action: 'describe', description: 'NAS' }],
  ];
  for (const [payload, fixed, expected] of good) {
    it(`${JSON.stringify(payload)} with ${JSON.stringify(fixed)}`, () =>
      assert.deepEqual(portCommand(payload, undefined, fixed), expected));
  }

  it('takes the port of the message where the payload has none', () => {
    assert.deepEqual(portCommand('on', 4, {}), { port: 4, action: 'on' });
    assert.deepEqual(portCommand({ action: 'on' }, 4, { port: '' }), { port: 4, action: 'on' });
  });

  for (const port of [-1, 12, 1.5, 'x', null, undefined, '', true, NaN, '1.5', '-1', [], {}]) {
    it(`refuses port ${inspect(port)}`, () => {
      assert.throws(() => portCommand({ port, action: 'on' }, undefined, {}), { code: 'INVALID_INPUT' });
      assert.throws(() => portCommand('on', port, {}), { code: 'INVALID_INPUT' });
    });
  }

  it('refuses another port than the one set, unknown actions and unfit descriptions', () => {
    const refused = (payload: unknown, fixed: object, reason: string): void =>
      assert.throws(() => portCommand(payload, undefined, fixed), { code: 'INVALID_INPUT', reason });
    refused({ port: 3, action: 'on' }, { port: 2 }, 'powersentrixPortContradiction');
    refused({ port: 'x', action: 'on' }, { port: 2 }, 'powersentrixPortInvalid');
    for (const action of ['explode', 1, null, undefined, {}])
      refused({ port: 1, action }, {}, 'powersentrixActionInvalid');
    refused({ port: 1, action: 'describe' }, {}, 'powersentrixDescriptionInvalid');
    refused({ port: 1, action: 'describe', description: ' ' }, {}, 'powersentrixDescriptionInvalid');
    refused({ port: 1, action: 'describe', description: 'a\nb' }, {}, 'powersentrixDescriptionInvalid');
    refused(
      { port: 1, action: 'describe', description: 'x'.repeat(129) },
      {},
      'powersentrixDescriptionTooLong',
    );
    const longest = portCommand(
      { port: 1, action: 'describe', description: '🔌'.repeat(128) },
      undefined,
      {},
    );
    assert.equal(longest.action, 'describe');
  });
});
