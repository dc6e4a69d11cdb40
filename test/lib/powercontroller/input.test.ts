import assert from 'node:assert/strict';

import { commandRequest, COMMANDS } from '../../../lib/powercontroller/input';

/** The bodies of the vendor document's examples, as they stand there (two with their missing brace added). */
const DOCUMENTED: [what: string, input: unknown, method: string, path: string, body: string][] = [
  ['on', 'on', 'POST', '/command', '{"command": {"name": "on"}}'],
  ['off', false, 'POST', '/command', '{"command": {"name": "off"}}'],
  [
    'delayed on',
    { command: 'on', delay: 60 },
    'POST',
    '/command',
    '{"command": {"name": "on", "delay": 60}}',
  ],
  [
    'delayed off',
    { command: 'off', delay: 60 },
    'POST',
    '/command',
    '{"command": {"name": "off", "delay": 60}}',
  ],
  [
    'on for a time',
    { command: 'on_for', time: 60 },
    'POST',
    '/command',
    '{"command": {"name": "on_for", "time": 60}}',
  ],
  [
    'off for a time',
    { command: 'off_for', time: 60 },
    'POST',
    '/command',
    '{"command": {"name": "off_for", "time": 60}}',
  ],
  [
    'limit power',
    { command: 'limit_power', power: 50, time: 3600 },
    'POST',
    '/command',
    '{"command": {"name": "limit_power", "power": 50, "time": 3600} }',
  ],
  [
    'enable FFR',
    {
      command: 'configure',
      ffr: { enable: true, tripThreshold: 59.7, returnThreshold: 59.8, periods: 10, delay: 10 },
    },
    'PUT',
    '',
    '{"info": {"ffr":{"enable":true,"tripThreshold":59.7,"returnThreshold":59.8,"periods":10,"delay":10} } }',
  ],
  [
    'disable FFR',
    { command: 'configure', ffr: { enable: false } },
    'PUT',
    '',
    '{"info": {"ffr":{"enable":false} } }',
  ],
  [
    'no flowmeter',
    { command: 'configure', flowmeter: { type: 'none' } },
    'PUT',
    '',
    '{"info": {"flowmeter":{"type":"none"} } }',
  ],
  [
    'TUF2000M',
    {
      command: 'configure',
      flowmeter: {
        type: 'tuf2000m',
        pipeOuterDiameter: 22.225,
        pipeWallThickness: 0.8128,
        pipeType: 'copper',
      },
    },
    'PUT',
    '',
    '{"info": {"flowmeter":{"type":"tuf2000m", "pipeOuterDiameter": 22.225, "pipeWallThickness": 0.8128, "pipeType": "copper"} } }',
  ],
  [
    'EUF4315K',
    { command: 'configure', flowmeter: { type: 'euf4315k' } },
    'PUT',
    '',
    '{"info": {"flowmeter":{"type":"euf4315k"} } }',
  ],
  [
    'enable capacity',
    {
      command: 'configure',
      capacity: {
        enable: true,
        maxCapacity: 100,
        minCapacity: 50,
        lossPerLiter: 5.5,
        lossPerIdleMinute: 1.3,
        gainPerWattHour: 2.7,
      },
    },
    'PUT',
    '',
    '{"info": {"capacity":{"enable":true, "maxCapacity":100, "minCapacity":50, "lossPerLiter":5.5, "lossPerIdleMinute":1.3, "gainPerWattHour":2.7} } }',
  ],
  [
    'disable capacity',
    { command: 'configure', capacity: { enable: false } },
    'PUT',
    '',
    '{"info": {"capacity":{"enable":false} } }',
  ],
  // from the later documentation
  [
    'on at a time',
    { command: 'on_at', time: 1_528_225_394 },
    'POST',
    '/command',
    '{"command":{"name":"on_at","time":1528225394}}',
  ],
  [
    'off at a time',
    { command: 'off_at', time: '2018-06-05T19:03:14Z' },
    'POST',
    '/command',
    '{"command":{"name":"off_at","time":1528225394}}',
  ],
  ['reset', 'reset', 'POST', '/command', '{"command":{"name":"reset"}}'],
  ['sample period', { command: 'configure', samplePeriod: 300 }, 'PUT', '', '{"info":{"samplePeriod":300}}'],
  [
    'schedule',
    {
      command: 'configure',
      schedule: [
        { name: 'on', when: 1_571_076_135, repeat: 86_400 },
        { name: 'off', when: 1_571_076_195_000, repeat: 86_400 },
        { name: 'limit_power', power: 50, time: 3600, when: 1_571_162_475 },
      ],
    },
    'PUT',
    '',
    '{"schedule":[{"name":"on","when":1571076135,"repeat":86400},{"name":"off","when":1571076195,"repeat":86400},{"name":"limit_power","power":50,"time":3600,"when":1571162475}]}',
  ],
  ['clear the schedule', { command: 'configure', schedule: [] }, 'PUT', '', '{"schedule":[]}'],
  ['a command that waits', { command: 'on', async: true }, 'POST', '/command', '{"command":{"name":"on"}}'],
  [
    'a command that is tried once',
    { command: 'on', async: true, persist: false },
    'POST',
    '/command',
    '{"command":{"name":"on","persist":false}}',
  ],
  [
    'add a controller',
    { command: 'add', sn: 'PC-ZXCVBNMASDF-001', country: 'us' },
    'POST',
    '',
    '{"sn":"PC-ZXCVBNMASDF-001","country":"US"}',
  ],
];

