import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';

import type { Request, Response } from 'express';
import type { Node, NodeAPI } from 'node-red';

import { DeviceError } from '../../../lib/core/errors';
import { runAction, type DialogAction } from '../../../nodes/shared/admin';
import { defineForm } from '../../../nodes/shared/form';
import { diagnosticsQuery } from '../../../nodes/shared/diagnostics';
import { FakeClock, settle } from '../../support/fake-clock';

const FORM = defineForm({ type: 'a-type', category: 'config', color: '', icon: '', rows: [] });

const RED = {
  nodes: { getNode: () => null, getCredentials: () => undefined },
  settings: {},
} as unknown as NodeAPI;

/** As much of an express answer as is used. */
class Responding extends EventEmitter {
  destroyed = false;
  body: Record<string, unknown> | undefined;
  code = 200;
  headers: Record<string, string> = {};

  status(code: number): this {
    this.code = code;
    return this;
  }

  set(headers: Record<string, string>): this {
    Object.assign(this.headers, headers);
    return this;
  }

  json(body: Record<string, unknown>): this {
    this.body = body;
    return this;
  }

  /** The browser goes away. */
  leave(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

function ask(action: DialogAction, clock = new FakeClock()): Responding {
  const res = new Responding();
  const req = {
    params: { id: 'n', name: 'test' },
    is: () => 'application/json',
    body: {},
  } as unknown as Request;
  runAction(RED, FORM, { actions: { test: action } }, req, res as unknown as Response, clock);
  return res;
}

const never = new Promise<never>(() => undefined);

describe("a dialog's question", () => {
  it('is answered in time, though what is asked never ends', async () => {
    for (const action of [() => never, (_v: unknown, _i: string, signal: AbortSignal) => heeding(signal)]) {
      const clock = new FakeClock();
      const res = ask(action, clock);
      await clock.advance(60_000);
      assert.deepEqual([res.body?.ok, res.body?.code], [false, 'TIMEOUT']);
      assert.equal(res.headers['Cache-Control'], 'no-store');
      assert.equal(clock.pending, 0);
    }
  });

  it('ends when the browser has left, and nobody is answered', async () => {
    const clock = new FakeClock();
    let aborted = false;
    const res = ask((_values, _id, signal) => {
      signal.addEventListener('abort', () => (aborted = true));
      return heeding(signal);
    }, clock);
    await settle();
    res.leave();
    await settle();
    assert.equal(aborted, true);
    assert.equal(res.body, undefined);
    assert.equal(clock.pending, 0);
  });

  it('is answered when the action throws at once, and when it rejects', async () => {
    const throwing: DialogAction[] = [
      () => {
        throw new DeviceError('REJECTED', 'no');
      },
      () => Promise.reject(new DeviceError('REJECTED', 'no')),
    ];
    for (const action of throwing) {
      const clock = new FakeClock();
      const res = ask(action, clock);
      await settle();
      assert.equal(res.body?.code, 'REJECTED');
      assert.equal(clock.pending, 0);
    }
  });

  function heeding(signal: AbortSignal): Promise<never> {
    return new Promise((_, reject) =>
      signal.addEventListener('abort', () => reject(new DeviceError('CANCELLED', 'gone'))),
    );
  }
});

describe('diagnostics', () => {
  const config = JSON.stringify({
    host: 'broker.example',
    password: 'pw-inside',
    tls: { private_key: 'KEY-INSIDE' },
  });
  const withNode = {
    ...RED,
    nodes: {
      getNode: (id: string) => ({ id, type: 'a-type', credentials: { apiKey: 'the-api-key', config } }),
    },
    settings: { version: '4.1.0' },
  } as unknown as NodeAPI;
  const tell = (part: Record<string, unknown>): string => {
    const query = diagnosticsQuery(withNode, 'a-type', (node: Node) => ({
      settings: { id: node.id },
      ...part,
    }));
    return JSON.stringify(query('n'));
  };

  for (const secret of [
    'the-api-key',
    'pw-inside',
    'KEY-INSIDE',
    'session-token-now',
    'session-token-before',
  ]) {
    it(`do not tell ${secret}, wherever it stands`, () => {
      const text = tell({
        secrets: ['session-token-now', undefined, 'session-token-before'],
        problem: `refused ${secret}`,
        stats: { recentErrors: [{ message: `Bearer ${secret}` }] },
        [secret]: [secret, { deep: secret }],
      });
      assert.ok(!text.includes(secret), text);
      assert.ok(!text.includes('secrets'), 'the list itself is not shown');
    });
  }

  it('tell what is no secret of a configuration', () => {
    assert.match(tell({ problem: 'broker.example is gone' }), /broker\.example/);
  });
});
