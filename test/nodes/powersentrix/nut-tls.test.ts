import assert from 'node:assert/strict';

import type { NodeInitializer } from 'node-red';

import { runningNutServer } from '../../../nodes/powersentrix/nut-running';
import { type PowersentrixSimulator, startPowersentrix } from '../../../simulators/powersentrix';
import { freePort } from '../../../simulators/support/free-port';
import { testTls } from '../../support/fixture';
import { LEVEL, PLACED, type TestFlow, unloadFlow } from '../../support/flow';
import { LineClient } from '../../support/nut';
import { nodeSet } from '../../support/node-set';
import { lanDevice, load } from './bench';

const { ca, serverCert, serverKey, clientKey } = testTls();

describe('the TLS settings of a NUT server', () => {
  let ups: PowersentrixSimulator;
  let flow: TestFlow;
  let port: number;
  let end: () => void = () => undefined;

  beforeEach(async () => {
    ups = await startPowersentrix();
    port = await freePort();
  });
  afterEach(async () => {
    end();
    await unloadFlow();
    await ups.close();
  });

  const start = async (tls: string, credentials: object = {}): Promise<void> => {
    const core = (await import(require.resolve('@node-red/nodes/core/network/05-tls.js'))) as {
      default: NodeInitializer;
    };
    const server = {
      ...{ id: 's', type: 'ups-nut-server', ...PLACED, device: 'd', names: 'ups' },
      ...{ host: '127.0.0.1', port, tls, wires: [[], []] },
    };
    const settings = { id: 't', type: 'tls-config', name: '', cert: '', key: '', ca: '' };
    flow = await load(
      [lanDevice(ups.url), settings, server],
      { d: { apiKey: ups.apiKey }, t: { ...credentials } },
      [
        core.default,
        nodeSet('ups-nut-server'),
        // It outlives its node.
        (RED) => void (end = () => runningNutServer(RED, 's')?.end()),
      ],
    );
  };
  const asked = async (): Promise<{ client: LineClient; reply: string }> => {
    const client = await LineClient.connect(port);
    return { client, reply: await client.ask('STARTTLS') };
  };
  const listening = (): Promise<unknown> =>
    flow.statusOf('s').waitFor(({ fill, shape }) => fill !== 'red' && shape === 'dot', 'listening');

  it('give clients the certificate of the chosen node', async () => {
    await start('t', { certdata: serverCert, keydata: serverKey });
    await listening();
    const { client, reply } = await asked();
    assert.equal(reply, 'OK STARTTLS\n');
    await client.secure({ ca, servername: 'broker.invalid' });
    assert.equal(await client.ask('GET UPSDESC ups'), 'UPSDESC ups "Rack"\n');
    client.close();
  });

  it('may be none', async () => {
    await start('');
    await listening();
    const { client, reply } = await asked();
    assert.equal(reply, 'ERR FEATURE-NOT-CONFIGURED\n');
    client.close();
  });

  for (const [what, tls, credentials, warning] of [
    ['nobody has deployed them', 'gone', {}, /TLS settings are missing/],
    ['they have a certificate authority alone', 't', { cadata: ca }, /no certificate with its key/],
    ['they hold no PEM', 't', { certdata: 'x', keydata: 'y' }, /no certificate with its key/],
    [
      'they have the key of another certificate',
      't',
      { certdata: serverCert, keydata: clientKey },
      /no certificate with its key/,
    ],
  ] as const) {
    it(`are refused where ${what}: nobody is served in the clear instead`, async () => {
      await start(tls, credentials);
      await flow
        .statusOf('s')
        .waitFor(({ fill, text }) => fill === 'red' && text === 'status.unconfigured', 'red');
      const warnings = flow.log(LEVEL.warn).filter(({ id }) => id === 's');
      assert.deepEqual([warnings.length, warning.test(String(warnings[0]?.msg))], [1, true]);
      await assert.rejects(LineClient.connect(port));
      assert.doesNotMatch(JSON.stringify(flow.log()), /PRIVATE KEY/);
    });
  }
});