const NUMBERS = { tripThreshold: 59.7, returnThreshold: 59.8, periods: 10, delay: 10 };
const PIPE = { type: 'tuf2000m', pipeOuterDiameter: 22, pipeWallThickness: 1, pipeType: 'copper' };
const LEVELS = {
  maxCapacity: 100,
  minCapacity: 50,
  lossPerLiter: 5.5,
  lossPerIdleMinute: 1.3,
  gainPerWattHour: 2.7,
};
const configure = (section: object): object => ({ command: 'configure', ...section });

const REFUSED: [what: string, input: unknown][] = [
  ['nothing', undefined],
  ['null', null],
  ['a number', 1],
  ['a list', ['on']],
  ['an empty object', {}],
  ['an unknown command', 'toggle'],
  ['an inherited name', { command: 'constructor' }],
  ['on with a time', { command: 'on', time: 60 }],
  ['a property nobody knows', { command: 'on', dealy: 60 }],
  ['__proto__', JSON.parse('{"command":"on","__proto__":{"delay":60}}')],
  ['a negative delay', { command: 'on', delay: -1 }],
  ['NaN', { command: 'on', delay: NaN }],
  ['infinity', { command: 'on', delay: Infinity }],
  ['a number as text', { command: 'on', delay: '60' }],
  ['a fraction of a second', { command: 'off', delay: 1.5 }],
  ['more seconds than a timer holds', { command: 'off', delay: 2 ** 31 }],
  ['null for a number', { command: 'off', delay: null }],
  ['on_for without a time', 'on_for'],
  ['on_for for no time', { command: 'on_for', time: 0 }],
  ['off_for with a delay', { command: 'off_for', delay: 60 }],
  ['limit_power without power', { command: 'limit_power', time: 60 }],
  ['limit_power without time', { command: 'limit_power', power: 60 }],
  ['limit_power of nothing', { command: 'limit_power', power: 0, time: 60 }],
  ['on_at without a time', 'on_at'],
  ['on_at with nonsense', { command: 'on_at', time: 'tomorrow' }],
  ['on_at in seconds from now', { command: 'on_at', time: 60 }],
  ['on_at beyond 32 bits', { command: 'on_at', time: '2200-01-01' }],
  ['persist without async', { command: 'on', persist: false }],
  ['async as text', { command: 'on', async: 'true' }],
  ['add without a serial number', { command: 'add', country: 'US' }],
  ['add with a country in words', { command: 'add', sn: 'X', country: 'Austria' }],
  ['an empty configuration', 'configure'],
  ['an unknown section', configure({ frr: { enable: false } })],
  ['FFR that is no object', configure({ ffr: true })],
  ['FFR without enable', configure({ ffr: NUMBERS })],
  ['FFR without its numbers', configure({ ffr: { enable: true } })],
  ['FFR without one of them', configure({ ffr: { enable: true, ...NUMBERS, periods: undefined } })],
  ['FFR off with numbers', configure({ ffr: { enable: false, ...NUMBERS } })],
  ['FFR with enable as text', configure({ ffr: { enable: 'true', ...NUMBERS } })],
  [
    'FFR that trips where it returns',
    configure({ ffr: { enable: true, ...NUMBERS, returnThreshold: 59.7 } }),
  ],
  [
    'FFR that trips above where it returns',
    configure({ ffr: { enable: true, ...NUMBERS, tripThreshold: 61 } }),
  ],
  ['FFR with NaN', configure({ ffr: { enable: true, ...NUMBERS, tripThreshold: NaN } })],
  ['an unknown flowmeter', configure({ flowmeter: { type: 'x' } })],
  ['no flowmeter with a pipe', configure({ flowmeter: { ...PIPE, type: 'none' } })],
  ['a flowmeter without its pipe', configure({ flowmeter: { type: 'tuf2000m' } })],
  ['a pipe of text', configure({ flowmeter: { ...PIPE, pipeOuterDiameter: '22' } })],
  ['a pipe that is all wall', configure({ flowmeter: { ...PIPE, pipeWallThickness: 11 } })],
  ['a pipe type with quotes', configure({ flowmeter: { ...PIPE, pipeType: 'co"pper' } })],
  ['capacity without its numbers', configure({ capacity: { enable: true } })],
  ['capacity upside down', configure({ capacity: { enable: true, ...LEVELS, minCapacity: 100 } })],
  ['capacity with a negative loss', configure({ capacity: { enable: true, ...LEVELS, lossPerLiter: -1 } })],
  ['a sample period of nothing', configure({ samplePeriod: 0 })],
  ['a schedule that is no list', configure({ schedule: {} })],
  [
    'a schedule that is too long',
    configure({ schedule: Array(40).fill({ name: 'on', when: 1_571_076_135 }) }),
  ],
  ['a scheduled on_for', configure({ schedule: [{ name: 'on_for', when: 1_571_076_135 }] })],
  ['a scheduled on with power', configure({ schedule: [{ name: 'on', when: 1_571_076_135, power: 5 }] })],
  ['a schedule without a moment', configure({ schedule: [{ name: 'on' }] })],
];

