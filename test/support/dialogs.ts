import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { projectRoot, readManifest } from '../../scripts/support/project-root';

/** What a dialog registers, as far as tests look at it. */
export interface DialogDefinition {
  category: string;
  inputs?: number;
  defaults: Record<string, { value: unknown; type?: string; required?: boolean }>;
  credentials?: Record<string, { type: string }>;
}

/** What is special in a dialog, as far as tests run it without a browser. */
export interface DialogScript {
  describe?: (response: object, node: object) => string;
}

/** The scripts of a type's dialog. */
function scriptsOf(type: string, entry: string): ((context: object) => void)[] {
  const file = join(projectRoot(), entry.replace(/\.js$/, '.html'));
  const scripts = readFileSync(file, 'utf8').matchAll(
    /<script type="text\/javascript">([\s\S]*?)<\/script>/g,
  );
  return [...scripts].map(
    ([, script]) =>
      (context) =>
        void runInNewContext(String(script), context, { filename: `${type}.html` }),
  );
}

/** What is special in the dialog of a type: its own script, run with these functions of the shared ones. */
export function dialogScript(type: string, shared: object): DialogScript {
  const entry = readManifest(projectRoot())['node-red'].nodes[type];
  const scripts: Record<string, DialogScript> = {};
  const RED = { nodes: { registerType: () => undefined } };
  for (const run of scriptsOf(type, String(entry))) run({ RED, EnergyDevices: { ...shared, scripts } });
  return scripts[type] ?? {};
}

/** What every node type registers in the editor, by type, read by running the dialogs' own scripts. */
export function dialogDefinitions(): Map<string, DialogDefinition> {
  const definitions = new Map<string, DialogDefinition>();
  const registerType = (type: string, definition: DialogDefinition): unknown =>
    definitions.set(type, definition);
  for (const [type, entry] of Object.entries(readManifest(projectRoot())['node-red'].nodes)) {
    for (const run of scriptsOf(type, entry))
      run({ RED: { nodes: { registerType } }, EnergyDevices: { scripts: {} } });
  }
  return definitions;
}
