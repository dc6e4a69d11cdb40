import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { projectRoot } from '../../scripts/support/project-root';
import { openSocket } from './find-node-red';
import { freePort } from './mosquitto';

/** A real Home Assistant, for tests: installed once into a folder that stays, and run on loopback. */

const FOLDER = process.env.HOME_ASSISTANT_DIR ?? join(tmpdir(), 'energy-devices-home-assistant');
const SCRIPTS = join(projectRoot(), 'test', 'home-assistant');
const INSTALL_TIMEOUT = 420_000;
const START_TIMEOUT = 90_000;
/** What Home Assistant says itself for an empty document, after it has removed a device, and of a broker that is killed. */
const ITS_OWN = /No device components to cleanup|Disconnected from MQTT server|The connection was lost/;
const OF_INTEREST = /components\.(mqtt|nut|sensor|recorder)|helpers\.template/;

/** Installs it. @returns why it cannot be had here; `undefined` when it is there */
export function installHomeAssistant(): string | undefined {
  try {
    mkdirSync(FOLDER, { recursive: true });
    execFileSync('bash', [join(SCRIPTS, 'install.sh'), FOLDER], {
      ...{ stdio: ['ignore', 'pipe', 'pipe'], timeout: INSTALL_TIMEOUT, maxBuffer: 64 * 1024 * 1024 },
    });
    return undefined;
  } catch (thrown) {
    const { stderr, message } = thrown as { stderr?: Buffer; message: string };
    const lines = (stderr?.toString() ?? '').trim().split('\n');
    const last = lines.at(-1) ?? '';
    return last === '' ? message : last;
  }
}

