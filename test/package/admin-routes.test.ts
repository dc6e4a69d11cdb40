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

  const ask = async ({ method, path }: AdminRoute, token: string | null): Promise<number> => {
    const url = path.replace(':id', 'none').replace(/^\//, '');
    return (
      await runtime.request(url, {
        method: method.toUpperCase(),
        token,
        body: method === 'get' ? undefined : {},
      })
    ).status;
  };

  it('are there for every config node: each offers its diagnostics', () => {
    const configs = [...dialogDefinitions()].filter(([, { category }]) => category === 'config');
    assert.ok(configs.length > 0);
    for (const [type] of configs) {
      assert.ok(
        routes.some(
          (route) => route.type === type && route.path === `/energy-devices/${type}/:id/diagnostics`,
        ),
        type,
      );
    }
  });

  it('are there for all that the runtime parts answer', () => {
    for (const { type, actions, queries } of dialogNames()) {
      const found = (method: string): string[] =>
        routes.filter((route) => route.type === type && route.method === method).map(({ name }) => name);
      assert.deepEqual(found('post'), actions, type);
      assert.deepEqual(found('get'), queries, type);
    }
  });

  it('answer 404 to a name that nobody answers, inherited ones included', async () => {
    const token = await runtime.login('admin');
    for (const { type } of dialogNames().filter(({ queries }) => queries.length > 0)) {
      for (const name of ['none', 'constructor', '__proto__', 'toString']) {
        for (const method of ['get', 'post'] as const) {
          const path = `/energy-devices/${type}/:id/${name}`;
          assert.equal(await ask({ type, method, path, name, permission: undefined }, token), 404, path);
        }
      }
    }
  });

  it('look with GET and act with POST, each with the permission for it', () => {
    for (const { type, method, path, permission } of routes) {
      assert.ok(method === 'get' || method === 'post', `${method} ${path}`);
      assert.equal(permission, `${type}.${method === 'get' ? 'read' : 'write'}`, `${method} ${path}`);
    }
  });

  it('are closed to strangers', async () => {
    for (const route of routes) assert.equal(await ask(route, null), 401, route.path);
  });

  it('let readers look and not act', async () => {
    const reader = await runtime.login('reader');
    for (const route of routes) {
      const refused = REFUSED.includes(await ask(route, reader));
      assert.equal(refused, route.method !== 'get', `${route.method} ${route.path}`);
    }
  });

  it('let editors act', async () => {
    const admin = await runtime.login('admin');
    for (const route of routes) {
      assert.ok(!REFUSED.includes(await ask(route, admin)), `${route.method} ${route.path}`);
    }
  });
});
