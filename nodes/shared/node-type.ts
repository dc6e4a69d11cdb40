import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Request, Response } from 'express';
import type { Node, NodeAPI, NodeDef } from 'node-red';

import type * as admin from './admin';
import { VERSION } from './version';

/** What a node type does once it is used. `N` is the node as its constructor fills it. */
export interface NodeRuntime<N extends Node = Node, C extends NodeDef = NodeDef> {
  /** the constructor's work: `this` is the new node */
  create(this: N, config: C): void;
  /** what the dialog's buttons do, by name; for people who may edit */
  actions?: Readonly<Record<string, admin.DialogAction>>;
  /** what the dialog asks for without changing anything, by name; for people who may look */
  queries?: Readonly<Record<string, admin.DialogQuery>>;
}

/** What Node-RED must know of a node type before anybody uses it. */
export interface NodeTypeOptions<N extends Node, C extends NodeDef> {
  credentials?: Readonly<Record<string, { type: 'text' | 'password' }>>;
  /** whether the runtime part has `actions` or `queries` for its dialog */
  dialog?: boolean;
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
  { credentials, dialog = false, load }: NodeTypeOptions<N, C>,
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
      found.create.call(this, config);
    }
    // So that a heap snapshot or a stack tells the types apart.
    Object.defineProperty(EnergyNode, 'name', { value: type });
    RED.nodes.registerType<N, C, object, object>(type, EnergyNode, credentials ? { credentials } : undefined);

    if (!dialog) return;
    const path = `/energy-devices/${type}/:id/:name`;
    const answer = (
      req: Request,
      res: Response,
      use: (found: NodeRuntime<N, C>, answers: typeof admin) => void,
    ): void => {
      try {
        const found = loaded();
        const answers = loadInstalled(RED, () => require('./admin') as typeof admin);
        if (answers.admits(RED, req, res)) use(found, answers);
      } catch (thrown) {
        const { code, reason, params, message } = thrown as LoadError;
        RED.log.error(`[${type}] ${message}`);
        res.status(500).json({ ok: false, code, reason, params, message });
      }
    };
    RED.httpAdmin.post(path, RED.auth.needsPermission(`${type}.write`), (req: Request, res: Response) =>
      answer(req, res, ({ actions }, { answerAction }) => answerAction(RED, type, actions, req, res)),
    );
    RED.httpAdmin.get(path, RED.auth.needsPermission(`${type}.read`), (req: Request, res: Response) =>
      answer(req, res, ({ queries }, { answerQuery }) => answerQuery(queries, req, res)),
    );
  };
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
    const text = RED._(`errors.${reason}`, { skipInterpolation: 1 });
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
  node.status({ fill: 'red', shape: 'ring', text: 'status.notLoaded' });
  node.on('input', (_msg, _send, done) => done(Object.assign(new Error(message), { code })));
}
