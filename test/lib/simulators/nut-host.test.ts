import assert from 'node:assert/strict';

import { NutHub, type NutUps } from '../../../lib/nut/hub';
import { NutServer } from '../../../lib/nut/server';
import { NutHost } from '../../../simulators/nut-host';
import { UpsModel } from '../../../simulators/powersentrix';
import { Feed } from '../../support/feed';

describe('the simulated host behind a UPS', () => {
  it('logs in, goes down when it has to, and boots when somebody presses its button', async () => {
    let status = 'OL';
    const ups: NutUps = {
      description: 'Rack',
      variables: () => new Map([['ups.status', status]]),
      commands: () => [],
    };
    const hub = new NutHub();
    hub.configure({
      upses: new Map([['ups', ups]]),
      users: [{ name: 'nas', password: 'x', role: 'secondary', commands: false }],
    });
    let server: NutServer | undefined;
    const port = await new Promise<number>((resolve) => {
      server = new NutServer({
        hub,
        version: 'test',
        onState: (state) => state.state === 'listening' && resolve(state.port),
      });
      server.listen({ host: '127.0.0.1', port: 0 });
    });
    const states = new Feed<string>();
    const host = new NutHost({
      port,
      user: 'nas',
      password: 'x',
      interval: 10,
      shutdownTime: 10,
      onState: (state) => states.push(state),
    });
    try {
      await states.waitFor((state) => state === 'up', 'up');
      while (hub.clientsOf(ups).length === 0) await new Promise((resolve) => setImmediate(resolve));
      status = 'OB LB';
      await states.waitFor((state) => state === 'down', 'down');
      assert.equal(hub.clientsOf(ups).length, 0);
      status = 'OL';
      const from = states.items.length;
      host.boot();
      await states.waitFor((state) => state === 'up', 'up again', { from });
      assert.deepEqual(states.items, ['up', 'goingDown', 'down', 'away', 'up']);
    } finally {
      host.close();
      server?.close();
    }
  });
});

describe('the battery of the simulated UPS', () => {
  it('lasts the longer, the fewer ports and hosts it feeds', () => {
    let now = 0;
    const left = (prepare: (model: UpsModel) => void): number => {
      now = 0;
      const model = new UpsModel({ now: () => now });
      prepare(model);
      model.setMains(false);
      now = 600_000;
      model.complex();
      return model.charge;
    };
    const all = left(() => undefined);
    const asleep = left((model) => model.asleep.add(4));
    const off = left((model) => model.setPort(4, false));
    assert.ok(Math.abs(all - 5 / 6) < 1e-9, String(all));
    assert.ok(all < asleep && asleep < off && off < 1, `${all} ${asleep} ${off}`);
  });
});