describe('commandRequest', () => {
  for (const [what, input, method, path, body] of DOCUMENTED) {
    it(`makes exactly the documented request: ${what}`, () => {
      const request = commandRequest(input);
      assert.equal(request.method, method);
      assert.equal(request.path, path);
      assert.equal(
        JSON.stringify(request.json),
        JSON.stringify(JSON.parse(body)),
        'keys, values and their order',
      );
    });
  }

  it('knows a request without a body, and one that concerns the account', () => {
    const refresh = commandRequest('refresh');
    assert.deepEqual([refresh.method, refresh.path, refresh.json], ['POST', '/status', undefined]);
    assert.equal(commandRequest({ command: 'refresh', async: true }).async, true);
    assert.equal(commandRequest({ command: 'add', sn: 'X', country: 'AT' }).forDevice, false);
  });

  it('sends the duration under the key that the account is set to, never both', () => {
    const { json } = commandRequest({ command: 'on_for', time: 60 }, 'delay');
    assert.deepEqual(json, { command: { name: 'on_for', delay: 60 } });
    const limit = commandRequest({ command: 'limit_power', power: 5, time: 60 }, 'delay');
    assert.deepEqual(limit.json, { command: { name: 'limit_power', power: 5, time: 60 } });
  });

  it('knows which commands switch at once', () => {
    assert.equal(commandRequest(true).switchesTo, true);
    assert.equal(commandRequest(' OFF ').switchesTo, false);
    assert.equal(commandRequest({ command: 'on', delay: 0 }).switchesTo, true);
    assert.equal(commandRequest({ command: 'on', delay: 1 }).switchesTo, null);
    assert.equal(commandRequest({ command: 'on_for', time: 1 }).switchesTo, null);
  });

  for (const [what, input] of REFUSED) {
    it(`refuses ${what}`, () => assert.throws(() => commandRequest(input), { code: 'INVALID_INPUT' }));
  }

  it('refuses every command without what it needs, and none for what it does not', () => {
    const bare = COMMANDS.filter((command) => {
      try {
        commandRequest(command);
        return true;
      } catch {
        return false;
      }
    });
    assert.deepEqual(bare, ['on', 'off', 'refresh', 'reset']);
  });

  it('says what is wrong without repeating what was sent', () => {
    assert.throws(
      () => commandRequest({ command: 'on', '<script>alert(1)</script>': 1 }),
      (error: Error) => !error.message.includes('<'),
    );
  });
});
