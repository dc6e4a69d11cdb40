import assert from 'node:assert/strict';

import { Outbox } from '../../../lib/enapter/mqtt/outbox';

describe('enapter: what waits to be said', () => {
  it('drops words of progress before any last answer', () => {
    const outbox = new Outbox();
    outbox.addResponse({ topic: 't', body: 'done' }, true);
    for (let n = 0; n < 5000; n++) outbox.addResponse({ topic: 't', body: `${n} %` }, false);
    const waiting = outbox.take(10_000).map(({ body }) => body);
    assert.equal(waiting[0], 'done');
    assert.equal(waiting.at(-1), '4999 %');
    assert.equal(waiting.length, 201);
    assert.equal(outbox.droppedResponses, 4800);
  });

  it('drops the oldest log, and says how many there were', () => {
    const outbox = new Outbox();
    for (let n = 0; n < 203; n++) outbox.addLog({ topic: 't', body: String(n) });
    assert.equal(outbox.take(1)[0]?.body, '3');
    assert.deepEqual([outbox.takeDropped(), outbox.takeDropped(), outbox.droppedLogs], [3, 0, 3]);
  });
});
