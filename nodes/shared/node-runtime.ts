import type { Node, NodeDef } from 'node-red';

import type { DialogActions, DialogQuery } from './admin';
import type { Beside } from './cluster-face';

/** What a node type does once it is used. `N` is the node as its constructor fills it. */
export interface NodeRuntime<N extends Node = Node, C extends NodeDef = NodeDef> extends DialogActions {
  /** the constructor's work: `this` is the new node */
  create(this: N, config: C): void;
  /** where several instances share the work: it is made at the owner alone, and for each time that this is the owner */
  ownerOnly?: true;
  /** what such a node does on each instance, whether that owns it or not; who is made at the owner finds it, see `besideOf` */
  beside?(this: N, config: C): Beside | undefined;
  /** what the dialog asks for without changing anything, by name; for people who may look */
  queries?: Readonly<Record<string, DialogQuery>>;
}
