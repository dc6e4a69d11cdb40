import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { Feed } from './feed';

/** The environment with the folders in which such programs lie. */
export function withSbin(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
}

const run = (command: string, ...args: string[]): void =>
  void execFileSync(command, args, { env: withSbin(), stdio: ['ignore', 'ignore', 'inherit'] });

/** What a device announces. */
export interface Announced {
  name: string;
  txt?: string[];
  port?: number;
  /** another host's name, with its address in `hosts` */
  host?: string;
}

export interface DeviceOptions {
  services: Announced[];
  /** with the length of the prefix; none: IPv6 alone */
  address?: string;
  /** it announces itself by IPv4 alone */
  ipv4Only?: true;
  /** addresses of further host names */
  hosts?: Record<string, string>;
}

/** Answers like a meter and prints the key of each request. */
const METER = `
require('node:http').createServer((request, response) => {
  const key = String(request.headers['x-api-key']);
  console.log('key ' + key);
  const body = { timestamp: Math.floor(Date.now() / 1000), values: [{ obis: '1.7.0', value: 228 }] };
  response.writeHead(key === process.argv[1] ? 200 : 401, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(body));
}).listen(80, '::', () => console.log('listens'));
`;

const escaped = (text: string): string => text.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);

function serviceFile({ name, txt = [], port = 80, host }: Announced): string {
  return `<?xml version="1.0" standalone='no'?><!DOCTYPE service-group SYSTEM "avahi-service.dtd">
<service-group><name>${escaped(name)}</name><service><type>_http._tcp</type>
${host === undefined ? '' : `<host-name>${host}</host-name>`}<port>${port}</port>
${txt.map((text) => `<txt-record>${escaped(text)}</txt-record>`).join('\n')}</service></service-group>
`;
}

/** A machine of its own behind a bridge of this one: an avahi-daemon and something that answers like a meter. */
export class AvahiDevice {
  /** what its meter was asked with, in order */
  readonly keys: string[] = [];
  private readonly folder = mkdtempSync(join(tmpdir(), 'avahi-'));
  private readonly children: ChildProcess[] = [];
  private readonly lines = new Feed<string>();
  private readonly pid: string;
  private readonly cable: string;

  constructor(
    number: number,
    private readonly options: DeviceOptions,
  ) {
    const { address } = options;
    const holder = this.keep(
      spawn('unshare', ['--net', '--mount', '--', 'sleep', 'infinity'], { env: withSbin() }),
    );
    this.pid = String(holder.pid);
    // It is in its own namespaces as soon as it is `sleep`.
    while (
      !execFileSync('cat', [`/proc/${this.pid}/comm`])
        .toString()
        .startsWith('sleep')
    );
    this.cable = `veth${number}`;
    run('ip', 'link', 'add', this.cable, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', this.pid);
    run('ip', 'link', 'set', this.cable, 'master', 'br0', 'up');
    this.inside('echo 0 > /proc/sys/net/ipv6/conf/eth0/accept_dad; ip link set lo up; ip link set eth0 up');
    if (address !== undefined) this.inside(`ip addr add ${address} dev eth0`);
  }

  /** @param key its meter's */
  async start(key: string): Promise<void> {
    await this.startMeter(key);
    await this.startDaemon(this.options);
  }

  /** Replaces its IPv4 address; `undefined`: it has none from now on. */
  setAddress(address: string | undefined): void {
    this.inside('ip -4 addr flush dev eth0');
    if (address !== undefined) this.inside(`ip addr add ${address} dev eth0`);
  }

  async stop(): Promise<void> {
    const running = this.children.filter(
      ({ exitCode, signalCode }) => exitCode === null && signalCode === null,
    );
    const ended = running.map((child) => once(child, 'exit'));
    for (const child of this.children) child.kill();
    await Promise.all(ended);
    rmSync(this.folder, { recursive: true });
    // The namespace goes a while after its last process, and the other end of its cable with it.
    try {
      execFileSync('ip', ['link', 'del', this.cable], { env: withSbin(), stdio: 'ignore' });
    } catch {
      // It has gone already.
    }
  }

  private async startMeter(key: string): Promise<void> {
    const meter = this.enter(process.execPath, '-e', METER, key);
    await this.lines.waitFor((line) => line === 'listens', 'meter');
    this.read(meter, (line) => {
      if (line.startsWith('key ')) this.keys.push(line.slice(4));
    });
  }

  private async startDaemon({ services, address, ipv4Only, hosts = {} }: DeviceOptions): Promise<void> {
    mkdirSync(join(this.folder, 'services'));
    services.forEach((one, i) =>
      writeFileSync(join(this.folder, 'services', `${i}.service`), serviceFile(one)),
    );
    const lines = Object.entries(hosts).map(([name, ip]) => `${ip} ${name}\n`);
    writeFileSync(join(this.folder, 'hosts'), lines.join(''));
    writeFileSync(
      join(this.folder, 'avahi-daemon.conf'),
      `[server]\nhost-name=host-${this.pid}\nuse-ipv4=${address === undefined ? 'no' : 'yes'}\nuse-ipv6=${ipv4Only ? 'no' : 'yes'}
enable-dbus=no\nallow-interfaces=eth0\n[publish]\npublish-hinfo=no\npublish-workstation=no\n[rlimits]\n`,
    );
    const start = `mount --bind ${this.folder} /etc/avahi && mount -t tmpfs none /run &&
      exec avahi-daemon --no-drop-root --no-chroot --no-rlimits --no-proc-title`;
    this.enter('sh', '-c', start);
    const isUp = (): boolean =>
      this.lines.items.filter((line) => line.includes('successfully established')).length === services.length;
    await this.lines.waitFor(isUp, 'services', { timeout: 60_000 });
  }

  /** Runs a program in this device's network and folders. */
  private enter(...command: string[]): ChildProcess {
    const args = ['--target', this.pid, '--net', '--mount', '--', ...command];
    const child = this.keep(spawn('nsenter', args, { env: withSbin() }));
    this.read(child, (line) => this.lines.push(line));
    return child;
  }

  private read(child: ChildProcess, take: (line: string) => void): void {
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', take);
    }
  }

  private keep(child: ChildProcess): ChildProcess {
    this.children.unshift(child);
    return child;
  }

  private inside(script: string): void {
    run('nsenter', '--target', this.pid, '--net', '--', 'sh', '-c', script);
  }
}

/** The side of this process: a bridge to which the devices are connected. It ends with the process's own namespace. */
export function makeNetwork(address: string): void {
  run('ip', 'link', 'set', 'lo', 'up');
  run('ip', 'link', 'add', 'br0', 'type', 'bridge', 'mcast_snooping', '0');
  writeFileSync('/proc/sys/net/ipv6/conf/br0/accept_dad', '0');
  run('ip', 'addr', 'add', address, 'dev', 'br0');
  run('ip', 'link', 'set', 'br0', 'up');
}
