/**
 * Runs the tests against avahi in a network of their own, which ends with them: nothing that they announce leaves this
 * machine. Where that cannot be had it says why, and is no failure.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { projectRoot } from '../../scripts/support/project-root';
import { withSbin } from '../support/avahi';

const env = withSbin();
const runs = (command: string, ...args: string[]): boolean =>
  spawnSync(command, args, { env, stdio: 'ignore' }).status === 0;

function missing(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces are Linux';
  for (const [command, option] of [
    ['avahi-daemon', '--version'],
    ['ip', '-V'],
    ['unshare', '--version'],
    ['nsenter', '--version'],
  ] as const) {
    if (!runs(command, option)) return `${command} is not installed`;
  }
  const trial =
    'ip link set lo up && ip link add trial0 type bridge && ip link add a0 type veth peer name b0';
  if (!runs('unshare', '--net', '--mount', '--', 'sh', '-c', trial)) {
    return 'no network namespace with a bridge can be made here (it needs root)';
  }
  return undefined;
}

const reason = missing();
if (reason === undefined) {
  const mocha = join(projectRoot(), 'node_modules', 'mocha', 'bin', 'mocha.js');
  const args = ['--net', '--mount', '--', process.execPath, mocha, '--config', '.mocharc.avahi.json'];
  const { status } = spawnSync('unshare', args, { cwd: projectRoot(), env, stdio: 'inherit' });
  process.exitCode = status ?? 1;
} else {
  console.log(`skipped: ${reason}`);
}
