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

/** What every node type registers in the editor, by type, read by running the dialogs' own scripts. */
export function dialogDefinitions(): Map<string, DialogDefinition> {
  const definitions = new Map<string, DialogDefinition>();
  const registerType = (type: string, definition: DialogDefinition): unknown =>
    definitions.set(type, definition);
  for (const [type, entry] of Object.entries(readManifest(projectRoot())['node-red'].nodes)) {
    const file = join(projectRoot(), entry.replace(/\.js$/, '.html'));
    const scripts = readFileSync(file, 'utf8').matchAll(
      /<script type="text\/javascript">([\s\S]*?)<\/script>/g,
    );
    for (const [, script] of scripts) {
      runInNewContext(
        String(script),
        { RED: { nodes: { registerType } }, EnergyDevices: { scripts: {} } },
        { filename: `${type}.html` },
      );
    }
  }
  return definitions;
}
