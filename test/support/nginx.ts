import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';

/** Where nginx is; distributions put it where ordinary users do not look. */
function nginxPath(): string {
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/usr/local/sbin'];
  for (const folder of folders) {
    const candidate = path.join(folder, 'nginx');
    try {
      execFileSync(candidate, ['-v'], { stdio: 'ignore' });
      return candidate;
    } catch {
      // Not there.
    }
  }
  throw new Error('nginx is not installed (apt-get install nginx-light).');
}

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A reverse proxy on loopback, with nothing configured but where it passes requests on to. */
export class Nginx {
  port = 0;
  private readonly folder = mkdtempSync(path.join(os.tmpdir(), 'nginx-'));
  private child: ChildProcess | undefined;

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /**
   * @param upstream the URL behind it
   * @param lines more of its `location`, such as `proxy_set_header`
   * @param location the beginning of the paths that are passed on; an `upstream` with a path takes its place
   */
  async start(upstream: string, lines: readonly string[] = [], location = '/'): Promise<void> {
    this.port = await freePort();
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
    const configuration = `
daemon off;
master_process off;
pid ${this.folder}/nginx.pid;
error_log stderr notice;
events {}
http {
  access_log off;
${paths.map((name) => `  ${name}_temp_path ${this.folder}/${name};`).join('\n')}
  server {
    listen 127.0.0.1:${this.port};
    location ${location} {
      proxy_pass ${upstream};
${lines.map((line) => `      ${line};`).join('\n')}
    }
  }
}
`;
    const file = path.join(this.folder, 'nginx.conf');
    writeFileSync(file, configuration);
    const child = spawn(nginxPath(), ['-p', this.folder, '-c', file], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.child = child;
    let said = '';
    await new Promise<void>((resolve, reject) => {
      child.stderr.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (said.includes('epoll') || said.includes('event method')) resolve();
      });
      child.once('close', () => reject(new Error(`nginx ended: ${said}`)));
    });
  }

  async close(): Promise<void> {
    const { child } = this;
    if (child?.exitCode === null) {
      const ended = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGTERM');
      await ended;
    }
    this.child = undefined;
    rmSync(this.folder, { recursive: true, force: true });
  }
}
