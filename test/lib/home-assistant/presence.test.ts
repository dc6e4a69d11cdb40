import assert from 'node:assert/strict';

import { begin } from '../../support/home-assistant-export';

const TOPIC = 'node-red/status';
const PRESENCE = { topic: TOPIC, online: 'here', offline: 'gone' };

describe('the presence of a broker', () => {
  const started = () => {
    const run = begin({}, undefined, PRESENCE);
    run.connect();
    const hear = (payload: string): void => {
      run.broker.retained.set(TOPIC, payload);
      run.own.received('presence', TOPIC, payload, false);
    };
    return { ...run, hear };
  };
  const said = ({ broker }: ReturnType<typeof started>): string[] =>
    broker
      .take()
      .filter(({ topic }) => topic === TOPIC)
      .map(({ payload, retain }) => `${payload}${retain ? ', kept' : ''}`);

  it('is listened to where the broker has one on a topic of its own', () => {
    const listens = (presence?: typeof PRESENCE): boolean =>
      begin({}, undefined, presence)
        .own.subscriptions()
        .some(({ kind, topic }) => kind === 'presence' && topic === presence?.topic);
    assert.deepEqual(
      [listens(PRESENCE), listens(), listens({ ...PRESENCE, topic: 'homeassistant/status' })],
      [true, false, false],
    );
  });

  it('is said again where the last will of another connection comes late', async () => {
    const run = started();
    run.hear('gone');
    await run.clock.advance(0);
    assert.deepEqual(said(run), ['here, kept']);
    run.hear('here');
    await run.clock.advance(60_000);
    assert.deepEqual(said(run), []);
  });

  it('is said where the connection stood before anybody listened', async () => {
    const run = started();
    run.own.stoodBefore();
    await run.clock.advance(0);
    assert.deepEqual(said(run), ['here, kept']);
  });

  it('is said once a second at the most, and stands in the end', async () => {
    const run = started();
    for (let i = 0; i < 50; i++) {
      run.hear('gone');
      await run.clock.advance(100);
    }
    await run.clock.advance(1000);
    const count = said(run).length;
    assert.ok(count >= 4 && count <= 6, `${count} times`);
    assert.equal(run.broker.retained.get(TOPIC), 'here');
  });

  it('is left alone without a connection, and after the end', async () => {
    const run = started();
    run.broker.connected = false;
    run.hear('gone');
    await run.clock.advance(0);
    run.broker.connected = true;
    run.hear('gone');
    run.own.close(false);
    await run.clock.advance(60_000);
    run.hear('gone');
    await run.clock.advance(60_000);
    assert.deepEqual(said(run), []);
  });
});
