import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { installLocked } from '../../scripts/support/install-locked';
import { projectRoot } from '../../scripts/support/project-root';

const NAME = '@flowfuse/node-red-dashboard';

function folder(): string {
  return join(projectRoot(), 'tools', 'dashboard');
}

/** The dashboard that the examples are tested with, as a flow names the modules it needs. */
export function dashboardVersion(): Record<string, string> {
  const manifest = JSON.parse(readFileSync(join(folder(), 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  return manifest.dependencies;
}

/** Installs the dashboard, once, and returns it as a package to link into a user folder. */
export function installDashboard(): Record<string, string> {
  installLocked(folder());
  return { [NAME]: join(folder(), 'node_modules', NAME) };
}

/** A widget on a page, by the id of its node. */
export function widget(page: Page, id: string): Locator {
  return page.locator(`[id="nrdb-ui-widget-${id}"]`);
}

/** What a text widget shows, once it matches. */
export async function shown(page: Page, id: string, pattern: RegExp): Promise<string> {
  const value = widget(page, id).locator('.nrdb-ui-text-value').filter({ hasText: pattern });
  await value.waitFor();
  return value.innerText();
}
