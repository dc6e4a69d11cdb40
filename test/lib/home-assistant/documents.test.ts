import assert from 'node:assert/strict';

import { begin, UPS } from '../../support/home-assistant-export';

describe('the document of a device', () => {
  const deviceOf = async (url: unknown): Promise<Record<string, unknown>> => {
    const { connect, clock, own, broker } = begin();
    connect();
    own.take({ device: { ...UPS, url }, payload: { powerSource: 'mains' } });
    await clock.advance(5000);
    const text = broker.retained.get('homeassistant/device/nred_powersentrix_u1/config') ?? '{}';
    return (JSON.parse(text) as { device: Record<string, unknown> }).device;
  };

  it('has the address of its own pages, without path, query and login', async () => {
    assert.equal(
      (await deviceOf('http://192.168.1.50/x?apiKey=secret')).configuration_url,
      'http://192.168.1.50',
    );
  });

  for (const url of ['http://user:secret@192.168.1.50', 'https://secret.example.com', 'secret', 7, null]) {
    it(`has none for ${JSON.stringify(url)}`, async () => {
      const device = await deviceOf(url);
      assert.equal(device.name, 'Server room');
      assert.equal('configuration_url' in device, false);
      assert.equal(JSON.stringify(device).includes('secret'), false);
    });
  }
});
