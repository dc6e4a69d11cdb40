import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';

import { DeviceError } from '../../../../lib/core/errors';
import { givenPassword, givenText } from '../../../../lib/core/given';
import { HttpClient } from '../../../../lib/core/http/client';
import { Transport } from '../../../../lib/core/http/transport';
import { parseBaseUrl, withoutZone } from '../../../../lib/core/http/url';
import { parseConnectionConfig, withHost } from '../../../../lib/enapter/mqtt/config';
import { projectRoot } from '../../../../scripts/support/project-root';

/** Hosts as people write them, and the one spelling that each has. */
const HOSTS: Record<string, string> = {
  '127.000.000.010': '127.0.0.10',
  '192.168.001.050': '192.168.1.50',
  '010.001.000.008': '10.1.0.8',
  '008.009.08.09': '8.9.8.9',
  '000.000.000.000': '0.0.0.0',
  '255.255.255.255': '255.255.255.255',
  '192.168.1.50.': '192.168.1.50',
  POWEROPTI: 'poweropti',
  'poweropti.': 'poweropti',
  'ups-1.fritz.box': 'ups-1.fritz.box',
  my_ups: 'my_ups',
  '3com': '3com',
  '1.2.3.4.example': '1.2.3.4.example',
  '0x7f.example': '0x7f.example',
  'größe.local': 'xn--gre-6ka8i.local',
};

const HOSTS6: Record<string, string> = {
  '::1': '::1',
  '0:0:0:0:0:0:0:1': '::1',
  'FE80::0001': 'fe80::1',
  'fe80::1%eth0': 'fe80::1%eth0',
  'fe80::1%25eth0': 'fe80::1%eth0',
  'fe80::1%12': 'fe80::1%12',
  'fe80::1%br-lan.7': 'fe80::1%br-lan.7',
  '::ffff:1.2.3.4': '1.2.3.4',
  '::ffff:7f00:1': '127.0.0.1',
  '2001:db8:0:0::7': '2001:db8::7',
};

/** Other ways to write a number, which reach another device than a person means. */
const NUMBERS = [
  ...[
    '0x7f.1',
    '0x7f.0.0.1',
    '0X7F000001',
    '0x7f000001',
    '127.1',
    '127.0.1',
    '2130706433',
    '017700000001',
    '1',
  ],
  ...['0177.0.0.1', '127.0.0.0001', '256.1.1.1', '1.2.3.256', '999.999.999.999', '127.0.0.0x1', '1.2.3.4.5'],
  ...[
    '0x',
    '1.2.3.0x',
    '１２７.0.0.1',
    '127。0。0。1',
    '127．0．0．1',
    '①②⑦.1',
    '٢',
    '127.0.0.\u00ad1',
    '127.1.',
  ],
  ...['𝟏𝟐𝟕.𝟎.𝟎.𝟏', '0ₓ7f.1'].slice(0, 1),
];

const NO_HOSTS = [
  ...[
    'a..b',
    '.',
    '..',
    'a b',
    'a\\b',
    '-',
    'host..',
    '%31%32%37.0.0.1',
    'ho%73t',
    'a,b',
    'a;b',
    'a*b',
    'ho<st',
  ].filter((host) => host !== '-'),
  ...['[127.0.0.1]', '[::1', '::1]', '[]', '[:]', ':::', '1::2::3', 'fe80::1%', 'fe80::1%a b', 'fe80::1%a%b'],
  ...[
    '::ffff:127.000.000.010',
    '12345::',
    'g::1',
    'me@host',
    'me:pw@host',
    `${'a'.repeat(64)}.b`,
    'a.'.repeat(200),
  ],
  ...[
    'host:',
    'http:/x',
    'https:/192.168.1.5/',
    'host:/',
    'host:0',
    'host:65536',
    'host:-1',
    'host:8x',
    'host:８０',
    '[::1]:',
    '[::1]:x',
    '[::1]80',
  ].filter((host) => !/^(host|\[::1\]):$/.test(host)),
];

function reasonOf(work: () => unknown): string {
  try {
    work();
  } catch (thrown) {
    assert(thrown instanceof DeviceError);
    assert.deepEqual([thrown.code, thrown.sent], ['INVALID_INPUT', false]);
    return thrown.reason;
  }
  return '';
}

