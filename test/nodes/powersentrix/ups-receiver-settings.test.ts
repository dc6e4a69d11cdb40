import assert from 'node:assert/strict';

import { type FlowNode, LEVEL, loadFlow, TAB, type TestFlow, unloadFlow } from '../../support/flow';
import { DOCUMENTED_COMPLEX } from '../../lib/powersentrix/documented';
import { NODES, pushDevice } from './bench';
import type { ReceiverPart } from '../../../nodes/powersentrix/parts';
import type { ConfigNode } from '../../../nodes/shared/config-node';
import { catchRed, type PushServer, startPushServer } from './push-server';

const COMPANY = 'company';
const RECEIVER: FlowNode = { id: 'r', type: 'ups-receiver', path: '/powersentrix' };
const DATA = JSON.stringify(DOCUMENTED_COMPLEX);

describe('the settings of a receiver', () => {
  let flow: TestFlow;
  let server: PushServer | undefined;
  const { probe, caught } = catchRed();
  afterEach(async () => {
    await unloadFlow();
    await server?.close();
    server = undefined;
  });

  for (const [what, node, secret] of [
    ['a path with a space', { ...RECEIVER, path: '/a b' }, ''],
    ['an empty path', { ...RECEIVER, path: '' }, ''],
    ['a path upwards', { ...RECEIVER, path: '/../x' }, ''],
    ['a secret with a slash', RECEIVER, 'a/b'],
  ] as const) {
    it(`refuses ${what}`, async () => {
      flow = await loadFlow(NODES, [TAB, node, pushDevice()], {
        r: { companyId: COMPANY, secret },
      });
      assert.equal(flow.log(LEVEL.warn).filter(({ id }) => id === 'r').length, 1);
    });
  }

  for (const [what, path, credentials] of [
    ['company identifier', '/powersentrix', { companyId: '${UPS_COMPANY_UNSET}', secret: '' }],
    [
      'company identifier in brackets',
      '/powersentrix',
      { companyId: ' $(UPS_COMPANY_UNSET)\r\n', secret: '' },
    ],
    ['secret', '/powersentrix', { companyId: COMPANY, secret: '${UPS_SECRET_UNSET}' }],
    ['path', '${UPS_PATH_UNSET}', { companyId: COMPANY, secret: '' }],
  ] as const) {
    it(`never takes the name of an unset variable for its ${what}`, async () => {
      flow = await loadFlow([probe, ...NODES], [TAB, { ...RECEIVER, path }, pushDevice()], {
        r: credentials,
      });
      server = await startPushServer(caught());
      const { problem } = (flow.node('r') as ConfigNode<ReceiverPart>).holder;
      assert.equal(problem?.reason, 'variableUnset');
      const given = encodeURIComponent(credentials.companyId.trim());
      const { status } = await server.post(
        `/powersentrix/api/setUpsData?companyId=${given}&cmm=ups-01`,
        DATA,
      );
      assert.equal(status, 404);
    });
  }

  it('refuses to run without a company', async () => {
    flow = await loadFlow(NODES, [TAB, RECEIVER], {});
    assert.match(flow.log(LEVEL.warn)[0]?.msg ?? '', /company/i);
  });
});
