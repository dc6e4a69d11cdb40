import assert from 'node:assert/strict';
import { inspect } from 'node:util';

import { parseCommand } from '../../../lib/powersentrix/command';

describe('parseCommand', () => {
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
      assert.deepEqual(parseCommand(payload, undefined, fixed), expected));
  }

  it('takes the port of the message where the payload has none', () => {
    assert.deepEqual(parseCommand('on', 4, {}), { port: 4, action: 'on' });
    assert.deepEqual(parseCommand({ action: 'on' }, 4, { port: '' }), { port: 4, action: 'on' });
  });

  for (const port of [-1, 12, 1.5, 'x', null, undefined, '', true, NaN, '1.5', '-1', [], {}]) {
    it(`refuses port ${inspect(port)}`, () => {
      assert.throws(() => parseCommand({ port, action: 'on' }, undefined, {}), { code: 'INVALID_INPUT' });
      assert.throws(() => parseCommand('on', port, {}), { code: 'INVALID_INPUT' });
    });
  }

  it('refuses another port than the one set, unknown actions and unfit descriptions', () => {
    const refused = (payload: unknown, fixed: object, reason: string): void =>
      assert.throws(() => parseCommand(payload, undefined, fixed), { code: 'INVALID_INPUT', reason });
    refused({ port: 3, action: 'on' }, { port: 2 }, 'portContradiction');
    refused({ port: 'x', action: 'on' }, { port: 2 }, 'portInvalid');
    for (const action of ['explode', 1, null, undefined, {}])
      refused({ port: 1, action }, {}, 'actionInvalid');
    refused({ port: 1, action: 'describe' }, {}, 'descriptionInvalid');
    refused({ port: 1, action: 'describe', description: ' ' }, {}, 'descriptionInvalid');
    refused({ port: 1, action: 'describe', description: 'a\nb' }, {}, 'descriptionInvalid');
    refused({ port: 1, action: 'describe', description: 'x'.repeat(129) }, {}, 'descriptionTooLong');
    const longest = parseCommand(
      { port: 1, action: 'describe', description: '🔌'.repeat(128) },
      undefined,
      {},
    );
    assert.equal(longest.action, 'describe');
  });
});
