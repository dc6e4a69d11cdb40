import assert from 'node:assert/strict';

import { startPowercontroller } from '../../../simulators/powercontroller';
import { startPowerflex } from '../../../simulators/powerflex';
import { startPowersentrix } from '../../../simulators/powersentrix';
import { useUserFolder } from '../../support/energy-bench';
import {
  catching,
  type FlowNode,
  loadFlow,
  payloadOf,
  PLACED,
  sink,
  TAB,
  type TestFlow,
} from '../../support/flow';
import { nodeSet } from '../../support/node-set';
import { lanDevice, portNode } from '../powersentrix/bench';

/** A load that is switched, on within a second of enough sun. */
const surplus = (more: FlowNode = {}): FlowNode => ({
  ...{ id: 'surplus', type: 'energy-surplus', ...PLACED, zone: 'UTC', wires: [['command'], []] },
  ...{ power: 2000, onAfter: 1, offAfter: 1, minOn: 0, minOff: 0, ...more },
});

interface Chain {
  /** sends a grid's power, W */
  read: (power: number) => void;
  flow: TestFlow;
}

/** What energy-surplus tells goes into a vendor's command node by a wire, without a node in between. */
describe('energy-surplus wired to', () => {
  useUserFolder();
  let close: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const end of close.splice(0)) await end();
  });

  async function chain(
    types: string[],
    nodes: FlowNode[],
    credentials: Record<string, Record<string, string>>,
  ): Promise<Chain> {
    const flow = await loadFlow(
      ['energy-surplus', ...types].map(nodeSet),
      [TAB, ...nodes, ...['done', 'caught'].map(sink), catching()],
      credentials,
    );
    return { read: (power) => flow.send('surplus', { payload: { power } }), flow };
  }

  /** What came of the last command: the number of answers so far, and that nothing was caught. */
  const answered = async ({ flow }: Chain, count: number): Promise<Record<string, unknown>> => {
    const msg = await flow.at('done').waitFor(() => true, `answer ${count}`, { from: count - 1 });
    assert.deepEqual(
      flow.at('caught').items.map(({ error }) => error),
      [],
    );
    return payloadOf(msg);
  };

  it('ups-port switches the port', async () => {
    const ups = await startPowersentrix();
    close = [() => ups.close()];
    const port = portNode({ id: 'command', port: '5', wires: [['done']] });
    const one = await chain(['ups-device', 'ups-port'], [lanDevice(ups.url), surplus(), port], {
      d: { apiKey: ups.apiKey },
    });
    const before = ups.model.outputs[5];
    assert.equal(before, true);
    one.read(500);
    assert.deepEqual((await answered(one, 1)).on, false);
    assert.equal(ups.model.outputs[5], false);
    one.read(-2500);
    assert.deepEqual((await answered(one, 2)).on, true);
    assert.deepEqual([ups.model.outputs[5], ups.model.toggles], [true, 2]);
  });

  it('powercontroller-command switches the relay', async () => {
    const cloud = await startPowercontroller();
    close = [() => cloud.close()];
    const command = {
      ...{ id: 'command', type: 'powercontroller-command', ...PLACED, account: 'a', operation: 'msg' },
      ...{ deviceId: cloud.deviceId, wires: [['done']] },
    };
    const account = { id: 'a', type: 'powercontroller-account', name: '', url: cloud.url };
    const one = await chain(
      ['powercontroller-account', 'powercontroller-command'],
      [account, surplus(), command],
      { a: { token: cloud.token } },
    );
    one.read(-2500);
    assert.equal((await answered(one, 1)).command, 'off');
    assert.equal((await answered(one, 2)).command, 'on');
    assert.equal(cloud.controller(cloud.deviceId).on, true);
    one.read(4000);
    assert.equal((await answered(one, 3)).command, 'off');
    assert.equal(cloud.controller(cloud.deviceId).on, false);
  });

  it('powerflex-dcm sets the target of the chargers', async () => {
    const site = await startPowerflex();
    close = [() => site.close()];
    const { url, accId, username, password } = site;
    const nodes = [
      { id: 'd', type: 'powerflex-site', name: 'Garage', url, accId: String(accId) },
      surplus({ kind: 'modulate', power: 1380, max: 7360, step: 230, output: 'powerflex-dcm' }),
      {
        ...{ id: 'command', type: 'powerflex-dcm', ...PLACED, site: 'd' },
        ...{ operation: 'set_external_signal', signalName: 'sun', wires: [['done'], []] },
      },
    ];
    const one = await chain(['powerflex-site', 'powerflex-dcm'], nodes, { d: { username, password } });
    const sent = (): unknown[] =>
      site.http.log
        .filter(({ path }) => path.startsWith('/set_'))
        .map(({ body }) => JSON.parse(body) as unknown);
    one.read(-5000);
    await answered(one, 2);
    assert.deepEqual(sent(), [
      { max_load: 0, max_load_unit: 'kW', is_enabled: true, name: 'sun' },
      { max_load: 4.83, max_load_unit: 'kW', is_enabled: true, name: 'sun' },
    ]);
  });
});
