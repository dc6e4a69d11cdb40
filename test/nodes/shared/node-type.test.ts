import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Node, NodeAPI, NodeDef } from 'node-red';

import type { NodeRuntime } from '../../../nodes/shared/node-runtime';
import type { nodeType as NodeType, NodeTypeOptions } from '../../../nodes/shared/node-type';
import { defineForm } from '../../../nodes/shared/form';
import { SHARED_TEXTS, VERSION } from '../../../nodes/shared/version';
import { projectRoot } from '../../../scripts/support/project-root';

const FORM = defineForm({ type: 'a-type', category: 'config', color: '', icon: '', rows: [] });

type Responding = (req: unknown, res: unknown) => void;
type Options = NodeTypeOptions<Node, NodeDef>;

/** As much of Node-RED as a registration sees. */
class Runtime {
  readonly log: string[] = [];
  readonly routes = new Map<string, Responding>();
  constructors = new Map<string, new (config: object) => EventEmitter>();
  readonly RED = {
    nodes: {
      registerType: (type: string, constructor: new (config: object) => EventEmitter) => {
        Object.setPrototypeOf(constructor.prototype as object, EventEmitter.prototype);
        this.constructors.set(type, constructor);
      },
      createNode: (node: object) => {
        Object.assign(node, {
          error: (text: string) => this.log.push(`node: ${text}`),
          status: ({ text }: { text: string }) => this.log.push(`status: ${text}`),
        });
      },
    },
    httpAdmin: {
      get: (path: string, _guard: unknown, response: Responding) => this.routes.set(`GET ${path}`, response),
      post: (path: string, _guard: unknown, response: Responding) =>
        this.routes.set(`POST ${path}`, response),
    },
    auth: { needsPermission: () => undefined },
    log: { error: (text: string) => this.log.push(`runtime: ${text}`) },
    events: {
      emit: (event: string, { status }: { status: { text: string } }) =>
        this.log.push(`editor: ${event} ${status.text}`),
    },
    _: (name: string) => {
      if (name === 'status.notLoaded') return 'not loaded';
      const key = name.replace(`${SHARED_TEXTS}:`, '');
      return key === 'errors.notLoaded' ? `${key} __why__` : `${key} __running__ __installed__`;
    },
  } as unknown as NodeAPI;

  /** What a route answers: status and body. */
  ask(method: 'GET' | 'POST', name: string): [number, Record<string, unknown>] {
    let status = 200;
    let body: Record<string, unknown> = {};
    const res = {
      status: (code: number) => ((status = code), res),
      set: () => res,
      json: (given: Record<string, unknown>) => ((body = given), res),
    };
    const response = this.routes.get(`${method} /energy-devices/a-type/:id/:name`);
    assert.ok(response, 'no such route');
    response({ params: { id: 'x', name }, is: () => 'json' }, res);
    return [status, body];
  }
}

/** What happens to a message that reaches a node. */
function send(node: EventEmitter): unknown {
  let failure: unknown = 'no done';
  node.emit(
    'input',
    {},
    () => undefined,
    (error?: unknown) => (failure = error),
  );
  return failure;
}

describe('node type', () => {
  let folder: string;
  let register: typeof NodeType;
  before(() => {
    // A package of its own, whose version a test can change under it.
    folder = mkdtempSync(join(tmpdir(), 'node-type-'));
    for (const name of ['node-type', 'version', 'admin']) {
      const file = `dist/nodes/shared/${name}.js`;
      cpSync(join(projectRoot(), file), join(folder, file));
    }
    const load = createRequire(join(folder, 'index.js'));
    ({ nodeType: register } = load('./dist/nodes/shared/node-type.js') as { nodeType: typeof NodeType });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const install = (version: string): void =>
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ version }));
  beforeEach(() => install(VERSION));

  const start = (load: Options['load']): Runtime => {
    const runtime = new Runtime();
    register('a-type', { dialog: () => FORM, load })(runtime.RED);
    return runtime;
  };
  const construct = (runtime: Runtime): EventEmitter => {
    const Constructor = runtime.constructors.get('a-type');
    assert.ok(Constructor);
    return new Constructor({ type: 'a-type' });
  };

  it('loads its part once, with the first node, and not before', () => {
    const seen: string[] = [];
    const part: NodeRuntime = {
      create(config) {
        seen.push(`created ${config.type}`);
      },
    };
    const runtime = start(() => ({ runtime: () => (seen.push('loaded'), part) }));
    assert.deepEqual(seen, []);
    construct(runtime);
    construct(runtime);
    assert.deepEqual(seen, ['loaded', 'created a-type', 'created a-type']);
    assert.equal(runtime.constructors.get('a-type')?.name, 'a-type');
  });

  it('says in the log, below the node and to Catch that a file is missing', () => {
    const runtime = start(() => {
      throw new Error("Cannot find module './a-type.runtime'\nRequire stack:\n- /a/path");
    });
    const failure = send(construct(runtime)) as Error & { code: string };
    const text = `errors.notLoaded Error: Cannot find module './a-type.runtime'`;
    assert.deepEqual(runtime.log, [
      `node: ${text}`,
      'status: not loaded',
      'editor: node-status status.notLoaded',
    ]);
    assert.equal(failure.message, text);
    assert.equal(failure.code, 'NOT_SUPPORTED');
  });

  it('tells it to the dialog as well, whatever that asks', () => {
    const runtime = start(() => {
      throw new Error('gone');
    });
    for (const method of ['GET', 'POST'] as const) {
      const [status, { ok, reason, params }] = runtime.ask(method, 'test');
      assert.deepEqual({ status, ok, reason }, { status: 500, ok: false, reason: 'notLoaded' });
      assert.deepEqual(params, { why: 'Error: gone' });
    }
    assert.equal(runtime.log.length, 2);
  });

  it('tries again with the next node: a file may be back', () => {
    let isThere = false;
    const created: unknown[] = [];
    const runtime = start(() => {
      if (!isThere) throw new Error('gone');
      return {
        runtime: () => ({
          create() {
            created.push(this);
          },
        }),
      };
    });
    construct(runtime);
    isThere = true;
    const node = construct(runtime);
    assert.deepEqual(created, [node]);
  });

  it('does not load half of another version after an update under a running Node-RED', () => {
    let loads = 0;
    const runtime = start(() => {
      loads++;
      return { runtime: () => ({ create: () => undefined }) };
    });
    install('99.0.0');
    const failure = send(construct(runtime)) as Error;
    assert.equal(failure.message, `errors.restartNeeded ${VERSION} 99.0.0`);
    assert.equal(loads, 0);
  });

  it('goes on with what was loaded before an update', () => {
    let created = 0;
    const runtime = start(() => ({
      runtime: () => ({
        create: () => {
          created++;
        },
      }),
    }));
    construct(runtime);
    install('99.0.0');
    construct(runtime);
    assert.equal(created, 2);
  });

  it('says that the package is gone', () => {
    const runtime = start(() => ({ runtime: () => ({ create: () => undefined }) }));
    rmSync(join(folder, 'package.json'));
    assert.match((send(construct(runtime)) as Error).message, /^errors\.notLoaded .*ENOENT/);
  });
});
