import type { Node, NodeAPI, NodeDef } from 'node-red';
import { joinCluster } from './cluster';
import { faceOf } from './cluster-face';
import { translate } from './text';

type Settings = Record<string, unknown>;

/** Brings a node's settings from one version of their layout to the next, in place. It must not throw. */
export type Step = (settings: Settings) => void;

/** The steps of node types, by type: the first leads from version 1 to 2, the second from 2 to 3, and so on. */
export type Steps = Readonly<Record<string, readonly Step[]>>;

/**
 * Every change that the settings of a node type have seen. A type without an entry is at version 1.
 *
 * A new step needs the next `configVersion` in the type's dialog (a test compares the two), and the same change in the
 * dialog's `oneditprepare`, because the editor shows the settings as the flow file has them.
 */
const STEPS: Steps = {};

/** The version that a type's settings have today. */
export function currentVersion(type: string, steps: Steps = STEPS): number {
  return (steps[type]?.length ?? 0) + 1;
}

/** The version a flow file gives; flows from before there was one, and anything that is no version, count as 1. */
function versionOf(settings: Settings): number {
  const { configVersion } = settings;
  return typeof configVersion === 'number' && Number.isInteger(configVersion) && configVersion > 1
    ? configVersion
    : 1;
}

/**
 * Brings settings up to date, in place, one step at a time.
 *
 * @returns the version found, where it is newer than any this package knows; the settings are then left as they are
 */
export function migrate(type: string, settings: Settings, steps: Steps = STEPS): number | undefined {
  const current = currentVersion(type, steps);
  const found = versionOf(settings);
  if (found > current) return found;
  for (const step of steps[type]?.slice(found - 1) ?? []) step(settings);
  settings.configVersion = current;
  return undefined;
}

/**
 * Creates a node of this package: Node-RED's `createNode`, after `config` has been brought up to date in place. It is
 * Node-RED's copy for this one node, so the flow file changes only when the user saves the node.
 */
export function createNode(RED: NodeAPI, node: Node, config: NodeDef, steps?: Steps): void {
  const newer = migrate(config.type, config as unknown as Settings, steps);
  // Made anew at each time that this instance owns it, it is a node already.
  if (faceOf(node)) return;
  RED.nodes.createNode(node, config);
  joinCluster(RED, node);
  if (newer === undefined) return;
  const known = currentVersion(config.type, steps);
  node.warn(translate(RED, 'log.configNewer', { version: String(newer), known: String(known) }));
}
