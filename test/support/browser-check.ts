import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';

import type { Rule } from '../../nodes/shared/form';
import { projectRoot } from '../../scripts/support/project-root';

/** A config node as the editor knows it. */
const chosenNode = (id: string): object | null =>
  ({ good: { valid: true }, bad: { valid: false } })[id] ?? null;

export type Check = (node: object, type: string, rule: Rule, value: unknown) => unknown;

/** The browser's check, from the scripts that the dialogs load. `true`, or the key of what is wrong. */
export function browserCheck(): Check {
  const $ = (): object => ({ length: 0, appendTo: () => undefined });
  const context: Record<string, unknown> = {
    RED: { _: (key: string) => key.replace(/^[^:]*:/, ''), settings: {}, nodes: { node: chosenNode } },
    $,
    URL,
    document: { getElementById: () => ({}) },
  };
  context.window = context;
  for (const file of ['energy-devices.js', 'energy-devices-dialog.js', 'energy-devices-form.js']) {
    runInNewContext(readFileSync(join(projectRoot(), 'resources', file), 'utf8'), context, {
      filename: file,
    });
  }
  return (context.EnergyDevices as { check: Check }).check;
}
