import type { Request, Response } from 'express';
import type { Node, NodeAPI, NodeDef } from 'node-red';

import type * as admin from './admin';

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

/** Every admin route of this package lies below this path. */
export const ADMIN_ROOT = '/energy-devices';

/**
 * The file that Node-RED loads for a node type.
 *
 * It loads nothing else, because Node-RED loads the files of every installed type whenever it starts, and most flows use
 * one or two of them. Routes stand from the start: the dialogs' test buttons work before the first deploy.
 */
export function nodeType<N extends Node, C extends NodeDef>(
  type: string,
  { credentials, dialog = false, load }: NodeTypeOptions<N, C>,
): (RED: NodeAPI) => void {
  return (RED) => {
    let loaded: NodeRuntime<N, C> | undefined;
    const runtime = (): NodeRuntime<N, C> => (loaded ??= load().runtime(RED));

    function EnergyNode(this: N, config: C): void {
      runtime().create.call(this, config);
    }
    RED.nodes.registerType<N, C, object, object>(type, EnergyNode, credentials ? { credentials } : undefined);

    if (!dialog) return;
    const path = `${ADMIN_ROOT}/${type}/:id/:name`;
    RED.httpAdmin.post(path, RED.auth.needsPermission(`${type}.write`), (req: Request, res: Response) =>
      loadAdmin().answerAction(RED, type, runtime().actions, req, res),
    );
    RED.httpAdmin.get(path, RED.auth.needsPermission(`${type}.read`), (req: Request, res: Response) =>
      loadAdmin().answerQuery(runtime().queries, req, res),
    );
  };
}

function loadAdmin(): typeof admin {
  return require('./admin') as typeof admin;
}