/** The rules that its own code holds. */
export function rulesOfHomeAssistant(): unknown {
  const root = join(FOLDER, 'root');
  execFileSync('cp', [join(SCRIPTS, 'rules.py'), join(root, 'opt', 'rules.py')]);
  const printed = execFileSync('chroot', [root, '/opt/ha/bin/python', '/opt/rules.py'], {
    ...{
      encoding: 'utf8',
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' },
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  });
  return JSON.parse(printed);
}

export interface HaState {
  entity_id: string;
  state: string;
  attributes: Record<string, unknown>;
}

export interface HaEntity {
  id: string;
  entity_id: string;
  unique_id: string;
  device_id: string;
  platform: string;
  disabled_by: string | null;
  entity_category: string | null;
  name: string | null;
  original_name: string | null;
}

export interface HaDevice {
  id: string;
  name: string;
  identifiers: [string, string][];
  config_entries: string[];
  via_device_id: string | null;
}

interface Answer {
  id?: number;
  type: string;
  success?: boolean;
  result?: unknown;
  error?: unknown;
  event?: unknown;
}

export class HomeAssistant {
  readonly config = mkdtempSync(join(tmpdir(), 'home-assistant-config-'));
  port = 0;
  token = '';
  private child: ChildProcess | undefined;
  private socket: ReturnType<typeof openSocket> | undefined;
  private said = '';
  private count = 0;
  private readonly asked = new Map<number, (answer: Answer) => void>();

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  /** Makes the configuration, starts it, and lets it take its first steps. */
  async begin(brokerPort: number): Promise<void> {
    this.port = await freePort();
    const lines = [
      '# No default_config: it would look for devices and updates on the network.',
      ...['homeassistant:', '  name: test', '  latitude: 52.5', '  longitude: 13.4', '  elevation: 30'],
      ...['  unit_system: metric', '  time_zone: Europe/Berlin', '  currency: EUR', '  country: DE'],
      ...['http:', '  server_host: 127.0.0.1', `  server_port: ${this.port}`],
      ...['logger:', '  default: warning'],
      ...['recorder:', '  commit_interval: 0', 'history:', 'energy:'],
    ];
    writeFileSync(join(this.config, 'configuration.yaml'), `${lines.join('\n')}\n`);
    await this.start();
    await this.onboard(brokerPort);
  }

  async start(): Promise<void> {
    const child = spawn('bash', [join(SCRIPTS, 'start.sh'), FOLDER, this.config], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (this.said = (this.said + chunk.toString()).slice(-20_000)));
    }
    const end = Date.now() + START_TIMEOUT;
    for (;;) {
      if (child.exitCode !== null) throw new Error(`Home Assistant ended: ${this.said.slice(-2000)}`);
      if (Date.now() > end) throw new Error(`Home Assistant does not answer: ${this.said.slice(-2000)}`);
      const path = this.token === '' ? '/api/onboarding' : '/api/config';
      const headers: Record<string, string> =
        this.token === '' ? {} : { authorization: `Bearer ${this.token}` };
      const ok = await fetch(this.url + path, { headers }).then(
        ({ ok: isOk }) => isOk,
        () => false,
      );
      if (ok) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    if (this.token !== '') await this.connect(this.token);
  }

  async stop(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    this.socket?.terminate();
    this.socket = undefined;
    if (child?.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
    await ended;
    clearTimeout(timer);
  }

  async close(): Promise<void> {
    await this.stop();
    rmSync(this.config, { recursive: true, force: true });
  }

  private async post(path: string, body: object, token?: string): Promise<Record<string, unknown>> {
    const isForm = path === '/auth/token';
    const response = await fetch(this.url + path, {
      method: 'POST',
      headers: {
        'content-type': isForm ? 'application/x-www-form-urlencoded' : 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: isForm ? new URLSearchParams(body as Record<string, string>).toString() : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    return JSON.parse(text) as Record<string, unknown>;
  }

  /** The first user, the HTTP settings confirmed, the MQTT integration, and a token for a day. */
  private async onboard(brokerPort: number): Promise<void> {
    const client = `${this.url}/`;
    const user = { name: 'test', username: 'test', password: 'test-test', client_id: client, language: 'en' };
    const { auth_code: code } = await this.post('/api/onboarding/users', user);
    const grant = { grant_type: 'authorization_code', code, client_id: client };
    const { access_token: token } = (await this.post('/auth/token', grant)) as { access_token: string };
    const flow = await this.post('/api/config/config_entries/flow', { handler: 'mqtt' }, token);
    const entry = await this.post(
      `/api/config/config_entries/flow/${String(flow.flow_id)}`,
      {
        ...{ broker: '127.0.0.1', port: brokerPort, protocol: '5' },
        other_settings: { set_client_cert: false, set_ca_cert: 'off', transport: 'tcp' },
      },
      token,
    );
    if (entry.type !== 'create_entry') throw new Error(JSON.stringify(entry));
    await this.connect(token);
    // Settings that nobody confirms are taken back after five minutes, with a restart on another port.
    await this.call('http/config/promote');
    this.token = await this.call<string>('auth/long_lived_access_token', {
      client_name: 'test',
      lifespan: 1,
    });
  }

  /**
   * Sets up an integration in its dialog.
   *
   * @param answers by the names of the dialog's steps
   * @returns takes it away
   */
  async addIntegration(handler: string, answers: Record<string, object>): Promise<() => Promise<void>> {
    const path = '/api/config/config_entries/flow';
    let step = await this.post(path, { handler }, this.token);
    while (step.type === 'form') {
      const answer = answers[String(step.step_id)];
      if (!answer || Object.keys((step.errors as object | null) ?? {}).length > 0) {
        throw new Error(`${handler}: ${JSON.stringify(step)}`);
      }
      step = await this.post(`${path}/${String(step.flow_id)}`, answer, this.token);
    }
    if (step.type !== 'create_entry') throw new Error(`${handler}: ${JSON.stringify(step)}`);
    const { entry_id: id } = step.result as { entry_id: string };
    return async () => {
      const url = `${this.url}/api/config/config_entries/entry/${id}`;
      const { ok, status } = await fetch(url, {
        method: 'DELETE',
        headers: { authorization: `Bearer ${this.token}` },
      });
      if (!ok) throw new Error(`${handler}: ${status}`);
    };
  }

  private connect(token: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = openSocket(`${this.url.replace('http', 'ws')}/api/websocket`);
      this.socket = socket;
      socket.on('error', reject as (...args: unknown[]) => void);
      socket.on('message', (data) => {
        const answer = JSON.parse(String(data)) as Answer;
        if (answer.type === 'auth_required')
          socket.send(JSON.stringify({ type: 'auth', access_token: token }));
        else if (answer.type === 'auth_ok') resolve();
        else if (answer.type === 'auth_invalid') reject(new Error('auth_invalid'));
        else if (answer.id !== undefined) this.asked.get(answer.id)?.(answer);
      });
    });
  }

  /** A call on the web socket. */
  call<T = unknown>(type: string, more: object = {}): Promise<T> {
    const id = ++this.count;
    return new Promise<T>((resolve, reject) => {
      this.asked.set(id, ({ success, result, error }) => {
        this.asked.delete(id);
        if (success === false) reject(new Error(`${type}: ${JSON.stringify(error)}`));
        else resolve(result as T);
      });
      this.socket?.send(JSON.stringify({ id, type, ...more }));
    });
  }

  async states(): Promise<Map<string, HaState>> {
    const list = await this.call<HaState[]>('get_states');
    return new Map(list.map((one) => [one.entity_id, one]));
  }

  /** Waits until an entity's state fits. */
  async waitFor(
    entity: string,
    fits: (state: HaState | undefined) => boolean,
    timeout = 30_000,
  ): Promise<HaState> {
    const end = Date.now() + timeout;
    for (;;) {
      const state = (await this.states()).get(entity);
      if (fits(state)) return state ?? { entity_id: entity, state: '', attributes: {} };
      if (Date.now() > end)
        throw new Error(`${entity} is ${JSON.stringify(state)}; ${this.said.slice(-1500)}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  entities(): Promise<HaEntity[]> {
    return this.call<HaEntity[]>('config/entity_registry/list').then((list) =>
      list.filter(({ platform }) => platform === 'mqtt'),
    );
  }

  async devices(): Promise<HaDevice[]> {
    const list = await this.call<HaDevice[]>('config/device_registry/list');
    return list.filter(({ identifiers }) => identifiers.some(([domain]) => domain === 'mqtt'));
  }

  callService(domain: string, service: string, entity: string, data: object = {}): Promise<unknown> {
    return this.call('call_service', {
      ...{ domain, service, target: { entity_id: entity }, service_data: data },
    });
  }

  /** Lines of its log that must not be there. */
  async complaints(): Promise<string[]> {
    const list = await this.call<{ name: string; level: string; message: string[] }[]>('system_log/list');
    return list
      .filter(({ level, name }) => /WARNING|ERROR|CRITICAL/.test(level) && OF_INTEREST.test(name))
      .map(({ name, message }) => `${name}: ${message.join(' | ')}`)
      .filter((line) => !ITS_OWN.test(line));
  }
}
