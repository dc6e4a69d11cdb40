import assert from 'node:assert/strict';

import { dialogDefinitions } from '../support/dialogs';
import { type AdminRoute, adminRoutes, dialogNames } from '../support/routes';
import { type Runtime, startRuntime } from '../support/runtime';

/** What a user sees who has the right to look only: anything but a refusal. */
const REFUSED = [401, 403];

describe('admin routes', () => {
  let runtime: Runtime;
  let routes: AdminRoute[];
  before(async () => {
    routes = await adminRoutes();
    runtime = await startRuntime({ adminAuth: true });
  });
  after(async () => {
    await runtime.stop();
  });

  /** The status of an answer for a node that does not exist. */
  const ask = async (method: string, path: string, token: string | null): Promise<number> =>
    (
      await runtime.request(path.replace(':id', 'none').replace(/^\//, ''), {
        method: method.toUpperCase(),
        token,
        body: method === 'get' ? undefined : {},
      })
    ).status;

  /** Every question that a route answers, by its names. */
  const questions = (): { method: string; path: string }[] => {
    const names = new Map(dialogNames().map((found) => [found.type, found]));
    return routes.flatMap(({ type, method, path }) => {
      const { actions = [], queries = [] } = names.get(type) ?? {};
      return [...(method === 'get' ? queries : actions), 'none'].map((name) => ({
        method,
        path: path.replace(':name', name),
      }));
    });
  };

  it('are two for each type that a dialog asks something, and no others', () => {
    const expected = dialogNames()
      .filter(({ actions, queries }) => actions.length + queries.length > 0)
      .flatMap(({ type }) =>
        ['post', 'get'].map((method) => `${method} /energy-devices/${type}/:id/:name of ${type}`),
      );
    assert.deepEqual(
      routes.map(({ type, method, path }) => `${method} ${path} of ${type}`),
      expected,
    );
  });

  it('offer the diagnostics of every config node', () => {
    const configs = [...dialogDefinitions()].filter(([, { category }]) => category === 'config');
    assert.ok(configs.length > 0);
    const withDiagnostics = dialogNames()
      .filter(({ queries }) => queries.includes('diagnostics'))
      .map(({ type }) => type);
    assert.deepEqual(
      configs.map(([type]) => type).filter((type) => !withDiagnostics.includes(type)),
      [],
    );
  });

  it('answer 404 to a name that nobody answers, inherited ones included', async () => {
    const token = await runtime.login('admin');
    for (const { method, path } of routes) {
      for (const name of ['none', 'constructor', '__proto__', 'toString']) {
        assert.equal(await ask(method, path.replace(':name', name), token), 404, `${method} ${path} ${name}`);
      }
    }
  });

  it('look with GET and act with POST, each with the permission for it', () => {
    for (const { method, path, permission } of routes) {
      assert.ok(method === 'get' || method === 'post', `${method} ${path}`);
      assert.equal(permission, method === 'get' ? 'flows.read' : 'flows.write', `${method} ${path}`);
    }
  });

  it('are closed to strangers', async () => {
    for (const { method, path } of questions()) assert.equal(await ask(method, path, null), 401, path);
  });

  it('let readers look and not act', async () => {
    const reader = await runtime.login('reader');
    for (const { method, path } of questions()) {
      const refused = REFUSED.includes(await ask(method, path, reader));
      assert.equal(refused, method !== 'get', `${method} ${path}`);
    }
  });

  for (const user of ['admin', 'editor'] as const) {
    it(`let the ${user} act, as the editor itself does`, async () => {
      const token = await runtime.login(user);
      for (const { method, path } of questions()) {
        assert.ok(!REFUSED.includes(await ask(method, path, token)), `${method} ${path}`);
      }
    });
  }
});
