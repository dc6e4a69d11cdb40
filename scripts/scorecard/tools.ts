import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** How a tool ended and what it wrote. */
export interface Run {
  status: number | null;
  stdout: string;
  /** both streams, for a message about a failure */
  output: string;
}

/** The folder of the scorecard's tools. They bring hundreds of packages, so they are no dependency of the project. */
export function toolsFolder(root: string): string {
  return join(root, 'tools', 'scorecard');
}

/** Runs a script of the tools with the Node.js of this process. */
export function runTool(root: string, script: string, args: string[], flags: string[] = []): Run {
  const path = join(toolsFolder(root), 'node_modules', script);
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, path, ...args], {
    encoding: 'utf8',
    timeout: 120_000,
  });
  return { status, stdout, output: `${stdout}${stderr}` };
}