const CONFIG = parseConnectionConfig(
  JSON.stringify({
    mqtt_host: 'broker',
    mqtt_port: 1883,
    mqtt_protocol: 'MQTT',
    hardware_id: 'H1',
    channel_id: 'c',
    mqtt_credentials: { username: 'me', password: 'pass' },
  }),
);

/** The dialogs' own validator, in a browser of its own. */
function dialogsAddress(): (typed: string) => unknown {
  const window: { EnergyDevices?: { address: (type: string) => (value: unknown) => unknown } } = {};
  const RED = { _: (key: string) => key.replace(/^.*:/, '') };
  const source = readFileSync(join(projectRoot(), 'resources', 'energy-devices.js'), 'utf8');
  runInNewContext(source, { window, RED, URL, $: () => undefined });
  return (typed) => window.EnergyDevices?.address('x')(typed);
}

describe('an address', () => {
  const shown = (host: string): string => {
    const [address = '', zone] = host.split('%');
    if (!address.includes(':')) return host;
    return zone === undefined ? `[${address}]` : `[${address}%25${zone}]`;
  };

  for (const [typed, host] of Object.entries({ ...HOSTS, ...HOSTS6 })) {
    it(`${typed} is ${host}`, () => {
      const bracketed = typed.includes(':') ? `[${typed}]` : typed;
      assert.equal(parseBaseUrl(typed, 'http'), `http://${shown(host)}`);
      assert.equal(parseBaseUrl(` ${typed}\r\n`, 'https'), `https://${shown(host)}`);
      assert.equal(parseBaseUrl(`${bracketed}:8080`, 'http'), `http://${shown(host)}:8080`);
      assert.equal(parseBaseUrl(`HTTPS://${bracketed}:443/v1//`, 'http'), `https://${shown(host)}/v1`);
      assert.equal(withHost(CONFIG, typed).host, host);
      assert.deepEqual(
        [withHost(CONFIG, `${bracketed}:08883`)].map(({ host: to, port }) => [to, port]),
        [[host, 8883]],
      );
      assert.equal(withHost(CONFIG, typed).port, 1883);
      assert.equal(dialogsAddress()(typed), true);
      assert.equal(dialogsAddress()(`http://${bracketed}:80/x`), true);
    });
  }

  for (const typed of NUMBERS) {
    it(`${typed} is refused, with a text of its own`, () => {
      for (const whole of [typed, `http://${typed}/`, `${typed}:8080`, `https://${typed}:1/v1`]) {
        assert.equal(
          reasonOf(() => parseBaseUrl(whole, 'http')),
          'addressNumber',
          whole,
        );
        assert.equal(dialogsAddress()(whole), 'errors.addressNumber', whole);
      }
      assert.equal(
        reasonOf(() => withHost(CONFIG, typed)),
        'addressNumber',
      );
      assert.equal(
        reasonOf(() => withHost(CONFIG, `${typed}:1`)),
        'addressNumber',
      );
    });
  }

  for (const typed of NO_HOSTS) {
    it(`${typed.slice(0, 40)} is none`, () => {
      assert.equal(
        reasonOf(() => parseBaseUrl(typed, 'http')),
        'addressInvalid',
      );
      assert.equal(
        reasonOf(() => withHost(CONFIG, typed)),
        'enapterHost',
      );
    });
  }

  it('of a pasted configuration follows the same rules', () => {
    const paste = (host: string): string => {
      const { port, login } = CONFIG as typeof CONFIG & { login: object };
      return JSON.stringify({
        mqtt_host: host,
        mqtt_port: port,
        mqtt_protocol: 'MQTT',
        hardware_id: 'H1',
        channel_id: 'c',
        mqtt_credentials: login,
      });
    };
    for (const [typed, host] of Object.entries({ ...HOSTS, ...HOSTS6 }))
      assert.equal(parseConnectionConfig(paste(typed)).host, host);
    for (const typed of NUMBERS)
      assert.equal(
        reasonOf(() => parseConnectionConfig(paste(typed))),
        'addressNumber',
      );
    for (const typed of ['', ...NO_HOSTS])
      assert.equal(
        reasonOf(() => parseConnectionConfig(paste(typed))),
        'enapterConfigLacks',
        typed,
      );
    assert.equal(parseConnectionConfig(`\ufeff ${Buffer.from(paste('h')).toString('base64')}\r\n`).host, 'h');
  });

  it('with a zone is one that Node can read, and connects within the zone', async () => {
    assert.deepEqual(withoutZone('http://[fe80::1%25eth0]:81/x'), {
      url: 'http://[fe80::1]:81/x',
      host: 'fe80::1%eth0',
    });
    assert.deepEqual(withoutZone('http://[::1]'), { url: 'http://[::1]' });
    // Every machine has a loopback interface, whose name is its zone.
    const [zone] =
      Object.entries(networkInterfaces()).find(([, list]) =>
        list?.some(({ address }) => address === '::1'),
      ) ?? [];
    if (zone === undefined) return;
    let asked: http.IncomingMessage | undefined;
    const server = http.createServer((request, response) => {
      asked = request;
      response.end('{"ok":true}');
    });
    await new Promise<void>((resolve) => server.listen(0, '::1', resolve));
    const { port } = server.address() as AddressInfo;
    const transport = new Transport();
    try {
      for (const typed of [`[::1]:${port}`, `[::1%${zone}]:${port}`]) {
        for (const safe of [true, false]) {
          const client = new HttpClient(transport, { baseUrl: parseBaseUrl(typed, 'http') });
          assert.deepEqual(await client.json({ method: 'GET', path: 'x', safe }), { ok: true });
          assert.equal(asked?.headers.host, `[::1]:${port}`);
        }
      }
    } finally {
      transport.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});

describe('what a person enters', () => {
  const AROUND = [
    '',
    ' ',
    '\t',
    '\r',
    '\n',
    '\r\n',
    '\ufeff',
    '\u200b',
    '\u00a0',
    '\u2028',
    '\u2060',
    '\u202a',
    '\0',
  ];

  it('is used without the blanks and marks around it', () => {
    for (const before of AROUND)
      for (const behind of AROUND) {
        assert.equal(givenText(`${before}${behind}key one${behind}${before}`), 'key one');
      }
    for (const nothing of [undefined, null, 7, {}, '', ' \r\n\ufeff']) assert.equal(givenText(nothing), '');
    assert.equal(givenText(' '.repeat(200_000)), '');
  });

  it('keeps the blanks of a password, and nothing that no field takes', () => {
    assert.equal(givenPassword('\ufeff pass word \t\r\n'), ' pass word \t');
    assert.equal(givenPassword('\u200bpass\0'), 'pass');
    assert.equal(givenPassword(undefined), '');
  });

  for (const variable of [
    '${NAME}',
    '$(NAME)',
    ' ${NAME}\r\n',
    '\ufeff$(NAME)',
    '${a.b-c/d}',
    '${$parent.X}',
  ]) {
    it(`is never the name of a variable: ${JSON.stringify(variable)}`, () => {
      for (const read of [givenText, givenPassword]) {
        if (read === givenPassword && variable.startsWith(' ')) continue;
        assert.equal(
          reasonOf(() => read(variable)),
          'variableUnset',
        );
      }
      assert.equal(
        reasonOf(() => parseBaseUrl(variable, 'http')),
        'variableUnset',
      );
      assert.equal(
        reasonOf(() => withHost(CONFIG, variable)),
        'variableUnset',
      );
      assert.equal(
        reasonOf(() => parseConnectionConfig(variable)),
        'variableUnset',
      );
    });
  }

  it('is an address only where a variable is the whole of it', () => {
    for (const part of ['http://${HOST}', '${HOST}:8080', 'http://host/${ID}', '$(HOST)/x'])
      assert.equal(
        reasonOf(() => parseBaseUrl(part, 'http')),
        'variablePart',
      );
  });

  for (const value of ['pa${x}', '${}', '$', '${a b}', '$NAME', '{NAME}', '$[NAME]']) {
    it(`is taken as it is: ${value}`, () => assert.equal(givenText(value), value));
  }
});
