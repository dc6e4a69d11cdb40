import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Request, Response } from 'express';
import type { Node, NodeAPI, NodeDef } from 'node-red';

import type * as admin from './admin';
import type * as clusterPart from './cluster';
import type { Form } from './form';
import type { NodeRuntime } from './node-runtime';
import type * as ownerPart from './owner-only';
import { SHARED_TEXTS, VERSION } from './version';

/** What Node-RED must know of a node type before anybody uses it. */
export interface NodeTypeOptions<N extends Node, C extends NodeDef> {
  credentials?: Readonly<Record<string, { type: 'text' | 'password' }>>;
  /** loads the description of a dialog to which the runtime part gives `actions` or `queries` */
  dialog?: () => Form;
  /** loads the runtime part: called with the first node of the type, or the first question of its dialog */
  load: () => { runtime: (RED: NodeAPI) => NodeRuntime<N, C> };
}

/**
 * The file that Node-RED loads for a node type.
 *
 * It loads nothing of what the type does, because Node-RED loads the files of every installed type whenever it starts,
 * and most flows use one or two of them. Routes stand from the start: the dialogs' test buttons work before the first
 * deploy.
 */
export function nodeType<N extends Node, C extends NodeDef>(
  type: string,
  { credentials, dialog, load }: NodeTypeOptions<N, C>,
): (RED: NodeAPI) => void {
  return (RED) => {
    let part: NodeRuntime<N, C> | undefined;
    const loaded = (): NodeRuntime<N, C> => (part ??= loadInstalled(RED, () => load().runtime(RED)));

    function EnergyNode(this: N, config: C): void {
      let found: NodeRuntime<N, C>;
      try {
        found = loaded();
      } catch (thrown) {
        standIn(RED, this, config, thrown as LoadError);
        return;
      }
      if (found.ownerOnly) createAtOwner(RED, this, config, found);
      else found.create.call(this, config);
    }
    // So that a heap snapshot or a stack tells the types apart.
    Object.defineProperty(EnergyNode, 'name', { value: type });
    RED.nodes.registerType<N, C, object, object>(type, EnergyNode, credentials ? { credentials } : undefined);

    if (!dialog) return;
    let routes: typeof admin | undefined;
    const loadedRoutes = (): typeof admin =>
      (routes ??= loadInstalled(RED, () => require('./admin') as typeof admin));
    const path = `/energy-devices/${type}/:id/:name`;
    const withRuntime = (
      req: Request,
      res: Response,
      use: (found: NodeRuntime<N, C>, to: typeof admin, form: Form) => void,
    ): void => {
      try {
        const found = loaded();
        const to = loadedRoutes();
        if (to.admits(RED, req, res)) use(found, to, loadInstalled(RED, dialog));
      } catch (thrown) {
        const { code, reason, params, message } = thrown as LoadError;
        RED.log.error(`[${type}] ${message}`);
        res.status(500).json({ ok: false, code, reason, params, message });
      }
    };
    // As the editor's own: who may deploy may have a dialog ask a device, and who may look may ask what there is.
    RED.httpAdmin.post(path, RED.auth.needsPermission('flows.write'), (req: Request, res: Response) =>
      withRuntime(req, res, (found, { runAction }, form) => runAction(RED, form, found, req, res)),
    );
    RED.httpAdmin.get(path, RED.auth.needsPermission('flows.read'), (req: Request, res: Response) =>
      withRuntime(req, res, ({ queries }, { runQuery }) => runQuery(queries, req, res)),
    );
  };
}

/** Without a cluster every Node-RED owns all that it has. */
function createAtOwner<N extends Node, C extends NodeDef>(
  RED: NodeAPI,
  node: N,
  config: C,
  found: NodeRuntime<N, C>,
): void {
  const { clusterOf } = require('./cluster') as typeof clusterPart;
  const cluster = clusterOf(RED);
  if (!cluster) {
    found.create.call(node, config);
    return;
  }
  const { runOnDuty } = require('./owner-only') as typeof ownerPart;
  runOnDuty<N, C>(RED, cluster, node, config, found);
}

type LoadReason = 'restartNeeded' | 'notLoaded';

/** Why what a node type does cannot be loaded. Made here, since the package's own errors may be what is missing. */
class LoadError extends Error {
  readonly code = 'NOT_SUPPORTED';

  constructor(
    RED: NodeAPI,
    readonly reason: LoadReason,
    readonly params: Readonly<Record<string, string>>,
  ) {
    // Filled after the look-up, as `fillText` does, which may be what cannot be loaded.
    const text = RED._(`${SHARED_TEXTS}:errors.${reason}`, { skipInterpolation: 1 });
    super(text.replace(/__(\w{1,20})__/g, (all, name: string) => params[name] ?? all));
  }
}

/**
 * Loads files of this package, if they still are those of the version that runs: an update replaces them under a running
 * Node-RED, and half of a version that switches loads is worse than none.
 *
 * @throws LoadError
 */
function loadInstalled<T>(RED: NodeAPI, load: () => T): T {
  try {
    const installed = installedVersion();
    if (installed !== VERSION) throw new LoadError(RED, 'restartNeeded', { running: VERSION, installed });
    return load();
  } catch (thrown) {
    if (thrown instanceof LoadError) throw thrown;
    // The first line: what follows names files of the machine.
    const [why = ''] = String(thrown).split('\n');
    throw new LoadError(RED, 'notLoaded', { why });
  }
}

function installedVersion(): string {
  const file = join(__dirname, '..', '..', '..', 'package.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  return manifest.version;
}

/** A node that says why it does nothing where its user looks: in the log, below the node, and to a Catch node. */
function standIn(RED: NodeAPI, node: Node, config: NodeDef, { code, message }: LoadError): void {
  RED.nodes.createNode(node, config);
  node.error(message);
  const status = { fill: 'red', shape: 'ring', text: 'status.notLoaded' } as const;
  // In words for Status nodes, and the key for the editor, as `statusSetter` does.
  node.status({ ...status, text: RED._(status.text) });
  RED.events.emit('node-status', { id: node.id, status });
  node.on('input', (_msg, _send, done) => done(Object.assign(new Error(message), { code })));
}
