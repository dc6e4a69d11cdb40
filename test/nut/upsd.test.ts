import assert from 'node:assert/strict';

import { NutHub, type NutUps } from '../../lib/nut/hub';
import { NutServer } from '../../lib/nut/server';
import { LineClient, Upsd } from '../support/nut';

/** As `dummy-ups` takes them; a `#` and quotes are marked there as on the wire. */
const VARIABLES = new Map([
  ['battery.voltage', '53.50'],
  ['device.mfr', 'PowerSentrix'],
  ['device.model', 'PWX-12'],
  ['device.type', 'ups'],
  ['input.voltage', '54.10'],
  ['outlet.1.desc', 'Rack 1'],
  ['outlet.1.status', 'on'],
  ['outlet.count', '12'],
  ['ups.mfr', 'PowerSentrix'],
  ['ups.model', 'PWX-12'],
  ['ups.status', 'OL'],
]);

/** `dummy-ups` has this one. */
const COMMAND = 'load.off';

const SESSIONS: Readonly<Record<string, string[]>> = {
  'what is said without a name': [
    'NETVER',
    'PROTVER',
    'HELP',
    'STARTTLS',
    'FOO',
    'GET',
    'GET VAR',
    'GET VAR ups',
    'GET VAR ups ups.status',
    'GET VAR ups UPS.STATUS',
    'GET VAR UPS ups.status',
    'GET VAR nope ups.status',
    'GET VAR ups nope',
    'GET VAR ups ups.status more',
    'GET TYPE ups nope',
    'GET DESC ups ups.status',
    'GET DESC ups battery.voltage',
    'GET DESC ups outlet.1.desc',
    'GET DESC ups nope',
    'GET DESC nope ups.status',
    'GET CMDDESC ups outlet.1.load.off',
    'GET CMDDESC ups nope',
    'GET UPSDESC ups',
    'GET UPSDESC nope',
    'GET NUMLOGINS ups',
    'GET NUMLOGINS nope',
    'GET TRACKING',
    'GET FOO ups',
    'LIST',
    'LIST UPS',
    'LIST VAR',
    'LIST VAR nope',
    'LIST RW nope',
    'LIST CMD ups',
    'LIST CMD nope',
    'LIST ENUM ups ups.status',
    'LIST ENUM ups nope',
    'LIST RANGE ups ups.status',
    'LIST CLIENT ups',
    'LIST CLIENT nope',
    'LIST FOO ups',
    'get var ups ups.status',
    'GET "VAR" ups "ups.status"',
    'GET VAR ups ups\\.status',
    'GET   VAR\tups ups.status',
    'LOGIN ups',
    'FSD ups',
    'PRIMARY ups',
    'INSTCMD ups load.off',
    'SET VAR ups ups.status x',
    'SET TRACKING ON',
    'LOGOUT',
  ],
  'a wrong password': [
    'USERNAME',
    'USERNAME monuser',
    'USERNAME again',
    'LOGIN ups',
    'PASSWORD',
    'PASSWORD wrong',
    'PASSWORD again',
    'LOGIN nope',
    'LOGIN ups',
    'GET VAR ups ups.status',
    'INSTCMD ups load.off',
    'FSD ups',
    'MASTER ups',
    'PRIMARY ups',
    'LOGOUT',
  ],
  'a secondary': [
    'USERNAME monuser',
    'PASSWORD "se cret"',
    'LOGIN',
    'LOGIN nope',
    'LOGIN ups',
    'LOGIN ups',
    'GET NUMLOGINS ups',
    'LIST CLIENT ups',
    'PRIMARY ups',
    'MASTER ups',
    'FSD ups',
    'INSTCMD ups load.off',
    'LOGOUT more',
    'LOGOUT',
  ],
  'a primary': [
    'PASSWORD adm',
    'USERNAME admin',
    'PRIMARY',
    'PRIMARY nope',
    'PRIMARY ups',
    'MASTER ups',
    'LOGIN ups',
    'GET NUMLOGINS ups',
    'SET',
    'SET VAR',
    'SET VAR ups',
    'SET VAR ups nope 3',
    'SET VAR nope ups.status 3',
    'INSTCMD',
    'INSTCMD ups',
    'INSTCMD ups nope',
    'INSTCMD ups load.off',
    'INSTCMD nope load.off',
    'FSD',
    'FSD nope',
    'FSD ups',
    'GET VAR ups ups.status',
    'LOGOUT',
  ],
  'a user without a role': [
    'USERNAME norole',
    'PASSWORD x',
    'LOGIN ups',
    'PRIMARY ups',
    'FSD ups',
    'INSTCMD ups load.off',
    'LOGOUT',
  ],
};

describe('our server beside upsd', () => {
  const upsd = new Upsd();
  let ours: NutServer | undefined;
  let port = 0;

  before(async function () {
    this.timeout(60_000);
    await upsd.start('Rack 3', VARIABLES, [
      { name: 'monuser', password: 'se cret', rights: ['upsmon secondary'] },
      { name: 'admin', password: 'adm', rights: ['upsmon primary', 'actions = SET', 'instcmds = ALL'] },
      { name: 'norole', password: 'x', rights: [] },
    ]);
    const ups: NutUps = {
      description: 'Rack 3',
      variables: () => VARIABLES,
      commands: () => [COMMAND],
    };
    const hub = new NutHub();
    hub.configure({
      upses: new Map([['ups', ups]]),
      users: [
        { name: 'monuser', password: 'se cret', role: 'secondary', commands: false },
        { name: 'admin', password: 'adm', role: 'primary', commands: true },
        { name: 'norole', password: 'x', role: null, commands: false },
      ],
    });
    port = await new Promise((resolve) => {
      const server = new NutServer({
        hub,
        version: 'test',
        onState: (state) => state.state === 'listening' && resolve(state.port),
      });
      ours = server;
      server.listen({ host: '127.0.0.1', port: 0 });
    });
  });

  after(async () => {
    ours?.close();
    await upsd.close();
  });

  const record = async (at: number, lines: readonly string[]): Promise<string[]> => {
    const client = await LineClient.connect(at);
    const replies: string[] = [];
    for (const line of lines) replies.push(`> ${line}\n${await client.ask(line)}`);
    client.close();
    return replies;
  };

  for (const [name, lines] of Object.entries(SESSIONS)) {
    it(`says the same: ${name}`, async () => {
      assert.deepEqual(await record(port, lines), await record(upsd.port, lines));
    });
  }
});
