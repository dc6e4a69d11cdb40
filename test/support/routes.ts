import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { NodeAPI, NodeInitializer } from 'node-red';
import type { NodeRuntime } from '../../nodes/shared/node-runtime';
import { projectRoot, readManifest } from '../../scripts/support/project-root';

/** An admin route as a node type registers it. */
export interface AdminRoute {
  type: string;
  method: string;
  path: string;
  /** the permission that guards it; absent when nothing does */
  permission: string | undefined;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete', 'all', 'use'] as const;

const load = createRequire(__filename);

/** What the runtime part of a node type answers to its dialog. */
export interface DialogNames {
  type: string;
  actions: string[];
  queries: string[];
}

/** The names that the runtime parts of all node types answer to. */
export function dialogNames(): DialogNames[] {
  return Object.entries(readManifest(projectRoot())['node-red'].nodes).map(([type, entry]) => {
    const part = load(join(projectRoot(), entry.replace(/\.js$/, '.runtime.js'))) as {
      runtime: (RED: NodeAPI) => NodeRuntime;
    };
    const { actions = {}, local = {}, queries = {} } = part.runtime({} as NodeAPI);
    return { type, actions: [...Object.keys(actions), ...Object.keys(local)], queries: Object.keys(queries) };
  });
}

/** Every admin route that the package's node types register on load, found by loading them with a recording `RED`. */
export async function adminRoutes(): Promise<AdminRoute[]> {
  const routes: AdminRoute[] = [];
  for (const [type, entry] of Object.entries(readManifest(projectRoot())['node-red'].nodes)) {
    const permissions = new Map<unknown, string>();
    const record =
      (method: string) =>
      (path: unknown, ...handlers: unknown[]): void => {
        const guard = handlers.map((handler) => permissions.get(handler)).find((name) => name !== undefined);
        routes.push({ type, method, path: String(path), permission: guard });
      };
    const needsPermission = (permission: string): unknown => {
      const guard = (): void => undefined;
      permissions.set(guard, permission);
      return guard;
    };
    const RED = {
      nodes: { registerType: () => undefined, getNode: () => null, getCredentials: () => undefined },
      httpAdmin: Object.fromEntries(METHODS.map((method) => [method, record(method)])),
      httpNode: {},
      auth: { needsPermission },
      events: { on: () => undefined },
      settings: {},
      _: (key: string) => key,
    } as unknown as NodeAPI;
    const loaded = load(join(projectRoot(), entry)) as NodeInitializer | { default: NodeInitializer };
    // As Node-RED does it.
    await ('default' in loaded ? loaded.default : loaded)(RED);
  }
  return routes;
}
