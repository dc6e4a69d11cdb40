import assert from 'node:assert/strict';

import { Transport } from '../../../lib/core/http/transport';
import { CloudClient } from '../../../lib/powersentrix/cloud-client';
import { type PowersentrixCloud, startPowersentrixCloud } from '../../../simulators/powersentrix';
import { failsWith } from '../../support/expect-error';

describe('refusals that the cloud passes on', () => {
  let transport: Transport;
  let cloud: PowersentrixCloud;
  let client: CloudClient;
  beforeEach(async () => {
    transport = new Transport();
    cloud = await startPowersentrixCloud();
    client = new CloudClient({ url: cloud.url, email: cloud.email, password: cloud.password }, transport);
  });
  afterEach(async () => {
    client.close();
    transport.close();
    await cloud.close();
  });
  const paths = (): string[] => cloud.http.log.map(({ path }) => path.slice('/api/v1/'.length));

  it('leaves the account alone when one UPS refuses the key that the portal holds', async () => {
    const says = (responseMessage: string): void =>
      cloud.faults.add({
        kind: 'body',
        body: JSON.stringify({ responseMessage }),
        times: 1,
        match: ({ path }) => !path.endsWith('authenticate'),
      });
    const toggles = (): number => paths().filter((path) => path.endsWith('changePortState')).length;
    await client.list();
    says('Invalid API key');
    assert.equal(
      (await failsWith(client.readComplex('42'), 'FORBIDDEN')).reason,
      'powersentrixPortalKeyRefused',
    );
    says('Unauthorized');
    assert.equal(
      (await failsWith(client.toggle('42', 0), 'FORBIDDEN')).reason,
      'powersentrixPortalKeyRefused',
    );
    assert.deepEqual([toggles(), cloud.logins, client.session.refused], [1, 1, undefined]);
    await client.readComplex('42');
  });

  it('takes no word of an answer for a refusal that may mean something else', async () => {
    const responses = ['Timeout of /api_actions?apiKey=x', 'Socket write timeout', 'write error'];
    for (const responseMessage of responses) {
      const body = JSON.stringify({ responseMessage });
      cloud.faults.add({
        kind: 'body',
        body,
        times: 1,
        match: ({ path }) => path.endsWith('changePortState'),
      });
      await failsWith(client.toggle('42', 0), 'REJECTED');
    }
    assert.deepEqual(
      [paths().filter((path) => path.endsWith('changePortState')).length, cloud.logins],
      [3, 1],
    );
  });
});
